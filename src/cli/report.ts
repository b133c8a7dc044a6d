import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { composeChartRenderer } from '../compose.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { parseWorkflowId } from '../contracts/names.ts';
import type { Report } from '../domain/report/report.ts';
import { decisionReport, rolloutReport } from '../domain/report/rollout-report.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { reportDigest, reportPage } from '../pages/report/page.ts';
import type { CommandModule, Invocation } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withRecords } from './record-access.ts';
import type { RecordAccess } from './record-access.ts';

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('<subject>', 'id of a rollout')
        .option('--decision <digest>', 'the rollout as it stood after this decision (or the beginning of its digest)')
        .option('--out <file.html>', 'where to write the page (default: <digest>.html here; with --json: nowhere)'),
    ),
  run: async ({ args, options, progress, json }) => {
    const subject = args[0] ?? '';
    const report = await withRecords(options, progress, ({ records }) => reportOn(records, subject, options));
    const page = await reportPage(report, await composeChartRenderer());
    const digest = sha256Hex(page);
    const path = pathOf(options, digest, json);
    if (path !== null) writeFileSync(path, page);
    const { inWords } = report.answer;
    return {
      exit: 'ok',
      document: { digest, path, reportDigest: reportDigest(report), report },
      text: [report.title, inWords, `page ${digest}`, ...(path === null ? [] : [`written to ${path}`])].join('\n'),
    };
  },
};

function pathOf({ out }: Invocation['options'], digest: string, json: boolean): string | null {
  if (typeof out === 'string') return resolve(out);
  return json ? null : resolve(`${digest.slice(0, SHORT)}.html`);
}

const SHORT = 16;

/** @throws REPORT_NOT_FOUND, CLI_USAGE */
async function reportOn(
  records: RecordAccess['records'],
  subject: string,
  { decision }: Invocation['options'],
): Promise<Report> {
  const parsed = parseWorkflowId(subject);
  if (parsed?.kind !== 'rollout')
    throw new HoldfastError('CLI_USAGE', `${JSON.stringify(subject)} is not the id of a rollout`);
  const material = await records.rolloutMaterial(parsed.model, subject);
  if (material === null) throw new HoldfastError('REPORT_NOT_FOUND', `no decision of ${subject} is on record`);
  if (typeof decision !== 'string') return rolloutReport(material);
  const named = material.recorded.chain.filter(({ digest }) => digest.startsWith(decision));
  const report = named.length === 1 ? decisionReport(material, named[0]!.digest) : null;
  if (report === null)
    throw new HoldfastError('REPORT_NOT_FOUND', `${named.length} decisions of ${subject} have digest ${decision}…`);
  return report;
}
