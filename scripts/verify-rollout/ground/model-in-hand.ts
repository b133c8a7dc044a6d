/** One model on the proving ground: its bundles, its event time, its units that ask at every gateway. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { candidateReadySignal } from '../../../src/contracts/messages.ts';
import type { ModelDeclaration } from '../../../src/contracts/model.ts';
import { promotionId, rolloutId as idOf, TASK_QUEUES } from '../../../src/contracts/names.ts';
import type { PredictionBatchAnswer } from '../../../src/contracts/serving.ts';
import { canonicalJson } from '../../../src/domain/canonical-json.ts';
import { epochMs, HOUR_MS, isoInstant } from '../../../src/domain/time.ts';
import type { Ground } from './ground.ts';
import { Contradiction } from './patience.ts';
import type { Patience } from './patience.ts';

export const START = epochMs('2001-01-03');
export const COHORT_MS = 3 * HOUR_MS;
/** Units that ask in every cohort: what happens to them shows whether assignment is sticky and nested, and who is exposed. */
const UNITS = 30;
const CALL_MS = 5_000;

export interface Candidate {
  readonly bundle: string;
  readonly rolloutId: string;
  readonly idea: string;
}

/** What one unit was answered in one cohort at one gateway. */
export interface Served {
  readonly cohort: number;
  readonly gateway: number;
  readonly unit: string;
  readonly bundle: string;
}

export class ModelInHand {
  readonly model: string;
  readonly served: Served[] = [];
  /** The last cohort that is over. */
  cohort = 0;
  readonly first: string;
  readonly #ground: Ground;
  readonly #client: Client;
  readonly #patience: Patience;

  private constructor(ground: Ground, client: Client, patience: Patience, model: string, first: string) {
    this.#ground = ground;
    this.#client = client;
    this.#patience = patience;
    this.model = model;
    this.first = first;
  }

  /** Introduces a model that serves its first bundle to everybody, and begins its promotion. */
  static async open(
    ground: Ground,
    client: Client,
    patience: Patience,
    declaration: ModelDeclaration,
  ): Promise<ModelInHand> {
    const { model } = declaration;
    const stable = await bundleOf(ground, model, 'first', 0.3);
    await patience.persist(`opening ${model}`, async () => {
      await ground.records.transaction(model, async (tx) => {
        await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
        const since = isoInstant(START);
        await tx.put('stable', '000000', { bundle: stable, idea: 'first', since, rolloutId: null });
        await tx.advanceWatermark(START);
      });
      await ground.router.register(model, { freshFeatures: [], fallback: stable });
      const entry = { effectiveFrom: null, stable, candidate: null, exposure: 0, salt: '', mirror: false };
      await ground.router.apply(model, { generation: 1, decisionId: 'first', entry });
    });
    return new ModelInHand(ground, client, patience, model, stable);
  }

  /** A candidate, with the id that its rollout will have. */
  async candidate(idea: string): Promise<Candidate> {
    const { model } = this;
    const bundle = await bundleOf(this.#ground, model, idea, 0.4);
    return { bundle, idea, rolloutId: idOf(model, bundle, 1) };
  }

  /** It joins the queue of promotion, and promotion is told, as an experiment does it. */
  async submit({ bundle, idea }: Candidate): Promise<void> {
    await this.#patience.persist(`submitting ${idea}`, () => this.#enqueue(bundle, idea));
    await this.#patience.persist(`telling promotion of ${idea}`, () => this.#tellPromotion(bundle, idea));
  }

  #enqueue(bundle: string, idea: string): Promise<void> {
    const { model } = this;
    return this.#ground.records.transaction(model, async (tx) => {
      if ((await tx.get('candidate', bundle)) !== null) return;
      await tx.put('candidate', bundle, {
        bundle,
        idea,
        attempt: 1,
        claim: 'not-worse',
        priority: 'idea',
        outcome: 'queued',
        rolloutId: null,
        step: null,
        reason: null,
        exposureHistory: [],
        readyAt: isoInstant(START + this.cohort * COHORT_MS),
        decidedAt: null,
      });
      await tx.handOff({ id: handoffOf(idea), to: promotionId(model), kind: 'candidateReady', body: { bundle } });
    });
  }

  async #tellPromotion(bundle: string, idea: string): Promise<void> {
    const { model } = this;
    const workflowId = promotionId(model);
    const { workflow } = this.#client;
    const deadline = Date.now() + CALL_MS;
    await this.#client.withDeadline(deadline, async () => {
      try {
        await workflow.start('promotion', { taskQueue: TASK_QUEUES.control, workflowId, args: [{ model }] });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      await workflow.getHandle(workflowId).signal(candidateReadySignal.name, { bundle, handoffId: handoffOf(idea) });
    });
  }

  /** One more cohort is over: its units have asked, every gateway has all of it, and so has the archive. */
  async pass(): Promise<void> {
    const cohort = this.cohort + 1;
    for (const [gateway, url] of this.#ground.gatewayUrls.entries()) {
      await this.#patience.persist(`units of ${this.model} ask`, () => this.#ask(url, gateway, cohort));
      const through = isoInstant(START + cohort * COHORT_MS);
      await this.#patience.persist('the watermark of a gateway', () => this.#post(url, 'watermark', { through }));
    }
    await this.#patience.persist('the watermark', () =>
      this.#ground.records.transaction(this.model, (tx) => tx.advanceWatermark(START + cohort * COHORT_MS)),
    );
    this.cohort = cohort;
  }

  async #ask(url: string, gateway: number, cohort: number): Promise<void> {
    const eventTime = isoInstant(START + (cohort - 1) * COHORT_MS + COHORT_MS / 2);
    const requests = Array.from({ length: UNITS }, (_, index) => ({
      requestId: `unit-${index}/${cohort}`,
      unit: `unit-${index}`,
      eventTime,
      inputs: {},
    }));
    const { answers, rejected } = (await this.#post(url, 'predictions', { requests })) as PredictionBatchAnswer;
    if (rejected.length > 0) throw new Contradiction(`a gateway refuses a request: ${JSON.stringify(rejected[0])}`);
    for (const [index, { bundle }] of answers.entries())
      this.served.push({ cohort, gateway, unit: `unit-${index}`, bundle });
  }

  async #post(url: string, operation: string, body: object): Promise<unknown> {
    const response = await fetch(`${url}/v1/models/${this.model}/${operation}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_MS),
    });
    if (!response.ok) throw new Error(`${operation} was answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** Ends the promotion: no candidate comes any more. */
  async close(): Promise<void> {
    await this.#client.workflow.getHandle(promotionId(this.model)).terminate('the proof is over');
  }
}

const handoffOf = (idea: string): string => `proof/${idea}/candidate`;

async function bundleOf({ objects }: Ground, model: string, idea: string, value: number): Promise<string> {
  const artifact = { kind: 'constant', version: 1, objective: 'regression', featureNames: [], value };
  return objects.put(
    canonicalJson({
      model,
      idea,
      artifact: await objects.put(canonicalJson(artifact)),
      features: [],
      healthyRange: [0, 1],
      recipe: 'constant',
      datasetVersion: null,
      codeVersion: 'test',
    }),
  );
}
