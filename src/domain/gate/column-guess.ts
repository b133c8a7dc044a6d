/** Which column probably is which, from the names alone: to offer a command line, never to judge by. */
export interface ColumnGuess {
  readonly unit: string | null;
  readonly arm: string | null;
  readonly time: string | null;
  readonly loss: string | null;
}

const PATTERNS: Readonly<Record<keyof ColumnGuess, readonly RegExp[]>> = {
  arm: [
    /^(variant|arm|version|treatment|experiment_?group|test_?group|group|bucket|branch|condition|cohort_?name)(_?name)?$/i,
  ],
  time: [
    /(assigned|exposed|enrolled|first_?seen)/i,
    /^(timestamp|datetime|time|ts|date|day|created_?at)$/i,
    /(_at|_time|_ts|date)$/i,
  ],
  loss: [
    /^(failed|failure|loss|bad|error|errors|late|churned|churn|bounced|bounce|refunded|chargeback|fraud)$/i,
    /^(is_|has_)?(fail|err|bad|late)/i,
    /^(outcome|label|y|target)$/i,
  ],
  unit: [
    /^(unit|user|account|device|customer|visitor|client|member|session|request|order)(_?(id|key|uuid))?$/i,
    /(^|_)(id|uuid|key)$/i,
  ],
};

/** Guesses, each column for one use at most. */
export function guessColumns(columns: readonly string[]): ColumnGuess {
  const taken = new Set<string>();
  const guess = (use: keyof ColumnGuess): string | null => {
    for (const pattern of PATTERNS[use]) {
      const found = columns.find((column) => !taken.has(column) && pattern.test(column));
      if (found === undefined) continue;
      taken.add(found);
      return found;
    }
    return null;
  };
  return { arm: guess('arm'), time: guess('time'), unit: guess('unit'), loss: guess('loss') };
}
