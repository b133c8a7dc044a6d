/** The validation suite: cases that every candidate must pass before anybody sees it. Pure. */

export interface SuiteCase {
  readonly id: string;
  readonly maxRegressionPerThousand: number;
  readonly minUnits: number;
}

export interface CaseResult {
  readonly id: string;
  readonly units: number;
  /** Mean loss, in [0, 1]; null without rows. */
  readonly candidateLoss: number | null;
  readonly stableLoss: number | null;
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
}

/**
 * Compares the mean losses of candidate and stable on the rows of one case.
 * @param candidateLosses Bounded losses, row by row; @param stableLosses the same rows scored by the serving bundle
 */
export function judgeCase(suiteCase: SuiteCase, candidateLosses: Float64Array, stableLosses: Float64Array): CaseResult {
  const units = candidateLosses.length;
  const isPaired = stableLosses.length === units;
  return judgeMeans(suiteCase, units, mean(candidateLosses), isPaired ? mean(stableLosses) : null);
}

/** The same from the means alone. @param units Rows that either bundle scored; @param candidateLoss null without rows */
export function judgeMeans(
  { id, minUnits, maxRegressionPerThousand }: SuiteCase,
  units: number,
  candidateLoss: number | null,
  stableLoss: number | null,
): CaseResult {
  const base = { id, units, candidateLoss, stableLoss };
  if (candidateLoss === null || stableLoss === null || units < minUnits) {
    return { ...base, result: 'skipped', reason: `${units} labelled rows, ${minUnits} are needed` };
  }
  const extra = (candidateLoss - stableLoss) * 1000;
  const words = `${extra >= 0 ? '+' : ''}${extra.toFixed(1)} per 1,000, tolerated ${maxRegressionPerThousand}`;
  return { ...base, result: extra > maxRegressionPerThousand ? 'failed' : 'passed', reason: words };
}

function mean(values: Float64Array): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
