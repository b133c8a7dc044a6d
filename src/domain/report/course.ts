/**
 * The course of a gate run, judged again from its records: what each stream said at the looks that are shown, and where the run stands.
 * The gate's own numbers; only the bounds are computed here: a confidence sequence of the running average, each bound at the level of the
 * verdict it stands for.
 */
import type { DifferenceFinding } from '../gate/difference-bounds.ts';
import { differenceFinding } from '../rollout/difference-finding.ts';
import { LOSS_STREAM, policyAtStep } from '../rollout/gate-runs.ts';
import type { GateRunPlan, RunName } from '../rollout/gate-runs.ts';
import { assessmentOf, declaredSafeMargin } from '../rollout/look-words.ts';
import { judgeAgain, takeLook } from '../rollout/looks.ts';
import type { LookBasis, PastLook } from '../rollout/looks.ts';
import type { RecordedEvidence } from '../rollout/recorded-chain.ts';
import { gateRunPlan, ladderOf } from '../rollout/recorded-policy.ts';
import { unmetConditions } from '../rollout/unmet.ts';
import { beginGate, mergeHistograms } from '../statistics/index.ts';
import type { CountTuple, GatePolicy, GateState, LookRecord, StreamPolicy } from '../statistics/index.ts';
import { planGate } from '../statistics/gate-plan.ts';
import { cohortStart, isoInstant } from '../time.ts';
import { decisionsOf } from './material.ts';
import type { ChainedDecision, RolloutMaterial } from './material.ts';

/** Looks shown of a run: where the answer changes, and some between. */
const LOOKS_SHOWN_MAX = 40;

export interface StreamSeen {
  readonly id: string;
  readonly kind: StreamPolicy['kind'];
  readonly isRequired: boolean;
  /** Null before the first unit, and for counts. */
  readonly difference: DifferenceFinding | null;
  /** Events and units of either arm; null for differences. */
  readonly counts: CountTuple | null;
  /** A difference, or a ratio of rates: what must be certified for an advance; null where the stream can only stop. */
  readonly safeMargin: number | null;
  readonly harmMargin: number;
  /** Natural logarithms of the evidence, and of what a verdict needs. */
  readonly lnSafe: number | null;
  readonly lnSafeNeeded: number;
  readonly lnHarm: number;
  readonly lnHarmMax: number;
  readonly lnHarmNeeded: number;
  readonly assessment: string;
}

export interface LookSeen {
  readonly decision: ChainedDecision;
  readonly basis: LookBasis;
  readonly record: LookRecord;
  /** Step of the ladder that was judged. */
  readonly ladderStep: number;
  /** Of the newest look all, of those before it the loss alone. */
  readonly streams: readonly StreamSeen[];
}

export interface RunSeen {
  readonly run: RunName;
  /** In order; the last one is the newest look. */
  readonly looks: readonly LookSeen[];
  readonly looksTaken: number;
  readonly last: LookSeen;
  readonly unmet: readonly string[];
  readonly lnSrmNeeded: number;
  /** Units at first exposure, by exposure in basis points. */
  readonly assigned: ReadonlyArray<{
    readonly exposureBp: number;
    readonly control: number;
    readonly candidate: number;
  }>;
}

interface Walk {
  readonly plan: GateRunPlan;
  readonly policyDigest: string;
  readonly state: GateState;
  readonly looks: readonly PastLook[];
}

/** Null where the run has not been looked at. */
export function runSeen(material: RolloutMaterial, run: RunName): RunSeen | null {
  const taken = decisionsOf(material).filter((decision) => decision.run === run && decision.basis !== null);
  const shown = shownLooks(taken);
  const looks: LookSeen[] = [];
  let walk: Walk | null = null;
  let unmet: readonly string[] = [];
  for (const [index, decision] of taken.entries()) {
    const step = stepTaken(material, run, walk, decision);
    walk = step.walk;
    if (shown.has(index)) looks.push(seenAt(step, decision, index === taken.length - 1));
    if (index === taken.length - 1)
      unmet = unmetConditions({ ...step, state: walk.state, missing: missingAt(material, decision) });
  }
  const last = looks.at(-1);
  if (walk === null || last === undefined) return null;
  const { assigned } = walk.state.progress;
  return {
    run,
    looks,
    looksTaken: taken.length,
    last,
    unmet,
    lnSrmNeeded: planGate(walk.plan.policy).srmAt,
    assigned: Object.entries(assigned).map(([exposureBp, [control, candidate]]) => ({
      exposureBp: Number(exposureBp),
      control,
      candidate,
    })),
  };
}

/** Since when the evidence that a look names as due is missing, by stream. */
function missingAt({ calendar }: RolloutMaterial, { basis, look, reasons }: ChainedDecision): Map<string, string> {
  const [first, ...streams] = reasons;
  if (first !== 'data-pending') return new Map();
  const { prefixes = {} } = look as LookRecord;
  return new Map(
    streams.map((id) => {
      const since = isoInstant(cohortStart(calendar, basis!.runStart + (prefixes[id] ?? 0)));
      return [id, `evidence that is due of the units since ${since} has not arrived`];
    }),
  );
}

