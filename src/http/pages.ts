/** Pages of evidence for the edge: found by a digest, or made of what a subject's records say now. */
import type { composeChartRenderer, composeEdgeRecords } from '../compose.ts';
import { DIGEST_PATTERN, parseReportSubject, REPORT_SUBJECT_FORMS } from '../contracts/report-subject.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { reportDigest } from '../domain/report/report-digest.ts';
import type { Report } from '../domain/report/report.ts';
import { reportPage } from '../pages/report/page.ts';

export type PageForm = 'html' | 'json';

/** What an address of a page leads to. Plain data: it crosses threads. */
export type PageFound =
  | { readonly kind: 'page'; readonly digest: string; readonly html: string }
  | { readonly kind: 'document'; readonly digest: string; readonly report: Report }
  /** The subject has this page now; ask for it by its digest. */
  | { readonly kind: 'moved'; readonly digest: string };

export interface Pages {
  /**
   * @param name Digest of a report, a decision or a dataset version; or a subject
   * @throws REPORT_NOT_FOUND, REQUEST_INVALID, RECORD_STORE_UNAVAILABLE, EDGE_NOT_READY where too many wait
   */
  find(name: string, form: PageForm): Promise<PageFound>;
  close(): Promise<void>;
}

type Records = Pick<Awaited<ReturnType<typeof composeEdgeRecords>>, 'reportOn' | 'reportNamed'>;
type Drawing = Awaited<ReturnType<typeof composeChartRenderer>>;

/** Makes pages in this thread: a page of a long rollout takes seconds of it. */
export function createPages(records: Records, drawing: Drawing): Pages {
  return {
    async find(name, form) {
      const subject = parseReportSubject(name);
      if (subject !== null)
        return { kind: 'moved', digest: reportDigest(there(await records.reportOn(subject), name)) };
      if (!DIGEST_PATTERN.test(name))
        throw new HoldfastError(
          'REQUEST_INVALID',
          `${JSON.stringify(name.slice(0, NAME_SHOWN))} names no page; give a digest, or ${REPORT_SUBJECT_FORMS}`,
        );
      const report = there(await records.reportNamed(name), name);
      const digest = reportDigest(report);
      return form === 'json'
        ? { kind: 'document', digest, report }
        : { kind: 'page', digest, html: await reportPage(report, drawing) };
    },
    close: async () => undefined,
  };
}

const NAME_SHOWN = 200;

function there(report: Report | null, name: string): Report {
  if (report === null) throw new HoldfastError('REPORT_NOT_FOUND', `nothing of ${name} is on record`);
  return report;
}
