import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficRouter } from '../adapters/traffic-router/port.ts';
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { CandidateRecord, RecordBodies } from '../contracts/records.ts';
import type { PutTraffic, TrafficState } from '../contracts/serving.ts';
import type {
  ExposureApplied,
  ExposureMove,
  RolloutActivities,
  RolloutInput,
  SetExposureInput,
} from '../contracts/workflows.ts';
import { experimentationId, promotionId } from '../contracts/names.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { policyOf } from '../contracts/policy-record.ts';
import { ladderOf } from '../domain/rollout/recorded-policy.ts';
import type { RolloutBrief } from '../domain/rollout/states.ts';
import { exposureInWords } from '../domain/rollout/words.ts';
import { cohortOf, cohortStart, epochMs, isoInstant } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import { entryAt } from '../domain/traffic-schedule.ts';
import { look } from './judging.ts';
import { cohortIsComplete, dueLook } from './due-looks.ts';
import { edgeOf } from './edge-address.ts';
import { keepAlive } from './keep-alive.ts';
import { modelContext } from './model-context.ts';
import { evaluateOffline } from './offline-evaluation.ts';
import { recordPolicy } from './policy-records.ts';
import { escalationOf } from './notifications.ts';
import type { ActivityPorts } from './ports.ts';
import { rebasePolicy } from './rebasing.ts';
import { checkServing } from './serving-check.ts';
import { takeTurn } from './turns.ts';
import { waitForWork } from './waiting.ts';

/** Requests in flight are answered within milliseconds: the way back looks again before it has itself called anew, which takes a second. */
const IN_FLIGHT_MS_MAX = 500;
const LOOK_AGAIN_MS = 10;

/** Activities of the rollout stage. Each is idempotent by the rollout and what it names; none keeps anything in memory. */
export function createRolloutActivities(ports: ActivityPorts): RolloutActivities {
  const { records, trafficRouter, evidenceIntake } = ports;
  return {
    beginRollout: (input) => beginRollout(ports, input),
    evaluateOffline: (input) => evaluateOffline(ports, input),
    checkServing: (input) => checkServing(ports, input),
    rebasePolicy: (input) => records.transaction(input.model, (tx) => rebasePolicy(tx, input)),
    recordOrder: ({ model, attempt }) => evidenceIntake.logAttempt(model, attempt),
    recordEvidence: ({ model, rolloutId, ...command }) => evidenceIntake.take(model, rolloutId, command),
    async setExposure(input) {
      const applied = await setExposure(trafficRouter, input);
      await records.transaction(input.model, (tx) => recordExposure(tx, { ...input, ...applied }));
      return applied;
    },
    returnToStable: (input) => returnToStable(trafficRouter, input),
    async judgeNext(input) {
      const { model, rolloutId, turn } = input;
      const due = await waitForWork(records, model, rolloutId, async (tx, watermark) => {
        await takeTurn(tx, rolloutId, turn);
        return dueLook(tx, watermark, input);
      });
      if (due.kind === 'suiteGrew') return due;
      const judgement =
        due.kind === 'judged' ? due.judgement : await keepAlive(() => look(ports, { ...input, ...due.look }));
      const { declaration } = await records.transaction(model, modelContext);
      return { kind: 'judged', judgement, notifications: escalationOf(declaration).notifications ?? null };
    },
    async cohortServedNext({ model, rolloutId, cohort }) {
      await waitForWork(records, model, rolloutId, (tx, watermark) => cohortIsComplete(tx, watermark, cohort));
    },
    announceRequest: ({ model, rolloutId, candidate, idea, request, turn }) =>
      records.transaction(model, async (tx) => {
        await takeTurn(tx, rolloutId, turn);
        // The look that follows may be allowed more than the one before it: event time waits for it.
        await tx.unsettle(rolloutId);
        if (request === null) await tx.remove('approvalRequest', rolloutId);
        else {
          const approvals = request.approvals.map(({ reason: note, ...given }) => ({ ...given, note, rolloutId }));
          await tx.put('approvalRequest', rolloutId, { ...request, rolloutId, candidate, idea, approvals, open: true });
        }
      }),
    finishRollout: (input) => records.transaction(input.model, (tx) => finishRollout(tx, input)),
  };
}

/** Stable is what the gateways really serve, read back; the rollout keeps the policy it begins with. */
async function beginRollout(ports: ActivityPorts, input: RolloutInput): Promise<RolloutBrief> {
  const { records, trafficRouter } = ports;
  const states = await trafficRouter.observe(input.model);
  const stable = agreedStable(states);
  return records.transaction(input.model, async (tx) => {
    const known = await tx.get('memory', `${input.rolloutId}/brief`);
    if (known !== null) return known.value as RolloutBrief;
    const context = await modelContext(tx);
    const { declaration } = context;
    const policy = policyOf(declaration, input.claim);
    const policyDigest = await recordPolicy(tx, policy);
    const brief: RolloutBrief = {
      stable,
      author: declaration.owner,
      steps: ladderOf(policy),
      people: declaration.people,
      policyDigest,
      generationBase: Math.max(...states.map(({ generation }) => generation)),
      salt: input.rolloutId,
      calendar: context.calendar,
      ...escalationOf(declaration),
      ...edgeOf(ports),
    };
    await tx.put('memory', `${input.rolloutId}/brief`, { value: brief });
    await tx.put('memory', `${input.rolloutId}/policy`, { value: policyDigest });
    return brief;
  });
}

