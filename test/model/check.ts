/**
 * Runs random sequences of what can happen to rollouts and checks the invariants after every step: messages doubled, shuffled and late,
 * attempts that die or act too late, roads that lose, records and labels that are away, suites that grow, candidates that compete.
 * Then the faults stop, and every rollout must end or wait for something it can name.
 */
import { createPromotionActivities } from '../../src/activities/promotion.ts';
import type { RolloutInput } from '../../src/contracts/workflows.ts';
import type { RolloutOrder } from '../../src/domain/rollout/desk.ts';
import { needsPerson, waitingForInWords } from '../../src/domain/rollout/words.ts';
import { randomFrom, seedOf } from '../../src/simulation/gate/random.ts';
import type { Random } from '../../src/simulation/gate/random.ts';
import { MODEL } from './gateways.ts';
import { Interpreter } from './interpreter.ts';
import { decisionsOf, INVARIANTS } from './invariants.ts';
import type { Watched } from './invariants.ts';
import type { Parts } from './parts.ts';
import { QUALITIES, World } from './world.ts';
import type { Quality } from './world.ts';

const STEPS = 70;
/** Enough for two rollouts whose steps all run to deadlines that were extended, at four rounds a cohort. */
const ROUNDS_OF_REST = 600;
const NO_EVIDENCE = 'e'.repeat(64);

export interface Violation {
  readonly seed: number;
  readonly invariant: string;
  readonly inWords: string;
  readonly steps: readonly string[];
}

export interface Account {
  readonly steps: number;
  readonly outcomes: readonly string[];
  readonly reasons: readonly string[];
  readonly violation: Violation | null;
}

/** One sequence. @param seed The same seed is the same sequence. */
export async function checkSequence(parts: Parts, seed: number): Promise<Account> {
  const sequence = new Sequence(parts, seed);
  return sequence.run();
}

class Sequence {
  readonly #seed: number;
  readonly #random: Random;
  readonly #world: World;
  readonly #promotion: ReturnType<typeof createPromotionActivities>;
  readonly #rollouts: Interpreter[] = [];
  readonly #atZero = new Set<string>();
  readonly #probesIn: Watched['probesIn'] = new Map();
  readonly #sent: Array<{ order: RolloutOrder; id: string }> = [];
  readonly #carriedOut: string[] = [];
  readonly #steps: string[] = [];
  #decisions: Watched['decisions'] = new Map();
  #mayHaveDecided = true;
  #promotions = 0;
  #cases = 0;
  #extensions = 0;

  constructor(parts: Parts, seed: number) {
    this.#seed = seed;
    this.#random = randomFrom(seedOf(seed, 17));
    const watch = this.#chance(0.3) ? 'PT2H' : 'PT0S';
    this.#world = new World(this.#random, { ...parts, watch: parts.watch === 'PT0S' ? watch : parts.watch });
    this.#promotion = createPromotionActivities(this.#world.ports);
  }

  async run(): Promise<Account> {
    await this.#world.open(this.#drawn());
    let violation: Violation | null = null;
    for (let step = 0; step < STEPS && violation === null; step++) {
      await this.#happen();
      violation = await this.#violated();
    }
    violation ??= await this.#rest();
    const outcomes = this.#rollouts.map(({ desk }) => desk.state.decision?.outcome ?? 'in_progress');
    const reasons = this.#rollouts.map(({ desk }) => desk.state.decision?.reason ?? 'in progress');
    return { steps: this.#steps.length, outcomes, reasons, violation };
  }

  #drawn(): Quality[] {
    return Array.from({ length: 1 + Math.floor(this.#random() * 2) }, () => this.#pick(QUALITIES));
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }

  /** One thing that can happen. */
  async #happen(): Promise<void> {
    const dice = this.#random();
    if (this.#world.isPushed && dice < 0.1) await this.#push();
    else if (dice < 0.45) await this.#attempt();
    else if (dice < 0.72) await this.#log('a cohort passes', () => this.#world.pass());
    else if (dice < 0.86) this.#speak();
    else if (dice < 0.92) this.#break();
    else if (dice < 0.94) await this.#wake();
    else if (dice < 0.96) await this.#log('the run is continued', async () => this.#open()?.carryOver());
    else if (dice < 0.98) await this.#growSuite();
    else await this.#next();
  }

  async #log(inWords: string, act: () => Promise<unknown>): Promise<void> {
    this.#steps.push(inWords);
    await act();
  }

  /** Mostly what is missing, sometimes what is known or has not been yet. */
  async #push(): Promise<void> {
    const { input } = this.#open() ?? {};
    const missing = input === undefined ? null : await this.#world.unpushed(input.rolloutId);
    if (input === undefined || missing === null) return;
    const cohort = missing + this.#pick([-1, 0, 0, 0, 0, 1]);
    const told = this.#world.push(input.rolloutId, input.bundle, cohort);
    await this.#log(`the counts of cohort ${cohort} are pushed`, () => told.catch(() => undefined));
  }

  async #wake(): Promise<void> {
    this.#mayHaveDecided = true;
    await this.#log('an attempt of long ago acts', async () => this.#pick(this.#rollouts)?.wakeZombie());
  }

