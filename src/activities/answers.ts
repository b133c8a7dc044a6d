/**
 * Repeatable answers of activities named …Next. An attempt may have committed and died before its answer reached the history; the
 * next attempt then gets the same answer instead of the next piece of work.
 */
import type { RecordTransaction } from '../adapters/record-store/port.ts';

/** Answers kept per workflow: a reset may go back this many pieces of work. */
const ANSWERS_KEPT = 50;

/**
 * The answer given for this sequence before, or a new one from `find`, remembered in the same transaction. Older ones are forgotten.
 *
 * @param sequence The workflow's own counter of pieces of work, from 0.
 * @param find null when there is no work; nothing is remembered then. What it finds must be plain JSON.
 */
export async function repeatableAnswer<T>(
  tx: RecordTransaction,
  workflowId: string,
  sequence: number,
  find: () => Promise<T | null>,
): Promise<T | null> {
  const known = await tx.get('memory', answerKey(workflowId, sequence));
  if (known !== null) return known.value as T;
  const answer = await find();
  if (answer === null) return null;
  await tx.put('memory', answerKey(workflowId, sequence), { value: answer });
  if (sequence >= ANSWERS_KEPT) await tx.remove('memory', answerKey(workflowId, sequence - ANSWERS_KEPT));
  return answer;
}

const answerKey = (workflowId: string, sequence: number): string => `${workflowId}/next/${sequence}`;
