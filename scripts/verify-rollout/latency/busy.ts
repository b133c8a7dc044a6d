/** Rollouts that have work all the while: cohorts end, counts are pushed, looks are taken, and none of them ever ends. */
import type { Client } from '@temporalio/client';
import { createEvidenceIntake } from '../../../src/adapters/record-store/evidence-intake.ts';
import { pushEvidence } from '../../../src/client/evidence.ts';
import type { ModelDeclaration } from '../../../src/contracts/model.ts';
import { isoInstant } from '../../../src/domain/time.ts';
import { ALIKE, pushedModel } from '../../../test/pushed-model.ts';
import type { Ground } from '../ground/ground.ts';
import { COHORT_MS, ModelInHand, START } from '../ground/model-in-hand.ts';
import { Patience } from '../ground/patience.ts';
import { now } from './load-board.ts';
import { untilState } from './rollbacks.ts';

const PATIENCE_MS = 60_000;

interface InFlight {
  readonly hand: ModelInHand;
  readonly rolloutId: string;
}

export class BusyRollouts {
  readonly #ground: Ground;
  readonly #client: Client;
  readonly #inFlight: InFlight[] = [];
  #isOver = false;
  #work: Promise<void> = Promise.resolve();
  #begun = 0;
  #batches = 0;

  constructor(ground: Ground, client: Client) {
    this.#ground = ground;
    this.#client = client;
  }

  /** Begins so many, and their work. */
  async begin(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const patience = new Patience(PATIENCE_MS);
      const hand = await ModelInHand.open(this.#ground, this.#client, patience, endless(`busy-${index}`));
      const candidate = await hand.candidate('idea');
      await hand.submit(candidate);
      this.#inFlight.push({ hand, rolloutId: candidate.rolloutId });
    }
    for (const { rolloutId } of this.#inFlight) await untilState(this.#client, rolloutId, ({ run }) => run !== null);
    this.#begun = now();
    this.#work = this.#goRound();
  }

  /** Batches that were pushed, a second: each is judged, and so is each cohort. */
  get perSecond(): number {
    return (this.#batches / (now() - this.#begun)) * 1000;
  }

  /** @throws what the work has thrown */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#work;
    for (const { hand, rolloutId } of this.#inFlight) {
      await hand.close();
      await this.#client.workflow.getHandle(rolloutId).terminate('the proof is over');
    }
  }

  async #goRound(): Promise<void> {
    const intake = createEvidenceIntake(this.#ground.records);
    while (!this.#isOver)
      for (const { hand, rolloutId } of this.#inFlight) {
        if (this.#isOver) return;
        await hand.pass();
        const cohort = hand.cohort;
        const cohortStart = isoInstant(START + (cohort - 1) * COHORT_MS);
        const batch = { batchId: `refunds-${cohort}`, metric: 'refunds', cohortStart, counts: ALIKE };
        const evidence = { batches: [batch], by: 'job', channel: 'client' };
        await pushEvidence(this.#client, rolloutId, evidence, (...told) => intake.take(...told));
        this.#batches += 1;
      }
  }
}

/** More units than will ever come are asked for. */
function endless(model: string): ModelDeclaration {
  const declaration = pushedModel(model);
  const { rollout } = declaration;
  const gate = { minSpan: 'PT3H', minUnits: 1_000_000_000, deadline: 'P900D', gates: ['refunds'] };
  const metrics = rollout.metrics.map((metric) => ({ ...metric, lag: 'PT0S' }));
  const steps = [
    { mode: 'offline' },
    { mode: 'canary', exposure: 0.05, ...gate },
    { mode: 'full', watch: 'PT0S', holdback: 0 },
  ];
  return { ...declaration, rollout: { ...rollout, metrics, steps: steps as ModelDeclaration['rollout']['steps'] } };
}