  #open(): Interpreter | null {
    return this.#rollouts.find((rollout) => !rollout.isDone) ?? null;
  }

  async #attempt(
    crash = this.#pick(['never', 'never', 'never', 'never', 'before', 'after', 'late'] as const),
  ): Promise<void> {
    const rollout = this.#open();
    if (rollout === null) return this.#next();
    const kind = rollout.task().kind;
    this.#mayHaveDecided = true;
    await rollout.attempt(crash);
    this.#steps.push(`attempt at ${kind}, crash ${crash}: ${rollout.last}`);
    if (rollout.desk.state.retreated) this.#atZero.add(rollout.input.rolloutId);
  }

  /** The promotion queue looks for the next candidate. */
  async #next(): Promise<void> {
    if (this.#open() !== null && !this.#world.parts.startsBeside) return;
    try {
      const plan = await this.#promotion.nextRollout({ model: MODEL, sequence: this.#promotions });
      this.#promotions += plan === null ? 0 : 1;
      if (plan !== null) this.#begin({ model: MODEL, ...plan });
      else if (this.#world.parts.startsBeside) await this.#beginBeside();
    } catch {
      this.#steps.push('the queue finds no records');
    }
  }

  #begin(input: RolloutInput): void {
    this.#steps.push(`${input.rolloutId} begins: ${this.#world.qualities.get(input.bundle)}`);
    this.#rollouts.push(new Interpreter(this.#world, input));
  }

  async #beginBeside(): Promise<void> {
    const candidates = await this.#world.records.transaction(MODEL, (tx) => tx.list('candidate'));
    const waiting = candidates.find(({ body }) => body.outcome === 'queued')?.body;
    if (waiting === undefined) return;
    const { bundle, idea, claim } = waiting;
    this.#begin({ model: MODEL, rolloutId: `rollout/shop/${bundle.slice(0, 8)}-9`, bundle, idea, claim });
  }

  #speak(): void {
    const rollout = this.#open();
    if (rollout === null) return;
    const repeats = this.#sent.length > 0 && this.#chance(0.35);
    const { order, id } = repeats ? this.#pick(this.#sent) : this.#order(rollout);
    const before = rollout.desk.messages;
    const refusal = rollout.order(order, id);
    if (rollout.desk.messages > before) this.#carriedOut.push(`${rollout.input.rolloutId} ${order.name} ${id}`);
    this.#sent.push({ order, id });
    this.#steps.push(`${repeats ? 'again ' : ''}${order.name} ${id}: ${refusal ?? 'taken'}`);
  }

  #order(rollout: Interpreter): { order: RolloutOrder; id: string } {
    const { state } = rollout.desk;
    const by = this.#pick(['ana', 'ben', 'cleo', 'eve']);
    const signed = { by, reason: 'why' };
    const id = `order-${this.#sent.length}`;
    const dice = this.#random();
    if (dice < 0.62 || state.request !== null) return { order: this.#approval(rollout, by), id };
    if (dice < 0.74) return { order: { name: 'pause', ...signed }, id };
    if (dice < 0.9) return { order: { name: 'resume', ...signed }, id };
    if (dice < 0.95 && this.#extensions < 2) {
      this.#extensions += 1;
      return { order: { name: 'extend', ...signed, step: state.step, lengthMs: 3 * 3_600_000 }, id };
    }
    return { order: { name: dice < 0.97 ? 'rollback' : 'reject', ...signed }, id };
  }

  #break(): void {
    const { faults, gateways } = this.#world;
    const what = this.#pick(['records', 'labels', 'roads', 'gateway'] as const);
    if (what === 'records') faults.recordsDown = !faults.recordsDown;
    else if (what === 'labels') faults.labelsDead = !faults.labelsDead;
    else if (what === 'roads') faults.roads = faults.roads > 0 ? 0 : 0.3;
    else {
      const gateway = this.#pick(gateways);
      gateway.reachable = !gateway.reachable;
    }
    this.#steps.push(`${what} breaks or heals`);
  }

  async #growSuite(): Promise<void> {
    if (this.#cases > 0) return;
    this.#cases += 1;
    const id = this.#chance(0.3) ? 'case-1-fails' : 'case-1';
    await this.#log(`the suite gets ${id}`, () =>
      this.#world.records.transaction(MODEL, (tx) =>
        tx.put('suiteCase', id, {
          id,
          origin: 'incident',
          incidentId: null,
          where: 'true',
          days: null,
          lastDays: 7,
          maxRegressionPerThousand: 10,
          minUnits: 1,
          reason: 'seen in production',
          since: '2001-01-03T00:00:00Z',
        }),
      ),
    );
  }

  async #violated(): Promise<Violation | null> {
    if (this.#mayHaveDecided) this.#decisions = await decisionsOf(this.#world);
    this.#mayHaveDecided = false;
    const decisions = this.#decisions;
    const watched = {
      world: this.#world,
      rollouts: this.#rollouts,
      decisions,
      atZero: this.#atZero,
      probesIn: this.#probesIn,
      carriedOut: this.#carriedOut,
    };
    for (const [invariant, check] of Object.entries(INVARIANTS)) {
      const inWords = check(watched);
      if (inWords !== null) return this.#violation(invariant, inWords);
    }
    return null;
  }

  /** In half of the sequences people do what is asked of them. */
  #peopleAct(rollout: Interpreter): boolean {
    if (this.#seed % 2 === 0) return false;
    const { request, phase } = rollout.desk.state;
    if (phase === 'paused') return rollout.order({ name: 'resume', by: 'ana', reason: 'why' }, null) === null;
    if (request === null) return false;
    const order = this.#approval(rollout, this.#pick(['ana', 'ben', 'cleo']));
    rollout.order(order, null);
    return true;
  }

  /** A yes, mostly to what is asked. */
  #approval({ desk, input }: Interpreter, by: string): RolloutOrder {
    const { request, last, step: present } = desk.state;
    const step = this.#chance(0.9) ? (request?.step ?? present) : present + 1;
    const asked = request?.evidenceDigest ?? last?.evidenceDigest ?? NO_EVIDENCE;
    const evidenceDigest = this.#chance(0.85) ? asked : NO_EVIDENCE;
    const approval = {
      by,
      role: 'approver',
      step,
      candidate: input.bundle,
      evidenceDigest,
      reason: 'why',
      channel: 'ui',
    };
    return { name: 'approve', approval };
  }

  #violation(invariant: string, inWords: string): Violation {
    return { seed: this.#seed, invariant, inWords, steps: this.#steps };
  }

  /** The faults stop and time goes on. */
  async #rest(): Promise<Violation | null> {
    const { faults, gateways } = this.#world;
    Object.assign(faults, { recordsDown: false, labelsDead: false, roads: 0 });
    for (const gateway of gateways) gateway.reachable = true;
    for (let round = 0; round < ROUNDS_OF_REST; round++) {
      const rollout = this.#open();
      if (rollout === null) {
        const before = this.#rollouts.length;
        await this.#next();
        if (this.#rollouts.length === before) return this.#violated();
        continue;
      }
      if (needsPerson(rollout.desk.state) && !this.#peopleAct(rollout)) return this.#violated();
      await this.#attempt('never');
      const violation = await this.#violated();
      if (violation !== null) return violation;
      if (!rollout.last.includes('nothing to do yet')) continue;
      const { rolloutId, bundle } = rollout.input;
      const missing = this.#world.isPushed ? await this.#world.unpushed(rolloutId) : null;
      if (missing !== null && missing < this.#world.cohort - 1) await this.#world.push(rolloutId, bundle, missing);
      else await this.#world.pass();
    }
    const stuck = this.#open();
    if (stuck === null) return this.#violated();
    const { state } = stuck.desk;
    const isNamed =
      stuck.failures === 0 && waitingForInWords(state) === 'matured evidence' && (state.last?.unmet.length ?? 0) > 0;
    return isNamed
      ? this.#violated()
      : this.#violation(
          'after faults stop every rollout ends or waits for what it can name',
          `${stuck.last}; waits for ${waitingForInWords(state)}`,
        );
  }
}
