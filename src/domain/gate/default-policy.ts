/** The policy of a comparison for which nobody wrote one: one question, one step. */
import { STATISTICAL_PRESETS } from '../rollout/presets.ts';
import type { PresetName } from '../rollout/presets.ts';
import type { GatePolicy, StepPolicy, StreamPolicy } from '../statistics/index.ts';
import type { MissingMeaning } from './unit-intake.ts';

/** Difference that a comparison without a declared margin tolerates, as a share of the metric's range: one percentage point. */
export const DEFAULT_MARGIN = 0.01;
/** Differences of losses that are not 0 or 1 are kept as whole multiples of 1/10,000. */
export const QUANTUM = 10_000;
/** More cohorts than any rollout has: no deadline. */
export const NO_DEADLINE = Number.MAX_SAFE_INTEGER;

/** A guardrail beside the loss: how much more often a candidate's outcome may be missing, and the part of alpha that watches it. */
const MISSING_RATIO = 1.2;
const MISSING_WEIGHT = 0.1;

/** Names of the streams that a loss column becomes. */
export const streamNames = (loss: string) =>
  ({ loss, missing: `${loss} missing`, forHarm: `${loss}, best case`, forSafe: `${loss}, worst case` }) as const;

export interface PlainQuestion {
  readonly preset: PresetName;
  readonly loss: string;
  readonly missing: MissingMeaning;
  readonly harmMargin: number;
  readonly safeMargin: number;
  readonly quantum: number;
  readonly steps: readonly StepPolicy[];
}

/** A step without floors or deadline. */
export function gateStep(exposureBp: number): StepPolicy {
  return { exposureBp, minUnits: 0, minCohorts: 0, maxCohorts: NO_DEADLINE };
}

/** One loss, tested for harm and safety; missing outcomes as the question says. */
export function plainPolicy(question: PlainQuestion): GatePolicy {
  return {
    ...STATISTICAL_PRESETS[question.preset],
    srmConcentration: 1000,
    maxMatch: 20,
    steps: question.steps,
    streams: streamsOf(question),
  };
}

function streamsOf({ loss, missing, harmMargin, safeMargin, quantum }: PlainQuestion): StreamPolicy[] {
  const names = streamNames(loss);
  const difference = { kind: 'difference', harmMargin, ...(quantum === 0 ? {} : { quantum }) } as const;
  if (missing === 'worst-case') {
    return [
      { ...difference, id: names.forSafe, weight: 0, safeMargin, requiredForAdvance: true },
      { ...difference, id: names.forHarm, weight: 1, safeMargin: null },
    ];
  }
  if (missing === 'exclude') {
    return [
      { ...difference, id: names.loss, weight: 1 - MISSING_WEIGHT, safeMargin, requiredForAdvance: true },
      { id: names.missing, kind: 'count', weight: MISSING_WEIGHT, harmRatio: MISSING_RATIO, safeRatio: null },
    ];
  }
  return [{ ...difference, id: names.loss, weight: 1, safeMargin, requiredForAdvance: true }];
}
