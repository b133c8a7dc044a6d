import { resolve } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';
import { DIGEST_PATTERN, parseReportSubject, REPORT_SUBJECT_FORMS } from '../contracts/report-subject.ts';
import { reportDigest } from '../domain/report/report-digest.ts';
import type { Report } from '../domain/report/report.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { reportPage } from '../pages/report/page.ts';
import type { CommandModule, Invocation } from './command.ts';
import { declareStateDir } from './connection.ts';
import { requirePlaceFor, writeOutput } from './output-file.ts';
import { withRecords } from './record-access.ts';
import type { RecordAccess } from './record-access.ts';

const SHORT = 16;

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('<subject>', `${REPORT_SUBJECT_FORMS}; or the digest of a decision, a dataset version or a report`)
        .option(
          '--decision <digest>',
          'the rollout as it stood after this decision; the beginning of its digest is enough',
        )
        .option('--out <file.html>', 'where to write the page (default: <digest>.html here; with --json: nowhere)'),
    ),
  run: async ({ args, options, progress, json }) => {
    const subject = args[0] ?? '';
    const asked = options['out'];
    if (typeof asked === 'string') await requirePlaceFor(asked, 'REPORT_NOT_WRITTEN');
    const report = await withRecords(options, progress, ({ records }) => reportOn(records, subject, options));
    const { composeChartRenderer } = await import('../compose.ts');
    const page = await reportPage(report, await composeChartRenderer());
    const digest = reportDigest(report);
    const path = pathOf(options, digest, json);
    if (path !== null) await writeOutput(path, page, 'REPORT_NOT_WRITTEN');
    const pageSha256 = sha256Hex(page);
    return {
      exit: 'ok',
      document: { digest, path, pageSha256, report },
      text: [
        report.title,
        report.answer.inWords,
        `report ${digest}, page SHA-256 ${pageSha256}`,
        ...(path === null ? [] : [`written to ${path}`]),
      ].join('\n'),
    };
  },
};

function pathOf({ out }: Invocation['options'], digest: string, json: boolean): string | null {
  if (typeof out === 'string') return resolve(out);
  return json ? null : resolve(`${digest.slice(0, SHORT)}.html`);
}

/** @throws REPORT_NOT_FOUND, CLI_USAGE */
async function reportOn(
  records: RecordAccess['records'],
  text: string,
  { decision }: Invocation['options'],
): Promise<Report> {
  const subject = parseReportSubject(text);
  if (subject === null && !DIGEST_PATTERN.test(text))
    throw new HoldfastError(
      'CLI_USAGE',
      `${JSON.stringify(text)} names nothing a page can be about; give ${REPORT_SUBJECT_FORMS}, or a digest`,
    );
  if (typeof decision !== 'string')
    return there(subject === null ? await records.reportNamed(text) : await records.reportOn(subject), text);
  if (subject?.kind !== 'rollout')
    throw new HoldfastError('CLI_USAGE', `--decision goes with the id of a rollout, not with ${JSON.stringify(text)}`);
  const [digest, ...others] = await records.decisionsNamed(subject.model, subject.id, decision);
  if (others.length > 0)
    throw new HoldfastError(
      'CLI_USAGE',
      `${others.length + 1} decisions of ${text} begin with ${decision}; give more of it`,
    );
  return there(digest === undefined ? null : await records.reportNamed(digest), `decision ${decision} of ${text}`);
}

function there(report: Report | null, what: string): Report {
  if (report === null) throw new HoldfastError('REPORT_NOT_FOUND', `nothing of ${what} is on record`);
  return report;
}