function agreedStable(states: readonly TrafficState[]): string {
  // A promotion that takes effect at the next boundary already counts: the candidate's first cohort begins no earlier.
  const serving = new Set(states.map(({ entries, servingNow }) => entries.at(-1)?.stable ?? servingNow.stable));
  const [stable] = serving;
  if (serving.size !== 1 || stable === undefined || stable === null) {
    throw new Error(
      `the gateways do not agree on one stable bundle: ${[...serving].join(', ')}; look again when they do`,
    );
  }
  return stable;
}

/**
 * Puts a split into effect from a whole cohort on. A boundary that has passed at a gateway meanwhile is replaced by the next one; a
 * repeated call finds its own generation in effect and reports it.
 */
async function setExposure(router: TrafficRouter, input: SetExposureInput): Promise<ExposureApplied> {
  const before = await router.observe(input.model);
  const done = alreadyApplied(before, input);
  if (done !== null) return { ...done, gateways: before.length };
  const calendar = input.calendar;
  const clock = latest(before, calendar.origin);
  const nextBoundary = clock <= calendar.origin ? 1 : cohortOf(calendar, clock) + 1;
  const effectiveCohort = Math.max(input.effectiveCohort ?? 0, nextBoundary);
  const effectiveFrom = isoInstant(cohortStart(calendar, effectiveCohort));
  await router.apply(input.model, putOf(input, effectiveFrom));
  return { effectiveCohort, effectiveFrom, gateways: before.length };
}

/** The latest event time that any gateway has come to: what it has answered may be far ahead of what it was promised. */
function latest(states: readonly TrafficState[], origin: EpochMs): EpochMs {
  const times = states.flatMap(({ watermark, eventClock }) => [watermark, eventClock]);
  return Math.max(origin, ...times.flatMap((time) => (time === null ? [] : [epochMs(time)])));
}

function alreadyApplied(
  states: readonly TrafficState[],
  input: SetExposureInput,
): Omit<ExposureApplied, 'gateways'> | null {
  const mine = states.map((state) =>
    state.generation === input.generation && state.decisionId === input.decisionId ? state.entries.at(-1) : undefined,
  );
  const effectiveFrom = mine[0]?.effectiveFrom ?? null;
  if (effectiveFrom === null || mine.some((entry) => entry?.effectiveFrom !== effectiveFrom)) return null;
  return { effectiveFrom, effectiveCohort: cohortOf(input.calendar, epochMs(effectiveFrom)) };
}

function putOf(input: SetExposureInput, effectiveFrom: string | null): PutTraffic {
  const { generation, decisionId, stable, candidate, exposure, salt, mirror } = input;
  return { generation, decisionId, entry: { effectiveFrom, stable, candidate, exposure, salt, mirror } };
}

/**
 * Zero is reached when every gateway has acknowledged and none has a request of the candidate in flight. Every failure is tried again,
 * also one that no repetition would mend elsewhere: somebody may be exposed.
 */
export async function returnToStable(router: TrafficRouter, input: SetExposureInput): Promise<ExposureApplied> {
  try {
    await orderBack(router, input);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    throw new Error(`not at zero yet: ${error.message}`, { cause: error });
  }
  const deadline = Date.now() + IN_FLIGHT_MS_MAX;
  let states = await router.observe(input.model);
  while (requestsInFlight(states) > 0 && Date.now() < deadline) {
    await sleep(LOOK_AGAIN_MS);
    states = await router.observe(input.model);
  }
  const exposed = states.filter((state) => names(state, input)).length;
  const inFlight = requestsInFlight(states);
  if (inFlight > 0 || exposed > 0) {
    throw new Error(
      `not at zero yet: ${inFlight} requests of the candidate in flight, ${exposed} gateways still name it`,
    );
  }
  const clock = latest(states, input.calendar.origin);
  return {
    effectiveCohort: cohortOf(input.calendar, clock),
    effectiveFrom: isoInstant(clock),
    gateways: states.length,
  };
}

/** Of a candidate whose split has ended; those under somebody else's split are not this candidate's. */
function requestsInFlight(states: readonly TrafficState[]): number {
  return states
    .filter(({ servingNow }) => servingNow.candidate === null)
    .reduce((sum, { servingNow }) => sum + servingNow.candidateInFlight, 0);
}

/** Somebody else may have written a split of a later generation: the order then goes above it, unless it names this rollout no more. */
async function orderBack(router: TrafficRouter, input: SetExposureInput): Promise<void> {
  try {
    await router.apply(input.model, putOf(input, null));
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'GENERATION_STALE') throw error;
    const states = await router.observe(input.model);
    if (!states.some((state) => names(state, input))) return;
    const generation = 1 + Math.max(...states.map((state) => state.generation));
    await router.apply(input.model, putOf({ ...input, generation }, null));
  }
}

