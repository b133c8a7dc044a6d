/** From the order to zero, as it is seen from outside while users ask: the last answer of the candidate, and every gateway's word. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { rollback, rolloutStatus } from '../../../src/client/rollout.ts';
import type { ModelDeclaration } from '../../../src/contracts/model.ts';
import type { TrafficState } from '../../../src/contracts/serving.ts';
import { epochMs } from '../../../src/domain/time.ts';
import { pushedModel } from '../../../test/pushed-model.ts';
import type { Ground } from '../ground/ground.ts';
import { COHORT_MS, ModelInHand, START } from '../ground/model-in-hand.ts';
import { Patience } from '../ground/patience.ts';
import { Load, LoadCell, now } from './load-board.ts';

const PER_SECOND = 1_000;
const PATIENCE_MS = 60_000;
/** So many answers of the candidate say that it is served. */
const SERVED_MIN = 50;
const LOOK_AGAIN_MS = 3;
const SETTLE_MS = 50;

export interface RollbackTimes {
  /** Milliseconds from the order's sending to zero, each try. */
  readonly zero: readonly number[];
  /** From the decision to the gateways' word, as the rollout itself reports it, milliseconds. */
  readonly reported: readonly number[];
  /** Answers of the candidate to what was asked after every gateway had said zero. */
  readonly after: number;
  readonly answeredPerSecond: number;
  readonly failed: number;
}

/** Half of the users see the candidate at once; nothing is ever judged. */
function halfAtOnce(model: string): ModelDeclaration {
  const declaration = pushedModel(model);
  const gate = { minSpan: 'P7D', minUnits: 10, deadline: 'P90D', gates: ['refunds'] };
  const steps = [
    { mode: 'offline' },
    { mode: 'canary', exposure: 0.5, ...gate },
    { mode: 'full', watch: 'PT0S', holdback: 0 },
  ];
  return { ...declaration, rollout: { ...declaration.rollout, steps: steps as ModelDeclaration['rollout']['steps'] } };
}

/** One candidate after the other goes to half of the users and is ordered back, `tries` times. */
export async function measureRollbacks(
  ground: Ground,
  client: Client,
  { model, tries }: { readonly model: string; readonly tries: number },
): Promise<RollbackTimes> {
  const hand = await ModelInHand.open(ground, client, new Patience(PATIENCE_MS), halfAtOnce(model));
  const load = new Load({ model, urls: ground.gatewayUrls, perSecond: PER_SECOND }, START);
  const zero: number[] = [];
  const reported: number[] = [];
  try {
    for (let attempt = 1; attempt <= tries; attempt++) {
      const rolloutId = await exposed(hand, ground, load, `idea-${attempt}`);
      const ordered = now();
      const by = { by: 'ben', reason: 'measured', channel: 'client' } as const;
      // An order whose answer is late is carried out all the same: what counts is what the gateways do.
      const taken = rollback(client, rolloutId, by).catch(() => null);
      const confirmed = await allAtZero(ground, model, hand.first);
      load.zeroAt = confirmed;
      const zeroAfterMs = (await taken)?.zeroAfterMs;
      if (typeof zeroAfterMs === 'number') reported.push(zeroAfterMs);
      // An answer may have been on its way to the asker when the gateway had given its word.
      await sleep(SETTLE_MS);
      zero.push(Math.max(confirmed, load.at(LoadCell.candidateAt)) - ordered);
    }
    const after = load.at(LoadCell.afterZero);
    return { zero, reported, after, answeredPerSecond: load.perSecond, failed: load.at(LoadCell.failed) };
  } finally {
    await load.stop();
    await hand.close();
  }
}

/** A candidate that half of the users are being served by. @returns its rollout */
async function exposed(hand: ModelInHand, ground: Ground, load: Load, idea: string): Promise<string> {
  const candidate = await hand.candidate(idea);
  await hand.submit(candidate);
  const deadline = now() + PATIENCE_MS;
  load.zeroAt = 0;
  const known = load.at(LoadCell.byCandidate);
  for (;;) {
    const from = await effectiveFrom(ground, hand.model, candidate.bundle);
    // Event time is where the split takes effect, and never goes back.
    if (from !== null) load.eventTime = Math.max(load.at(LoadCell.eventTime), from + COHORT_MS / 3);
    if (load.at(LoadCell.byCandidate) > known + SERVED_MIN) return candidate.rolloutId;
    if (now() > deadline) throw new Error(`${candidate.rolloutId} is not served`);
    await sleep(LOOK_AGAIN_MS * 10);
  }
}

/** When the split of a candidate takes effect; null while a gateway has none. */
async function effectiveFrom(ground: Ground, model: string, bundle: string): Promise<number | null> {
  const states = await ground.router.observe(model);
  const entries = states.map((state) => state.entries.findLast((entry) => entry.candidate === bundle));
  const times = entries.map((entry) => (entry?.effectiveFrom == null ? null : epochMs(entry.effectiveFrom)));
  return times.includes(null) ? null : Math.max(...times.map((time) => time ?? 0));
}

/** Waits until every gateway serves `stable` alone, now and later, with no request of a candidate in flight. @returns when */
async function allAtZero(ground: Ground, model: string, stable: string): Promise<number> {
  const deadline = now() + PATIENCE_MS;
  while (now() < deadline) {
    const states = await ground.router.observe(model);
    if (states.every((state) => isAtZero(state, stable))) return now();
    await sleep(LOOK_AGAIN_MS);
  }
  throw new Error(`${model} is not at zero after ${PATIENCE_MS} ms`);
}

const isAtZero = ({ servingNow, entries }: TrafficState, stable: string): boolean =>
  servingNow.candidate === null &&
  servingNow.candidateInFlight === 0 &&
  servingNow.stable === stable &&
  entries.at(-1)?.candidate === null;

/** Until a rollout says so of itself. */
export async function untilState(
  client: Client,
  rolloutId: string,
  wanted: (state: Awaited<ReturnType<typeof rolloutStatus>>) => boolean,
): Promise<Awaited<ReturnType<typeof rolloutStatus>>> {
  const deadline = now() + PATIENCE_MS;
  for (;;) {
    const state = await rolloutStatus(client, rolloutId).catch(() => null);
    if (state !== null && wanted(state)) return state;
    if (now() > deadline) throw new Error(`${rolloutId} is still ${state?.inWords ?? 'not there'}`);
    await sleep(LOOK_AGAIN_MS * 5);
  }
}
