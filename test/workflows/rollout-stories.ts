/**
 * Rollouts on a real server, one for each model: real activities over records and gateways in memory. Only what takes event time in the
 * world is told by the test: what the gate says at its looks, whether the suite is passed, when a cohort has been served.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { createActivities } from '../../src/activities/index.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import { createInMemoryMetricSource } from '../../src/adapters/metric-source/in-memory.ts';
import { createInMemoryStore } from '../../src/adapters/object-store/in-memory.ts';
import type { Message, Notifier } from '../../src/adapters/notifier/port.ts';
import { createInMemoryNotifier } from '../../src/adapters/notifier/in-memory.ts';
import { createEvidenceIntake } from '../../src/adapters/record-store/evidence-intake.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { createInMemoryRequestLog } from '../../src/adapters/request-log/in-memory.ts';
import { createInMemoryServingCheck } from '../../src/adapters/serving-check/in-memory.ts';
import { createInMemoryRouter } from '../../src/adapters/traffic-router/in-memory.ts';
import type { TrafficRouter } from '../../src/adapters/traffic-router/port.ts';
import { callTemporal } from '../../src/client/call.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { CommandAnswer } from '../../src/contracts/messages.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { promotionId, rolloutId } from '../../src/contracts/names.ts';
import type { PutTraffic } from '../../src/contracts/serving.ts';
import type { AllActivities, RolloutInput, RolloutStatus } from '../../src/contracts/workflows.ts';
import type { Judgement, RolloutState, Telling } from '../../src/domain/rollout/states.ts';
import { sha256Hex } from '../../src/domain/sha256.ts';
import { DAY_MS, epochMs, HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import { shopModel } from '../adapters/data-source/places.ts';
import { eventually, startStageRun } from './stage-run.ts';
import type { StageRun } from './stage-run.ts';

export const STABLE = '5'.repeat(64);
const OTHER = '0'.repeat(64);
export const APPROVER = { by: 'ana', role: 'approver' } as const;
const ONE_APPROVER = { roles: ['approver'], quorum: 1, veto: [], authenticated: false };
/** A channel of this id takes messages and never says so. */
export const SILENT_CHANNEL = 'silent';
const START = epochMs('2001-01-03');

type Verdict = Judgement['verdict'];
type Saying = Partial<Judgement> & { readonly verdict: Verdict };

/** What one model's world does, as its test wants it. */
class World {
  readonly splits: PutTraffic[] = [];
  readonly sayings: Array<Saying | HoldfastError> = [];
  readonly said = new Map<string, Saying | HoldfastError>();
  /** What its declaration says otherwise than the others'. */
  declare = (declaration: ModelDeclaration): ModelDeclaration => declaration;
  /** What a look says of whom to tell; nothing, as a look of an earlier release. */
  telling: { readonly notifications?: Telling | null } = {};
  suite: 'passes' | 'fails' | 'is not answered' = 'passes';
  cohortsAreServed = true;
  gatewaysAgree = true;
  recordsAreDown = false;
  /** A rise that is on its way to the gateways waits for this. */
  road: Promise<void> = Promise.resolve();
  looks = 0;
  /** Run and cohort of the last look that began. */
  lookingAt = '';
  turn = -1;
}

export interface Story {
  readonly input: RolloutInput;
  readonly world: World;
  readonly handle: WorkflowHandle;
  status(): Promise<RolloutStatus>;
  until(wanted: (state: RolloutStatus) => boolean): Promise<RolloutStatus>;
  /** What the gate says at its next looks, in order. An advance without the approvals is the request for them. */
  say(...sayings: ReadonlyArray<Verdict | Saying | HoldfastError>): void;
  /** Gives a command as an update. */
  order(command: string, body?: object): Promise<CommandAnswer>;
  /** Gives a command as a signal. */
  signal(command: string, body?: object): Promise<void>;
  /** The yes that is waited for, ready to be sent. */
  approval(body?: object): Promise<object>;
  /** Splits that name the candidate at any gateway, now or later. */
  exposed(): Promise<number>;
}

