/**
 * One rollout as a workflow would run it: the machine's tasks done by the product's own work over the product's own activities, with
 * attempts that die before or after their effect, or live on and act too late.
 */
import { createRolloutActivities } from '../../src/activities/rollout.ts';
import { takeTurn } from '../../src/activities/turns.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { AllActivities, RolloutInput } from '../../src/contracts/workflows.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { Desk, RolloutOrder } from '../../src/domain/rollout/desk.ts';
import { beginRollout } from '../../src/domain/rollout/machine.ts';
import type { RolloutEvent, RolloutTask } from '../../src/domain/rollout/states.ts';
import { sha256Hex } from '../../src/domain/sha256.ts';
import { isoInstant } from '../../src/domain/time.ts';
import { doWork } from '../../src/workflows/rollout-work.ts';
import type { Hands, Work } from '../../src/workflows/rollout-work.ts';
import { MODEL } from './gateways.ts';
import type { World } from './world.ts';

const NOT_YET = 'nothing to do yet';
/** Attempts that live on after they were given up; more than a worker ever has. */
const ZOMBIES_MAX = 3;

export class Interpreter {
  readonly input: RolloutInput;
  readonly #world: World;
  readonly #hands: Hands;
  readonly #zombies: Array<() => Promise<unknown>> = [];
  desk: Desk = { state: beginRollout(), messages: 0, processed: [] };
  /** How the last attempt ended, for the account of a failing sequence. */
  last = '';
  /** Cohorts of which counts were on record when the last attempt found nothing to look at; null where it found something. */
  foundNothing: ReadonlySet<number> | null = null;
  failures = 0;

  constructor(world: World, input: RolloutInput) {
    this.input = input;
    this.#world = world;
    const activities = activitiesOf(world);
    const hand = (): AllActivities => activities;
    this.#hands = { control: hand, data: hand, urgent: hand, watch: hand, tell: async () => undefined };
  }

  get isDone(): boolean {
    return this.task().kind === 'done';
  }

  task(): RolloutTask {
    return this.#world.parts.nextTask(this.desk.state);
  }

  /** @returns the refusal, or null when it was taken */
  order(order: RolloutOrder, id: string | null): string | null {
    const { refuseOrder, takeOrder } = this.#world.parts;
    const reason = refuseOrder(this.desk, this.input.bundle, order, id);
    if (reason === null) this.desk = takeOrder(this.desk, order, id);
    return reason;
  }

  /** A run is continued as a new one, or another worker takes it over. */
  carryOver(): void {
    this.desk = this.#world.parts.carry(this.desk);
  }

  /**
   * One attempt at the present task.
   * @param crash Where the attempt dies: before its effect, after it and before it is reported, or after it has been given up
   */
  async attempt(crash: 'never' | 'before' | 'after' | 'late'): Promise<void> {
    const task = this.task();
    if (task.kind === 'wait' || task.kind === 'done' || crash === 'before') return;
    const desk = this.desk;
    const work = (): Promise<RolloutEvent> => doWork(this.#hands, this.input, desk, task);
    if (crash === 'late') {
      if (this.#zombies.length < ZOMBIES_MAX) this.#zombies.push(work);
      return;
    }
    const event = await this.#outcome(task, work);
    const pushed = this.#world.pushed.get(this.input.rolloutId);
    this.foundNothing = task.kind === 'judge' && this.last.endsWith(NOT_YET) ? new Set(pushed) : null;
    if (event === null || crash === 'after') return;
    this.desk = { ...this.desk, state: this.#world.parts.reduce(this.desk.state, event) };
  }

  /** An attempt that was given up long ago acts now. What it says is heard by nobody. */
  async wakeZombie(): Promise<void> {
    const late = this.#zombies.shift();
    await late?.().catch(() => undefined);
  }

  async #outcome(task: Work, work: () => Promise<RolloutEvent>): Promise<RolloutEvent | null> {
    try {
      const event = await work();
      this.last = `${task.kind}: ${event.kind}`;
      this.failures = 0;
      return task.kind === 'begin' && event.kind === 'begun'
        ? { ...event, brief: this.#world.parts.briefed(event.brief) }
        : event;
    } catch (error) {
      this.last = `${task.kind}: ${(error as Error).message}`;
      if ((error as Error).message !== NOT_YET) this.failures += 1;
      const isTerminal = error instanceof HoldfastError && error.kind === 'terminal';
      if (!isTerminal || this.desk.state.decision !== null) return null;
      return task.kind === 'apply' && error.code === 'GENERATION_STALE'
        ? { kind: 'splitRefused', reason: error.message }
        : { kind: 'gaveUp', reason: `${error.code}: ${error.message}` };
    }
  }
}

/** The product's activities; only what waits looks once, and the suite is as good as the candidate. */
function activitiesOf(world: World): AllActivities {
  const { ports } = world;
  const real = createRolloutActivities(ports);
  const judgeNext: AllActivities['judgeNext'] = async (input) => {
    const due = await ports.records.transaction(MODEL, async (tx) => {
      await takeTurn(tx, input.rolloutId, input.turn);
      return world.parts.dueLook(tx, await tx.watermark(), input);
    });
    if (due === null) throw new Error(NOT_YET);
    if (due.kind !== 'due') return due;
    return { kind: 'judged', judgement: await world.parts.look(ports, { ...input, ...due.look }) };
  };
  return {
    ...(real as AllActivities),
    judgeNext,
    cohortServedNext: async ({ cohort }) => {
      if (cohort >= world.cohort) throw new Error(NOT_YET);
    },
    evaluateOffline: (input) => evaluate(world, input),
    returnToStable: async (input) => {
      if (!world.parts.retreatsUnverified) return real.returnToStable(input);
      await real.returnToStable(input).catch(() => undefined);
      return { effectiveCohort: world.cohort, effectiveFrom: isoInstant(world.now), gateways: 2 };
    },
  };
}

/** The suite's word, recorded as the product records it. */
function evaluate(
  world: World,
  input: Parameters<AllActivities['evaluateOffline']>[0],
): ReturnType<AllActivities['evaluateOffline']> {
  const { rolloutId, bundle, stable, newCase } = input;
  return world.ports.records.transaction(MODEL, async (tx) => {
    const cases = (await tx.list('suiteCase')).map(({ body }) => body.id);
    const fails = world.qualities.get(bundle) === 'fails-the-suite' || (newCase?.endsWith('-fails') ?? false);
    await tx.put('memory', `${rolloutId}/evaluated-cases`, { value: cases });
    const decisionId = `${rolloutId}/offline${newCase === null ? '' : `/${newCase}`}`;
    const inWords = fails ? 'failed validation' : 'passed';
    const known = await tx.get('decision', decisionId);
    if (known === null)
      await tx.append('decision', rolloutId, decisionId, {
        decisionId,
        rolloutId,
        run: 'offline',
        step: 'offline',
        cohort: null,
        eventTime: isoInstant(world.now),
        verdict: fails ? 'refuse' : 'advance',
        reasons: [],
        candidate: bundle,
        stable,
        policyDigest: sha256Hex(canonicalJson(cases)),
        evidenceDigest: null,
        batchesDigest: null,
        watermark: null,
        basis: null,
        look: null,
        approvals: [],
        inWords,
      });
    return { passed: !fails, decisionId, evidenceDigest: null, reasons: [], inWords };
  });
}
