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
  /** Whether the next request is timed: a clock costs more than it tells when it is read for every one. */
  timesNext(): boolean;
  /** Outcome-rate features for a request at an event time. */
  freshAt(at: number, inputs: Readonly<Record<string, InputValue>>): Record<string, number>;
  freshThrough(): number | null;
}

interface Score {
  readonly value: number | null;
  readonly error: string | null;
  /** What it took, milliseconds; null without a value, and where nobody looked at the clock. */
  readonly ms: number | null;
}

interface Decided {
  readonly served: 'stable' | 'candidate' | 'fallback';
  readonly bundle: string;
  readonly prediction: number;
}

/** What a bundle is asked. */
interface Asked {
  readonly inputs: Inputs;
  readonly fresh: Fresh;
  readonly isTimed: boolean;
}

interface Took {
  stableMs?: number | null;
  candidateMs?: number | null;
}

const NOT_ASKED: Score = { value: null, error: null, ms: null };
const MICROS_PER_MS = 1000;

/** Answers one request at its event time (epoch milliseconds). Never throws: in the end the declared fallback answers. */
export function serve(parts: ServingParts, request: PredictionRequest, at: number): PredictionRecord {
  const { inputs, requestId, unit } = request;
  const fallback: NamedBundle = { digest: parts.fallback.digest, loaded: parts.fallback };
  const assignment = assign(parts.model, unit, parts.schedule.entryAt(at), fallback);
  const fresh = parts.freshAt(at, inputs);
  const asked: Asked = { inputs, fresh, isTimed: parts.timesNext() };
  const scores = { stable: NOT_ASKED, candidate: NOT_ASKED };
  const override = parts.schedule.override();
  // Under an override too: whether it may be lifted is judged by what the arm would have answered.
  scores[assignment.arm] = scoreArm(parts, assignment, assignment.arm, asked);
  const decided = decide(parts, assignment, scores[assignment.arm], override, asked);
  if (assignment.mirror) scoreShadow(parts, assignment, scores, asked);
  const record: PredictionRecord & Took = {
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
  // Put into it: a copy, or null for the others, costs every record more than the clock does.
  if (asked.isTimed) {
    record.stableMs = scores.stable.ms;
    record.candidateMs = scores.candidate.ms;
  }
  return record;
}

/** The same request answered by the declared fallback instead, for when its exposure could not be recorded. */
export function serveFallback(parts: ServingParts, record: PredictionRecord): Decided {
  return fallbackAnswer(parts, null, { inputs: record.inputs, fresh: record.fresh, isTimed: false });
}

type Inputs = Readonly<Record<string, InputValue>>;
type Fresh = Readonly<Record<string, number>>;

function decide(
  parts: ServingParts,
  assignment: Assignment,
  score: Score,
  override: NamedBundle | null,
  asked: Asked,
): Decided {
  const bundle = assignment[assignment.arm];
  if (override === null && bundle !== null && score.value !== null) {
    return { served: assignment.arm, bundle: bundle.digest, prediction: score.value };
  }
  return fallbackAnswer(parts, override, asked);
}

/** The chain: the override where one is set, the declared fallback, and its answer to a request without inputs, known since its load. */
function fallbackAnswer(parts: ServingParts, override: NamedBundle | null, asked: Asked): Decided {
  const { fallback, counts } = parts;
  for (const named of [override, { digest: fallback.digest, loaded: fallback }]) {
    if (named === null) continue;
    const { value } = scoreHealthy(named, asked);
    if (value !== null) return { served: 'fallback', bundle: named.digest, prediction: value };
    counts.errors.fallback++;
  }
  return { served: 'fallback', bundle: fallback.digest, prediction: fallback.restingPrediction };
}

function scoreShadow(
  parts: ServingParts,
  assignment: Assignment,
  scores: { stable: Score; candidate: Score },
  asked: Asked,
): void {
  if (assignment.candidate === null) return;
  for (const arm of ['stable', 'candidate'] as const) {
    if (scores[arm] !== NOT_ASKED) continue;
    scores[arm] = scoreArm(parts, assignment, arm, asked);
    parts.counts.shadowScores++;
  }
}

function scoreArm(parts: ServingParts, assignment: Assignment, arm: 'stable' | 'candidate', asked: Asked): Score {
  const bundle = assignment[arm];
  if (bundle === null) return NOT_ASKED;
  const score =
    arm === 'candidate'
      ? troubled(parts.trouble, bundle, asked.inputs, () => scoreHealthy(bundle, asked))
      : scoreHealthy(bundle, asked);
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
  if (fails) return failed('scoring failed: a drill makes candidates fail');
  const given = score();
  if (wrongWhere === null || given.value === null || bundle.loaded === null) return given;
  if (!isInSlice({ id: 'drill', where: wrongWhere }, inputs)) return given;
  const [low, high] = bundle.loaded.manifest.healthyRange;
  return { ...given, value: low + high - given.value };
}

function scoreHealthy(bundle: NamedBundle, { inputs, fresh, isTimed }: Asked): Score {
  if (bundle.loaded === null) return failed('the bundle is not loaded at this gateway');
  try {
    const begun = isTimed ? performance.now() : null;
    const value = bundle.loaded.score(inputs, fresh);
    const ms = begun === null ? null : Math.round((performance.now() - begun) * MICROS_PER_MS) / MICROS_PER_MS;
    const [low, high] = bundle.loaded.manifest.healthyRange;
    if (value >= low && value <= high) return { value, error: null, ms };
    return failed(`prediction ${value} is outside the healthy range ${low} to ${high}`);
  } catch (error) {
    return failed(`scoring failed: ${(error as Error).message}`);
  }
}

const failed = (error: string): Score => ({ value: null, error, ms: null });