export interface RolloutStories {
  readonly client: Client;
  readonly run: StageRun;
  readonly records: RecordStore;
  readonly router: TrafficRouter;
  /** What people were told. */
  readonly told: readonly Message[];
  /** Bundles that no gateway can load. */
  readonly unloadable: Set<string>;
  /** A model that serves its stable, without a candidate. */
  open(model: string, prepare?: (world: World) => void): Promise<void>;
  /** A candidate that waits in the queue, ready on a day of January 2001. */
  submit(model: string, idea: string, day: number): Promise<RolloutInput>;
  begin(model: string, prepare?: (world: World) => void): Promise<Story>;
  /** The story of a rollout that something else has started. */
  storyOf(input: RolloutInput): Story;
  stop(): Promise<void>;
}

interface StoriesOptions {
  readonly withUi?: boolean;
  /** How server and workers are started. */
  readonly startRun?: (activities: object, options: { readonly withUi?: boolean }) => Promise<StageRun>;
}

/** @param others Activities to take instead of the real ones. */
export async function startRolloutStories(
  others: Partial<AllActivities> = {},
  { startRun = startStageRun, ...options }: StoriesOptions = {},
): Promise<RolloutStories> {
  const worlds = new Map<string, World>();
  const worldOf = (model: string): World => worlds.get(model) ?? new World();
  const records = createInMemoryRecordStore();
  const unloadable = new Set<string>();
  const router = createInMemoryRouter(2, { clock: () => START, loads: (bundle) => !unloadable.has(bundle) });
  let isOver = false;
  const notifier = createInMemoryNotifier();
  const silent: Notifier = {
    async send() {
      for (;;) {
        if (isOver) return;
        await sleep(50);
      }
    },
  };
  const ports = portsOf(records, router, worldOf, { notifier, silent });
  const run = await startRun({ ...createActivities(ports), ...told(worldOf, () => isOver), ...others }, options);
  const storyFor = (input: RolloutInput): Story =>
    storyOf(run.client.workflow.getHandle(input.rolloutId), input, worldOf(input.model), router);
  const open: RolloutStories['open'] = async (model, prepare) => {
    const world = new World();
    worlds.set(model, world);
    prepare?.(world);
    await introduce(records, router, world.declare(ladderOf(model)));
  };
  return {
    client: run.client,
    run,
    records,
    router,
    told: notifier.sent,
    unloadable,
    open,
    submit: (model, idea, day) => submit(records, model, idea, day),
    async begin(model, prepare) {
      await open(model, prepare);
      const input = await submit(records, model, 'fresh', 3);
      await putInFlight(records, input);
      await run.start('rollout', input.rolloutId, input);
      return storyFor(input);
    },
    storyOf: storyFor,
    async stop() {
      isOver = true;
      await run.stop();
    },
  };
}

export function ladderOf(model: string): ModelDeclaration {
  const declaration = shopModel('shop.csv', { source: { backfillUntil: '2001-01-03' } });
  const gate = { minSpan: 'PT12H', minUnits: 10, deadline: 'P7D' };
  return {
    ...declaration,
    model,
    owner: 'cleo',
    people: { approver: ['ana', 'ben', 'cleo'] },
    rollout: {
      ...declaration.rollout,
      slices: [],
      metrics: [],
      steps: [
        { mode: 'offline' },
        { mode: 'shadow', ...gate },
        { mode: 'canary', exposure: 0.05, ...gate },
        { mode: 'canary', exposure: 0.25, ...gate, approvals: ONE_APPROVER },
        { mode: 'full', watch: 'PT0S', holdback: 0 },
      ],
    },
  };
}

async function introduce(records: RecordStore, router: TrafficRouter, declaration: ModelDeclaration): Promise<void> {
  const { model } = declaration;
  await records.transaction(model, async (tx) => {
    await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
    await tx.put('stable', '000000', { bundle: STABLE, idea: 'first', since: '2001-01-01T00:00:00Z', rolloutId: null });
  });
  await router.register(model, { freshFeatures: [], fallback: STABLE });
  const entry = { effectiveFrom: null, stable: STABLE, candidate: null, exposure: 0, salt: '', mirror: false };
  await router.apply(model, { generation: 1, decisionId: 'first', entry });
}

