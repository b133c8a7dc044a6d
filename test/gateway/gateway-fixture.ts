import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectStore } from '../../src/adapters/object-store/index.ts';
import type { ObjectStore } from '../../src/adapters/object-store/port.ts';
import type {
  BoundFeature,
  BundleManifest,
  ModelRegistration,
  OutcomeRateFeature,
  PutTraffic,
  SplitEntry,
} from '../../src/contracts/serving.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { startGateway } from '../../src/gateway/server.ts';
import type { Gateway, GatewayOptions } from '../../src/gateway/server.ts';

export const MODEL = 'flight-delay';

export const LATE_ORIGIN: OutcomeRateFeature = {
  kind: 'outcomeRate',
  name: 'lateOrigin',
  key: ['origin'],
  window: 'PT3H',
  lag: 'PT15M',
  age: 'PT0S',
  prior: { rate: 0.2, weight: 10 },
};

export interface Reply {
  readonly status: number;
  // Tests look into bodies of many shapes.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

/** A gateway with a store and a state folder of its own, and the bundles of a test. */
export class GatewayFixture {
  readonly folder: string;
  readonly store: ObjectStore;
  gateway: Gateway | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.store = createObjectStore({ kind: 'local-folder', folder: join(folder, 'objects') });
  }

  static async create(): Promise<GatewayFixture> {
    return new GatewayFixture(await mkdtemp(join(tmpdir(), 'holdfast-gateway-')));
  }

  get stateDir(): string {
    return join(this.folder, 'state');
  }

  async start(options: Partial<GatewayOptions> = {}): Promise<void> {
    this.gateway = await startGateway({
      name: 'gateway-1',
      stateDir: this.stateDir,
      objectStore: this.store,
      port: 0,
      clock: 'stream',
      ...options,
    });
    await this.gateway.ready;
  }

  async stop(): Promise<void> {
    await this.gateway?.close();
    this.gateway = null;
  }

  async restart(options: Partial<GatewayOptions> = {}): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Puts a bundle into the store. */
  async bundle(
    artifact: object,
    features: readonly BoundFeature[] = [],
    over: Partial<BundleManifest> = {},
  ): Promise<string> {
    const manifest: BundleManifest = {
      model: MODEL,
      idea: 'test',
      artifact: await this.store.put(canonicalJson(artifact)),
      features: [...features],
      healthyRange: [0, 1],
      recipe: 'constant',
      datasetVersion: null,
      codeVersion: 'test',
      ...over,
    };
    return this.store.put(canonicalJson(manifest));
  }

  /** A bundle that always answers `value`, whatever it is. */
  constant(value: number, over: Partial<BundleManifest> = {}): Promise<string> {
    return this.bundle(constantArtifact(value), [], over);
  }

  async register(over: Partial<ModelRegistration> = {}): Promise<string> {
    const fallback = over.fallback ?? (await this.constant(0.2));
    const reply = await this.put(`/v1/models/${MODEL}`, { freshFeatures: [], ...over, fallback });
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
    return fallback;
  }

  get(path: string): Promise<Reply> {
    return this.#send('GET', path);
  }

  put(path: string, body: unknown): Promise<Reply> {
    return this.#send('PUT', path, body);
  }

  post(path: string, body: unknown): Promise<Reply> {
    return this.#send('POST', path, body);
  }

  /** Operation of the test's model. */
  of(operation: string): string {
    return `/v1/models/${MODEL}/${operation}`;
  }

  async #send(method: string, path: string, body?: unknown): Promise<Reply> {
    return send(this.gateway?.url ?? '', method, path, body);
  }
}

export async function send(url: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, { method, ...(body === undefined ? {} : { body: content }) });
  const text = await response.text();
  const lines = response.headers.get('content-type') === 'application/x-ndjson';
  const parsed: unknown = lines
    ? text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown)
    : JSON.parse(text);
  return { status: response.status, body: parsed };
}

export function constantArtifact(value: number): object {
  return { kind: 'constant', version: 1, objective: 'regression', featureNames: [], value };
}

export function request(requestId: string, eventTime: string, over: object = {}): object {
  return { requestId, unit: requestId, eventTime, inputs: { origin: 'JFK' }, ...over };
}

export function split(generation: number, entry: Partial<SplitEntry> & { stable: string }): PutTraffic {
  return {
    generation,
    decisionId: `decision-${generation}`,
    entry: { effectiveFrom: null, candidate: null, exposure: 0, salt: 'salt', mirror: false, ...entry },
  };
}
