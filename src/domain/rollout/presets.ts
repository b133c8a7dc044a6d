/** Statistical settings that a policy's preset stands for. The words for them are in pages; what they do is in domain/statistics. */
export interface StatisticalPreset {
  /** Total level of a rollback: chance, over all looks, steps and streams, to roll back a candidate that does no harm. */
  readonly alpha: number;
  /** Level of an advance: chance, over all looks and steps, to widen a candidate that is worse than the margin. */
  readonly beta: number;
  /** Level of suspicion: current evidence of harm this strong holds the step until it fades or decides. */
  readonly alphaHold: number;
  /** Level of the alarm for a split that is not the ordered one. */
  readonly alphaSrm: number;
  /** Cohorts after which the watch for late harm starts afresh, beside the one that goes on; the j-th restart counts with weight 1/(4j(j+1)). */
  readonly restartEvery: number;
}

/**
 * The three presets, from slow and safe to quick.
 *
 * - `standard`: the customary 5 % each way, of which a betting test spends about a quarter in fact; suspicion at 20 % holds about one
 *   good rollout in seventeen for a while. Restarts every 24 cohorts: a day of hourly cohorts, three days of three-hourly ones.
 * - `cautious` moves every error to the side of the users: a worse candidate is widened once in a hundred instead of once in twenty
 *   (about 1.5 times the evidence for an advance), and a good one is rolled back or held more readily, because an idea that is tried
 *   again costs less than people who were harmed. It looks for late harm twice as often.
 * - `fast` needs about three quarters of the evidence for an advance and holds only on stronger suspicion. What protects people who
 *   are already exposed, the level of a rollback, is that of `standard`.
 *
 * The split alarm is the same everywhere: a broken assignment voids the comparison whatever the appetite for risk.
 */
export const STATISTICAL_PRESETS = {
  cautious: { alpha: 0.1, beta: 0.01, alphaHold: 0.4, alphaSrm: 0.001, restartEvery: 12 },
  standard: { alpha: 0.05, beta: 0.05, alphaHold: 0.2, alphaSrm: 0.001, restartEvery: 24 },
  fast: { alpha: 0.05, beta: 0.1, alphaHold: 0.1, alphaSrm: 0.001, restartEvery: 24 },
} as const satisfies Record<string, StatisticalPreset>;
export type PresetName = keyof typeof STATISTICAL_PRESETS;
