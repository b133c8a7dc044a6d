/** From evidence on record to the split it widens, acknowledged by every gateway. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { createEvidenceIntake } from '../../../src/adapters/record-store/evidence-intake.ts';
import { pushEvidence } from '../../../src/client/evidence.ts';
import type { EvidenceReceipt } from '../../../src/contracts/evidence.ts';
import type { ModelDeclaration } from '../../../src/contracts/model.ts';
import { isoInstant } from '../../../src/domain/time.ts';
import { ALIKE, pushedModel } from '../../../test/pushed-model.ts';
import type { Ground } from '../ground/ground.ts';
import { COHORT_MS, ModelInHand, START } from '../ground/model-in-hand.ts';
import { Patience } from '../ground/patience.ts';
import { now } from './load-board.ts';
import { untilState } from './rollbacks.ts';

const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 2;
/** A ladder has twenty steps at most: offline, these, full. */
const CANARIES = 18;

export interface WiderSplitTimes {
  /** Milliseconds from the moment the batch was on record, each try. */
  readonly fromRecord: readonly number[];
  /** From the moment the signal was acknowledged; below 0 where the split was faster. */
  readonly fromSignal: readonly number[];
}

function manySteps(model: string): ModelDeclaration {
  const declaration = pushedModel(model);
  const { metrics } = declaration.rollout;
  const gate = { minSpan: 'PT3H', minUnits: 10, deadline: 'P90D', gates: ['refunds'] };
  const canaries = Array.from({ length: CANARIES }, (_, at) => ({
    mode: 'canary',
    exposure: (at + 1) / (CANARIES + 2),
    ...gate,
  }));
  const steps = [{ mode: 'offline' }, ...canaries, { mode: 'full', watch: 'PT0S', holdback: 0 }];
  return {
    ...declaration,
    rollout: {
      ...declaration.rollout,
      metrics: metrics.map((metric) => ({ ...metric, lag: 'PT0S' })),
      steps: steps as ModelDeclaration['rollout']['steps'],
    },
  };
}

/** Climbs ladders step by step, each step on a batch that completes the cohort looked at last, until there are enough tries. */
export async function measureWiderSplits(
  ground: Ground,
  client: Client,
  { model, tries }: { readonly model: string; readonly tries: number },
): Promise<WiderSplitTimes> {
  const hand = await ModelInHand.open(ground, client, new Patience(PATIENCE_MS), manySteps(model));
  const fromRecord: number[] = [];
  const fromSignal: number[] = [];
  for (let candidates = 1; fromRecord.length < tries; candidates++) {
    const candidate = await hand.candidate(`idea-${candidates}`);
    await hand.submit(candidate);
    const climb = new Climb(ground, client, hand, candidate.rolloutId);
    while (fromRecord.length < tries && (await climb.step())) {
      const { recorded, signalled, applied } = climb.times;
      fromRecord.push(applied - recorded);
      fromSignal.push(applied - signalled);
    }
    await client.workflow.getHandle(candidate.rolloutId).signal('rollback', { by: 'ben', reason: 'measured' });
    await client.workflow.getHandle(candidate.rolloutId).result();
  }
  await hand.close();
  return { fromRecord, fromSignal };
}

class Climb {
  times = { recorded: 0, signalled: 0, applied: 0 };
  readonly #ground: Ground;
  readonly #client: Client;
  readonly #hand: ModelInHand;
  readonly #rolloutId: string;

  constructor(ground: Ground, client: Client, hand: ModelInHand, rolloutId: string) {
    this.#ground = ground;
    this.#client = client;
    this.#hand = hand;
    this.#rolloutId = rolloutId;
  }

  /** One step up the ladder, measured; false when the next one is full exposure. */
  async step(): Promise<boolean> {
    const before = await untilState(
      this.#client,
      this.#rolloutId,
      ({ run, ordered }) => run !== null && ordered === null,
    );
    if (before.step >= CANARIES) return false;
    const generation = await this.#generation();
    for (;;) {
      await this.#hand.pass();
      const { cohort } = this.#hand;
      if (cohort <= before.judgedCohort) continue;
      await untilState(this.#client, this.#rolloutId, ({ judgedCohort }) => judgedCohort === cohort);
      await this.#push(cohort);
      // A cohort that was served before the step took effect completes nothing.
      if (await this.#widened(generation, cohort)) return true;
    }
  }

  async #push(cohort: number): Promise<void> {
    const { model } = this.#hand;
    const intake = createEvidenceIntake(this.#ground.records);
    const batch = {
      batchId: `refunds-${cohort}`,
      metric: 'refunds',
      cohortStart: isoInstant(START + (cohort - 1) * COHORT_MS),
      counts: ALIKE,
    };
    const evidence = { batches: [batch], by: 'job', channel: 'client' };
    const take = (
      id: string,
      rolloutId: string,
      command: Parameters<typeof intake.take>[2],
    ): Promise<EvidenceReceipt> => intake.take(id, rolloutId, command);
    const { untold } = await pushEvidence(this.#client, this.#rolloutId, evidence, take, ({ result, message }) => {
      this.times.recorded = now();
      if (result !== 'recorded') throw new Error(`${model}: ${message}`);
    });
    this.times.signalled = now();
    if (untold !== null) throw new Error(untold);
  }

  /** Whether the batch of this cohort has led to another split at every gateway, or to a look that goes on. */
  async #widened(generation: number, cohort: number): Promise<boolean> {
    const deadline = now() + PATIENCE_MS;
    for (let asked = 0; now() < deadline; asked++) {
      if ((await this.#generation()) > generation) {
        this.times.applied = now();
        return true;
      }
      if (asked % 10 === 9 && (await this.#goesOn(cohort))) return false;
      await sleep(LOOK_AGAIN_MS);
    }
    throw new Error(`${this.#rolloutId}: nothing came of the batch of cohort ${cohort}`);
  }

  async #goesOn(cohort: number): Promise<boolean> {
    const { last } = await untilState(this.#client, this.#rolloutId, () => true);
    return last?.cohort === cohort && last.again === 1 && last.verdict === 'continue';
  }

  /** The least that every gateway has. */
  async #generation(): Promise<number> {
    const states = await this.#ground.router.observe(this.#hand.model);
    return Math.min(...states.map(({ generation }) => generation));
  }
}
