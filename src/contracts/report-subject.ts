/** What a page of evidence can be about, as people name it. */
import { parseWorkflowId } from './names.ts';

export type ReportSubject =
  | { readonly kind: 'rollout' | 'experiment' | 'incident'; readonly model: string; readonly id: string }
  | { readonly kind: 'dataset'; readonly model: string; readonly digest: string }
  /** Days, both in; null: the last four weeks that are measured, or their end. */
  | { readonly kind: 'monitoring'; readonly model: string; readonly from: string | null; readonly to: string | null };

const DATASET = /^dataset\/([a-z0-9-]+)\/([0-9a-f]{64})$/;
const DAYS = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/;

/** Name of a report, a decision or a dataset version. */
export const DIGEST_PATTERN = /^[0-9a-f]{64}$/;

/** Every form of a subject, for help and errors. */
export const REPORT_SUBJECT_FORMS =
  'rollout/<model>/<key>, experiment/<model>/<key>, incident/<model>/<key>, dataset/<model>/<digest>, monitoring/<model> or monitoring/<model>/<day>..<day>';

/** @returns null for what names nothing a page can be about */
export function parseReportSubject(subject: string): ReportSubject | null {
  const [, dataOf, digest] = DATASET.exec(subject) ?? [];
  if (dataOf !== undefined && digest !== undefined) return { kind: 'dataset', model: dataOf, digest };
  const parsed = parseWorkflowId(subject);
  if (parsed === null) return null;
  const { kind, model, key } = parsed;
  if (kind === 'monitoring') {
    if (key === null) return { kind, model, from: null, to: null };
    const [, from, to] = DAYS.exec(key) ?? [];
    return from === undefined || to === undefined ? null : { kind, model, from, to };
  }
  if (kind !== 'rollout' && kind !== 'experiment' && kind !== 'incident') return null;
  return key === null ? null : { kind, model, id: subject };
}