async function submit(records: RecordStore, model: string, idea: string, day: number): Promise<RolloutInput> {
  const bundle = sha256Hex(`${model}/${idea}/${day}`);
  await records.transaction(model, (tx) =>
    tx.put('candidate', bundle, {
      bundle,
      idea,
      attempt: 1,
      claim: 'improve',
      priority: 'idea',
      outcome: 'queued',
      rolloutId: null,
      step: null,
      reason: null,
      exposureHistory: [],
      readyAt: isoInstant(START + (day - 3) * DAY_MS),
      decidedAt: null,
    }),
  );
  return { model, rolloutId: rolloutId(model, bundle, 1), bundle, idea, claim: 'improve' };
}

/** As promotion does before it starts a rollout. */
async function putInFlight(records: RecordStore, { model, bundle, rolloutId: id }: RolloutInput): Promise<void> {
  await records.transaction(model, async (tx) => {
    const queued = (await tx.get('candidate', bundle))!;
    await tx.put('candidate', bundle, { ...queued, outcome: 'in_progress', rolloutId: id, step: 'offline' });
    await tx.join(id);
  });
}

function portsOf(
  records: RecordStore,
  router: TrafficRouter,
  worldOf: (model: string) => World,
  { notifier, silent }: Record<'notifier' | 'silent', Notifier>,
): ActivityPorts {
  const notThere = (): never => {
    throw new Error('no rollout asks for this');
  };
  return {
    records: {
      ...records,
      waitForChange: (model, timeoutMs) => records.waitForChange(model, timeoutMs),
      transaction: async (model, work) => {
        if (worldOf(model).recordsAreDown) throw new HoldfastError('RECORD_STORE_UNAVAILABLE', 'no answer');
        return records.transaction(model, work);
      },
    },
    trafficRouter: {
      ...router,
      async observe(model) {
        const [first, ...others] = await router.observe(model);
        if (worldOf(model).gatewaysAgree || first === undefined)
          return first === undefined ? others : [first, ...others];
        return [{ ...first, entries: first.entries.map((entry) => ({ ...entry, stable: OTHER })) }, ...others];
      },
      apply: async (model, put) => {
        const world = worldOf(model);
        if (put.entry.candidate !== null) await world.road;
        await router.apply(model, put);
        if (world.splits.at(-1)?.generation !== put.generation) world.splits.push(put);
      },
    },
    objectStore: createInMemoryStore(),
    requestLog: createInMemoryRequestLog(),
    metricSource: createInMemoryMetricSource(),
    servingCheck: createInMemoryServingCheck(notThere),
    evidenceIntake: createEvidenceIntake(records),
    gatewayLog: { segments: async () => [], read: async () => [], ledger: async () => [] },
    labelDesk: { deliver: notThere },
    trainer: { train: notThere },
    dataSource: notThere,
    notifier: async ({ id }) => (id === SILENT_CHANNEL ? silent : notifier),
    uiUrl: null,
  };
}

type Told = Pick<AllActivities, 'judgeNext' | 'evaluateOffline' | 'cohortServedNext'>;

