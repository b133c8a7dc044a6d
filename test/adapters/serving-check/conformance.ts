import assert from 'node:assert/strict';
import type { ObjectStore } from '../../../src/adapters/object-store/port.ts';
import type { ServingCheck, ServingQuery, ServingReport } from '../../../src/adapters/serving-check/port.ts';
import type { BoundFeature, BundleManifest, PredictionRequest } from '../../../src/contracts/serving.ts';
import { HoldfastError } from '../../../src/contracts/errors.ts';
import { canonicalJson } from '../../../src/domain/canonical-json.ts';

const MODEL = 'shop';
const AMOUNT: BoundFeature = { name: 'amount', feature: { kind: 'numeric', name: 'amount', input: 'amount' } };

/** A linear score of one input: `0.1 × amount`, before the link of the objective. */
export const LINEAR = {
  kind: 'logistic-regression',
  version: 1,
  objective: 'regression',
  featureNames: ['amount'],
  intercept: 0,
  terms: [{ kind: 'numeric', mean: 0, scale: 1, weight: 0.1, missingWeight: 0.5 }],
};

/** Writes bundles, and asks a check about them. */
export class CheckDesk {
  readonly #store: ObjectStore;
  readonly #check: ServingCheck;

  constructor(store: ObjectStore, check: ServingCheck) {
    this.#store = store;
    this.#check = check;
  }

  async bundle(artifact: unknown, over: Partial<BundleManifest> = {}): Promise<string> {
    const text = typeof artifact === 'string' ? artifact : JSON.stringify(artifact);
    const manifest: BundleManifest = {
      model: MODEL,
      idea: 'test',
      artifact: await this.#store.put(text),
      features: [AMOUNT],
      healthyRange: [0, 1],
      recipe: 'linear',
      datasetVersion: null,
      codeVersion: 'test',
      ...over,
    };
    return this.#store.put(canonicalJson(manifest));
  }

  async query(bundle: string, amounts: readonly number[]): Promise<ServingQuery> {
    const constant = { kind: 'constant', version: 1, objective: 'regression', featureNames: [], value: 0.2 };
    const fallback = await this.bundle(constant, { features: [], recipe: 'constant' });
    return { model: MODEL, bundle, registration: { freshFeatures: [], fallback }, requests: amounts.map(requestOf) };
  }

  async ask(
    bundle: string,
    amounts: readonly number[],
    signal: AbortSignal = new AbortController().signal,
  ): Promise<ServingReport> {
    return this.#check.check(await this.query(bundle, amounts), signal);
  }
}

const requestOf = (amount: number, index: number): PredictionRequest => ({
  requestId: `r${index}`,
  unit: `u${index}`,
  eventTime: `2001-01-03T00:00:${String(index % 60).padStart(2, '0')}Z`,
  inputs: { shop: 'north', amount },
});

/** What every serving check finds. */
export function servingCheckConformance(make: () => Promise<{ store: ObjectStore; check: ServingCheck }>): void {
  let desk: CheckDesk;
  let check: ServingCheck;
  before(async () => {
    const made = await make();
    check = made.check;
    desk = new CheckDesk(made.store, check);
  });

  it('counts the requests that the bundle itself answers', async () => {
    const { answered, failures } = await desk.ask(await desk.bundle(LINEAR), [1, 2, 3, 4, 5]);
    assert.deepEqual([answered, failures], [5, []]);
  });

  it('counts answers outside the healthy range as failures, and names the range', async () => {
    const { answered, failures } = await desk.ask(await desk.bundle(LINEAR), [1, 10, 11, -1]);
    assert.equal(answered, 2);
    assert.deepEqual(
      failures.map(({ requests }) => requests),
      [2],
    );
    assert.match(failures[0]?.reason ?? '', /outside the healthy range 0 to 1/);
  });

  for (const [title, artifact] of [
    ['no JSON', '{"kind":'],
    ['another kind of artifact', { ...LINEAR, kind: 'oracle' }],
    ['a field missing', { ...LINEAR, terms: [] }],
  ] as const)
    it(`reports a bundle that does not load: ${title}`, async () => {
      const { answered, failures } = await desk.ask(await desk.bundle(artifact), [1, 2, 3]);
      assert.equal(answered, 0);
      assert.deepEqual(
        failures.map(({ requests }) => requests),
        [3],
      );
      assert.match(failures[0]?.reason ?? '', /^the bundle does not load: /);
    });

  it('reports a bundle that is not there', async () => {
    const { answered, failures } = await desk.ask('a'.repeat(64), [1]);
    assert.deepEqual([answered, failures.length], [0, 1]);
    assert.match(failures[0]?.reason ?? '', /^the bundle does not load: /);
  });

  it('reports the same twice', async () => {
    const bundle = await desk.bundle(LINEAR);
    const told = async (): Promise<unknown> => {
      const { answered, failures } = await desk.ask(bundle, [1, 11]);
      return { answered, failures };
    };
    assert.deepEqual(await told(), await told());
  });
}

/** An object store that is away for a while. */
export const away = async (): Promise<never> => {
  throw new HoldfastError('OBJECT_STORE_UNAVAILABLE', 'the disk is gone');
};
