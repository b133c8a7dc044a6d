/** Closed list of what this room refuses. The code says what is wrong, the message names field, value and remedy. */
export const STATISTICS_ERROR_CODES = [
  'STAT_ALPHA_RANGE',
  'STAT_COHORT_INVALID',
  'STAT_COHORT_ORDER',
  'STAT_COUNT_INVALID',
  'STAT_DIFFERENCE_RANGE',
  'STAT_GATE_ENDED',
  'STAT_GRID_INVALID',
  'STAT_INPUT_EMPTY',
  'STAT_INPUT_INVALID',
  'STAT_LENGTH_MISMATCH',
  'STAT_LOSS_RANGE',
  'STAT_MARGIN_RANGE',
  'STAT_POLICY_INVALID',
  'STAT_QUANTUM_REQUIRED',
  'STAT_UNIT_TWICE',
  'STAT_WEIGHTS_SUM',
  'conflicting-cohort',
  'slo-not-a-bucket-edge',
] as const;

/** One of the refusals above. */
export type StatisticsErrorCode = (typeof STATISTICS_ERROR_CODES)[number];

/** The one error of this room: terminal for the caller, since the same input can never succeed. */
export class StatisticsError extends Error {
  readonly code: StatisticsErrorCode;

  constructor(code: StatisticsErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.name = 'StatisticsError';
    this.code = code;
  }
}

/** @throws StatisticsError with `code` unless `value` is an integer ≥ 0 that a double holds exactly. */
export function requireCount(value: number, name: string, code: StatisticsErrorCode = 'STAT_COUNT_INVALID'): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new StatisticsError(code, `${name} is ${value}; give an integer from 0 to 2^53 - 1`);
  }
}

/** @throws StatisticsError STAT_INPUT_INVALID naming the argument, its value and what is allowed, unless `isAllowed`. */
export function requireArgument(isAllowed: boolean, name: string, value: number, allowed: string): void {
  if (!isAllowed) throw new StatisticsError('STAT_INPUT_INVALID', `${name} is ${value}; give ${allowed}`);
}

/** @throws StatisticsError STAT_INPUT_INVALID for the first of `values` that is no finite number; `what` names one of them. */
export function requireFinite(values: ArrayLike<number>, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!))
      throw new StatisticsError('STAT_INPUT_INVALID', `${what} ${i} is ${values[i]}; give a finite number`);
  }
}

/** @throws StatisticsError STAT_ALPHA_RANGE unless 0 < `level` < 1. */
export function requireLevel(level: number, name: string): void {
  if (!(level > 0 && level < 1)) {
    throw new StatisticsError('STAT_ALPHA_RANGE', `${name} is ${level}; give a probability strictly between 0 and 1`);
  }
}