/** Changes of the answer, the first and the last look, and others evenly between. */
function shownLooks(taken: readonly ChainedDecision[]): Set<number> {
  const kept = new Set<number>();
  for (const [index, { verdict, look }] of taken.entries()) {
    const next = taken[index + 1];
    const isLastOfStep = next === undefined || (next.look as LookRecord).step !== (look as LookRecord).step;
    if (index === 0 || isLastOfStep || verdict === 'advance') kept.add(index);
  }
  const between = Math.max(0, LOOKS_SHOWN_MAX - kept.size);
  for (let part = 1; part <= between; part++) kept.add(Math.floor(((taken.length - 1) * part) / (between + 1)));
  return kept;
}

interface Taken {
  readonly walk: Walk;
  /** By which the look was judged. */
  readonly policy: GatePolicy;
  readonly record: LookRecord;
  readonly firstStep: number;
  readonly cohortMs: number;
}

function stepTaken({ recorded }: RolloutMaterial, run: RunName, before: Walk | null, link: ChainedDecision): Taken {
  const { basis, policyDigest, look } = link;
  const policy = recorded.policies.get(policyDigest);
  if (policy === undefined || basis === null) throw new RangeError(`policy ${policyDigest} is not on record`);
  const plan = before?.policyDigest === policyDigest ? before.plan : gateRunPlan(policy, run);
  const looks = before?.looks ?? [];
  const state =
    before === null
      ? beginGate(plan.policy)
      : before.policyDigest === policyDigest
        ? before.state
        : judgeAgain(plan, (look as LookRecord).step, looks);
  const evidence = basis.batches.map((batchId) => evidenceOf(recorded.evidence, batchId));
  const taken = takeLook(plan, state, { basis, evidence });
  return {
    walk: {
      plan,
      policyDigest,
      state: taken.state,
      looks: [...looks, { basis, evidence, streams: plan.policy.streams.map(({ id }) => id) }],
    },
    policy: policyAtStep(plan, taken.record.step, basis.extraCohorts),
    record: taken.record,
    firstStep: ladderOf(policy).findIndex((step) => step.run === run),
    cohortMs: policy.cohortMs,
  };
}

function evidenceOf(evidence: ReadonlyMap<string, RecordedEvidence>, batchId: string): RecordedEvidence {
  const found = evidence.get(batchId);
  if (found === undefined) throw new RangeError(`evidence ${batchId} is not on record`);
  return found;
}

/** @param isNewest Only there every stream is shown; before it, the loss */
function seenAt({ walk, policy, record, firstStep }: Taken, decision: ChainedDecision, isNewest: boolean): LookSeen {
  const streams = policy.streams
    .filter(({ id }) => isNewest || id === LOSS_STREAM)
    .map((stream) => streamSeen(policy, walk.state, record, stream));
  return { decision, basis: decision.basis!, record, ladderStep: firstStep + record.step, streams };
}

function streamSeen(policy: GatePolicy, state: GateState, record: LookRecord, stream: StreamPolicy): StreamSeen {
  const { rollbackAt, safeAt, isRequired } = planGate(policy).streams.find((plan) => plan.policy.id === stream.id)!;
  const evidence = record.streams?.[stream.id];
  return {
    id: stream.id,
    kind: stream.kind,
    isRequired,
    ...countedOf(policy, state, stream),
    ...marginsOf(policy, stream, record.step),
    lnSafe: evidence?.lnSafe ?? null,
    lnSafeNeeded: safeAt,
    lnHarm: evidence?.lnHarm ?? 0,
    lnHarmMax: evidence?.lnHarmMax ?? 0,
    lnHarmNeeded: rollbackAt,
    assessment: assessmentOf(policy, record, stream),
  };
}

function countedOf(
  policy: GatePolicy,
  state: GateState,
  stream: StreamPolicy,
): Pick<StreamSeen, 'difference' | 'counts'> {
  const kept = state.state[stream.id];
  if (stream.kind === 'count') {
    const windows = kept !== undefined && 'windows' in kept ? Object.values(kept.windows) : [];
    const sum = (part: 0 | 1 | 2 | 3): number => windows.reduce((total, window) => total + window[part], 0);
    return { difference: null, counts: [sum(0), sum(1), sum(2), sum(3)] };
  }
  const histogram = kept !== undefined && 'epochs' in kept ? mergeHistograms(...kept.epochs) : [];
  return { difference: histogram.length === 0 ? null : differenceFinding(policy, stream, histogram), counts: null };
}

/** Margins as declared. */
function marginsOf(
  policy: GatePolicy,
  stream: StreamPolicy,
  step: number,
): Pick<StreamSeen, 'safeMargin' | 'harmMargin'> {
  if (stream.kind === 'count') return { safeMargin: stream.safeRatio, harmMargin: stream.harmRatio };
  return { safeMargin: declaredSafeMargin(policy, stream, step), harmMargin: stream.harmMargin };
}