/** Whether a split in effect or to come can serve the candidate, whoever wrote it. */
function names({ entries, eventClock }: TrafficState, { salt, leaving }: SetExposureInput): boolean {
  const present = entryAt(entries, eventClock === null ? Number.NEGATIVE_INFINITY : epochMs(eventClock));
  const coming = entries.slice(
    Math.max(
      0,
      entries.findIndex((entry) => entry === present),
    ),
  );
  return coming.some(
    ({ salt: of, candidate, stable }) =>
      candidate === leaving || stable === leaving || (of === salt && candidate !== null),
  );
}

async function recordExposure(tx: RecordTransaction, input: ExposureMove & ExposureApplied): Promise<void> {
  const { effectiveFrom, effectiveCohort, stable, candidate, exposure, salt, mirror, step, mode, generation } = input;
  const schedule = (await tx.get('schedule', input.rolloutId)) ?? { entries: [] };
  if (schedule.entries.some((entry) => entry.generation === generation)) return;
  const entry = {
    effectiveFrom,
    stable,
    candidate,
    exposure,
    salt,
    mirror,
    cohort: effectiveCohort,
    step,
    mode,
    generation,
  };
  await tx.put('schedule', input.rolloutId, { entries: [...schedule.entries, entry] });
  const known = await candidateOf(tx, input.rolloutId);
  if (known === null) return;
  const change = {
    exposure,
    mode,
    eventTime: effectiveFrom,
    decisionId: input.decisionId,
    evidenceDigest: input.evidenceDigest,
  };
  await tx.put('candidate', known.key, {
    ...known.body,
    step: mode === 'stable' ? known.body.step : mode,
    exposureHistory: mode === 'stable' ? known.body.exposureHistory : [...known.body.exposureHistory, change],
  });
  await tx.put('stage', input.rolloutId, {
    workflowId: input.rolloutId,
    stage: 'rollout',
    inWords:
      mode === 'stable'
        ? `${known.body.idea} becomes stable`
        : `${known.body.idea}: ${mode} at ${exposureInWords(exposure)}`,
    waitingFor: mode === 'stable' ? 'nothing' : 'matured evidence',
    since: effectiveFrom,
  });
}

export async function candidateOf(
  tx: RecordTransaction,
  rolloutId: string,
): Promise<{ key: string; body: CandidateRecord } | null> {
  const candidates = await tx.list('candidate');
  return candidates.find(({ body }) => body.rolloutId === rolloutId) ?? null;
}

type Finish = Parameters<RolloutActivities['finishRollout']>[0];

export async function finishRollout(tx: RecordTransaction, input: Finish): Promise<{ handoffId: string }> {
  const handoffId = `${input.rolloutId}/finished`;
  // Whatever still waits or announces has no turn after this one.
  await takeTurn(tx, input.rolloutId, Number.MAX_SAFE_INTEGER);
  const known = await candidateOf(tx, input.rolloutId);
  const eventTime = isoInstant((await tx.watermark()) ?? 0);
  if (known !== null && known.body.outcome === 'in_progress') {
    const fallen = known.body.exposureHistory.length > 0 && input.outcome !== 'promoted';
    const change = {
      exposure: 0,
      mode: 'back',
      eventTime,
      decisionId: `${input.rolloutId}/back`,
      evidenceDigest: null,
    };
    await tx.put('candidate', known.key, {
      ...known.body,
      outcome: input.outcome,
      step: input.step,
      reason: input.reason,
      decidedAt: eventTime,
      ...(input.zeroAfterMs === null ? {} : { zeroAfterMs: input.zeroAfterMs }),
      exposureHistory: fallen ? [...known.body.exposureHistory, change] : known.body.exposureHistory,
    });
  }
  if (input.outcome === 'promoted') await recordStable(tx, input, eventTime);
  await tx.remove('approvalRequest', input.rolloutId);
  await tx.remove('stage', input.rolloutId);
  await tx.handOff({
    id: handoffId,
    to: promotionId(input.model),
    kind: 'rolloutFinished',
    body: { rolloutId: input.rolloutId, outcome: input.outcome },
  });
  // The next idea may have waited for this outcome.
  await tx.unsettle(experimentationId(input.model));
  await tx.leave(input.rolloutId);
  return { handoffId };
}

async function recordStable(tx: RecordTransaction, input: Finish, eventTime: string): Promise<void> {
  const stables = await tx.list('stable');
  if (stables.at(-1)?.body.rolloutId === input.rolloutId) return;
  const body: RecordBodies['stable'] = {
    bundle: input.bundle,
    idea: input.idea,
    since: input.effectiveFrom ?? eventTime,
    rolloutId: input.rolloutId,
  };
  await tx.put('stable', String(stables.length).padStart(6, '0'), body);
}