function told(worldOf: (model: string) => World, isOver: () => boolean): Told {
  /** Waits as an activity does: with signs of life, until there is an answer. */
  const wait = async <T>(answer: () => T | null): Promise<T> => {
    for (;;) {
      if (isOver()) throw ApplicationFailure.nonRetryable('the test is over', 'TEST_OVER');
      const found = answer();
      if (found !== null) return found;
      Context.current().heartbeat();
      Context.current().cancellationSignal.throwIfAborted();
      await sleep(10);
    }
  };
  return {
    async judgeNext({ model, rolloutId, run, afterCohort, mayAdvance, turn }) {
      const world = worldOf(model);
      world.turn = Math.max(world.turn, turn);
      world.looks += 1;
      const cohort = afterCohort + 1;
      world.lookingAt = `${run}/${cohort}`;
      const saying = await wait(() => {
        if (turn < world.turn) throw ApplicationFailure.nonRetryable('a message has come', 'TURN_PASSED');
        // A cohort that was looked at before has its answer.
        const next = world.said.get(`${run}/${cohort}`) ?? world.sayings.shift() ?? null;
        if (next !== null) world.said.set(`${run}/${cohort}`, next);
        return next;
      });
      if (saying instanceof HoldfastError)
        throw ApplicationFailure.create({ message: saying.message, type: saying.code, nonRetryable: true });
      return {
        kind: 'judged',
        judgement: judgementOf(`${rolloutId}/${run}/${cohort}`, run, cohort, mayAdvance, saying),
        ...world.telling,
      };
    },
    async evaluateOffline({ model, rolloutId }) {
      const { suite } = await wait(() => (worldOf(model).suite === 'is not answered' ? null : worldOf(model)));
      const passed = suite === 'passes';
      const inWords = passed
        ? 'passed 2 validation cases'
        : 'failed validation: last-week (+12.0 per 1,000, tolerated 10)';
      return { passed, decisionId: `${rolloutId}/offline`, evidenceDigest: null, reasons: [], inWords };
    },
    async cohortServedNext({ model }) {
      await wait(() => (worldOf(model).cohortsAreServed ? true : null));
    },
  };
}

function judgementOf(
  decisionId: string,
  run: Judgement['run'],
  cohort: number,
  mayAdvance: boolean,
  saying: Saying,
): Judgement {
  const asks = saying.verdict === 'advance' && !mayAdvance;
  return {
    decisionId,
    run,
    cohort,
    eventTime: isoInstant(START + cohort * HOUR_MS),
    reasons: asks ? ['approval'] : [],
    evidenceDigest: sha256Hex(decisionId),
    onlyApprovalMissing: asks,
    effectiveCohort: cohort + 2,
    assignmentFaults: [],
    unmet: [],
    inWords: `the gate says ${saying.verdict} after cohort ${cohort}`,
    table: 'stream  difference',
    ...saying,
    verdict: asks ? 'continue' : saying.verdict,
  };
}

let commands = 0;

function storyOf(handle: WorkflowHandle, input: RolloutInput, world: World, router: TrafficRouter): Story {
  const command = (body: object): object => {
    commands += 1;
    return { commandId: `command-${commands}`, by: 'ana', reason: 'seen enough', channel: 'client', ...body };
  };
  const status = (): Promise<RolloutStatus> => handle.query<RolloutStatus>('status');
  return {
    input,
    world,
    handle,
    status,
    until: (wanted) => eventually(status, wanted),
    say(...sayings) {
      for (const said of sayings) world.sayings.push(typeof said === 'string' ? { verdict: said } : said);
    },
    order(name, body = {}) {
      const args: [object] = [command(body)];
      const updateId = randomUUID();
      const call = (): Promise<CommandAnswer> =>
        handle.executeUpdate<CommandAnswer, [object]>(name, { args, updateId });
      return callTemporal(handle.client, handle.workflowId, call);
    },
    signal: (name, body = {}) => handle.signal(name, command(body)),
    async approval(body = {}) {
      const { request } = await eventually(status, (state) => state.request !== null);
      const { step, evidenceDigest } = request!;
      return command({ ...APPROVER, step, evidenceDigest, candidate: input.bundle, ...body });
    },
    async exposed() {
      const states = await router.observe(input.model);
      return states.filter(({ entries }) => entries.at(-1)?.candidate !== null).length;
    },
  };
}

/** The rollout's end. */
export const ended = (story: Story): Promise<RolloutState> => story.handle.result() as Promise<RolloutState>;

/** Exposures in the order they were ordered of the gateways; null: the candidate is not named any more. */
export const climbed = ({ world }: Story): Array<number | null> =>
  world.splits.map(({ entry }) => (entry.candidate === null ? null : entry.exposure));

/** How much promotion was left to read, in a story without one. */
export const owedToPromotion = (records: RecordStore, model: string): Promise<number> =>
  records.transaction(model, async (tx) => (await tx.handoffs(promotionId(model))).length);
