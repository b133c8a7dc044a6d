/**
 * One prediction: assigned, scored, decided, then scored in shadow. Nothing here waits; what comes out is the record to be logged before
 * the answer is sent.
 */
import type { InputValue, PredictionRecord, PredictionRequest } from '../contracts/serving.ts';
import { isInSlice } from '../domain/rollout/slices.ts';
import type { Slice } from '../domain/rollout/slices.ts';
import { assign } from './assign.ts';
import type { Assignment } from './assign.ts';
import type { LoadedBundle } from './bundles.ts';
import type { NamedBundle, ServingSchedule } from './schedule.ts';

export interface ServingCounts {
  shadowScores: number;
  readonly errors: { stable: number; candidate: number; fallback: number };
}

/** What goes wrong with candidates on purpose, for rehearsals. */
export interface CandidateTrouble {
  readonly fails: boolean;
  /** Input → values: such requests are answered mirrored in the healthy range; null: none. */
  readonly wrongWhere: Slice['where'] | null;
}

export const NO_TROUBLE: CandidateTrouble = { fails: false, wrongWhere: null };

export interface ServingParts {
  readonly model: string;
  readonly schedule: ServingSchedule;
  readonly fallback: LoadedBundle;
  readonly counts: ServingCounts;
  readonly trouble: CandidateTrouble;
  /** Outcome-rate features for a request at an event time. */
  freshAt(at: number, inputs: Readonly<Record<string, InputValue>>): Record<string, number>;
  freshThrough(): number | null;
}

interface Score {
  readonly value: number | null;
  readonly error: string | null;
}

interface Decided {
  readonly served: 'stable' | 'candidate' | 'fallback';
  readonly bundle: string;
  readonly prediction: number;
}

const NOT_ASKED: Score = { value: null, error: null };

/** Answers one request at its event time (epoch milliseconds). Never throws: in the end the declared fallback answers. */
export function serve(parts: ServingParts, request: PredictionRequest, at: number): PredictionRecord {
  const { inputs, requestId, unit } = request;
  const fallback: NamedBundle = { digest: parts.fallback.digest, loaded: parts.fallback };
  const assignment = assign(parts.model, unit, parts.schedule.entryAt(at), fallback);
  const fresh = parts.freshAt(at, inputs);
  const scores = { stable: NOT_ASKED, candidate: NOT_ASKED };
  const override = parts.schedule.override();
  // Under an override too: whether it may be lifted is judged by what the arm would have answered.
  scores[assignment.arm] = scoreArm(parts, assignment, assignment.arm, inputs, fresh);
  const decided = decide(parts, assignment, scores[assignment.arm], override, inputs, fresh);
  if (assignment.mirror) scoreShadow(parts, assignment, scores, inputs, fresh);
  return {
    kind: 'prediction',
    requestId,
    unit,
    at,
    generation: parts.schedule.accepted().last?.generation ?? 0,
    exposure: assignment.exposure,
    arm: assignment.arm,
    ...decided,
    stable: scores.stable.value,
    candidate: scores.candidate.value,
    stableBundle: assignment.stable.digest,
    candidateBundle: assignment.candidate?.digest ?? null,
    stableError: scores.stable.error,
    candidateError: scores.candidate.error,
    inputs,
    fresh,
    freshThrough: parts.freshThrough(),
  };
}

/** The same request answered by the declared fallback instead, for when its exposure could not be recorded. */
export function serveFallback(parts: ServingParts, record: PredictionRecord): Decided {
  return fallbackAnswer(parts, null, record.inputs, record.fresh);
}

type Inputs = Readonly<Record<string, InputValue>>;
type Fresh = Readonly<Record<string, number>>;

function decide(
  parts: ServingParts,
  assignment: Assignment,
  score: Score,
  override: NamedBundle | null,
  inputs: Inputs,
  fresh: Fresh,
): Decided {
  const bundle = assignment[assignment.arm];
  if (override === null && bundle !== null && score.value !== null) {
    return { served: assignment.arm, bundle: bundle.digest, prediction: score.value };
  }
  return fallbackAnswer(parts, override, inputs, fresh);
}

/** The chain: the override where one is set, the declared fallback, and its answer to a request without inputs, known since its load. */
function fallbackAnswer(parts: ServingParts, override: NamedBundle | null, inputs: Inputs, fresh: Fresh): Decided {
  const { fallback, counts } = parts;
  for (const named of [override, { digest: fallback.digest, loaded: fallback }]) {
    if (named === null) continue;
    const { value } = scoreHealthy(named, inputs, fresh);
    if (value !== null) return { served: 'fallback', bundle: named.digest, prediction: value };
    counts.errors.fallback++;
  }
  return { served: 'fallback', bundle: fallback.digest, prediction: fallback.restingPrediction };
}

function scoreShadow(
  parts: ServingParts,
  assignment: Assignment,
  scores: { stable: Score; candidate: Score },
  inputs: Inputs,
  fresh: Fresh,
): void {
  if (assignment.candidate === null) return;
  for (const arm of ['stable', 'candidate'] as const) {
    if (scores[arm] !== NOT_ASKED) continue;
    scores[arm] = scoreArm(parts, assignment, arm, inputs, fresh);
    parts.counts.shadowScores++;
  }
}

function scoreArm(
  parts: ServingParts,
  assignment: Assignment,
  arm: 'stable' | 'candidate',
  inputs: Inputs,
  fresh: Fresh,
): Score {
  const bundle = assignment[arm];
  if (bundle === null) return NOT_ASKED;
  const score =
    arm === 'candidate'
      ? troubled(parts.trouble, bundle, inputs, () => scoreHealthy(bundle, inputs, fresh))
      : scoreHealthy(bundle, inputs, fresh);
  if (score.error !== null) parts.counts.errors[arm]++;
  return score;
}

/** A rehearsal, and nothing else, makes a candidate's score other than its bundle gives it. */
function troubled(
  { fails, wrongWhere }: CandidateTrouble,
  bundle: NamedBundle,
  inputs: Inputs,
  score: () => Score,
): Score {
  if (fails) return { value: null, error: 'scoring failed: a drill makes candidates fail' };
  const given = score();
  if (wrongWhere === null || given.value === null || bundle.loaded === null) return given;
  if (!isInSlice({ id: 'drill', where: wrongWhere }, inputs)) return given;
  const [low, high] = bundle.loaded.manifest.healthyRange;
  return { value: low + high - given.value, error: null };
}

function scoreHealthy(bundle: NamedBundle, inputs: Inputs, fresh: Fresh): Score {
  if (bundle.loaded === null) return { value: null, error: 'the bundle is not loaded at this gateway' };
  try {
    const value = bundle.loaded.score(inputs, fresh);
    const [low, high] = bundle.loaded.manifest.healthyRange;
    if (value >= low && value <= high) return { value, error: null };
    return { value: null, error: `prediction ${value} is outside the healthy range ${low} to ${high}` };
  } catch (error) {
    return { value: null, error: `scoring failed: ${(error as Error).message}` };
  }
}
