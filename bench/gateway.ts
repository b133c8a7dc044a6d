/**
 * How many predictions a second one gateway answers: a real process, two boosted bundles (100 trees of 31 leaves) of which one is scored in
 * shadow, ten outcome-rate features, every prediction flushed to the log before its answer.
 * Arguments: seconds (default 10), requests in a batch (default 150), batches in flight (default 4).
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createObjectStore } from '../src/adapters/object-store/index.ts';
import type { ObjectStore } from '../src/adapters/object-store/port.ts';
import { createTrafficRouter } from '../src/adapters/traffic-router/index.ts';
import type { BoundFeature, OutcomeRateFeature } from '../src/contracts/serving.ts';
import { canonicalJson } from '../src/domain/canonical-json.ts';
import { createBooster } from '../src/domain/learning/gradient-boosting.ts';
import type { TrainingMatrix } from '../src/domain/learning/matrix.ts';
import { artifactFromConstant } from '../src/domain/learning/model-artifact.ts';
import { HOUR_MS, isoInstant } from '../src/domain/time.ts';

const MODEL = 'flight-delay';
const SECONDS = Number(process.argv[2] ?? 10);
const BATCH = Number(process.argv[3] ?? 150);
const IN_FLIGHT = Number(process.argv[4] ?? 4);
const AIRPORTS = Array.from({ length: 229 }, (_, index) => `A${String(index).padStart(3, '0')}`);
const START_MS = Date.UTC(2001, 1, 1);
const TRAINING_ROWS = 20_000;
const CLOCK_TICKS_PER_SECOND = 100;

/** Small generator with a fixed seed (mulberry32), so that two runs send the same. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = generator(7);
const airport = (): string => AIRPORTS[Math.floor(random() ** 2 * AIRPORTS.length)] ?? 'A000';
const inputsOf = (): Record<string, string | number> => ({
  origin: airport(),
  destination: airport(),
  distance: Math.round(100 + random() * 2500),
  hour: Math.round(random() * 240) / 10,
  weekday: 1 + Math.floor(random() * 7),
});

const FRESH: OutcomeRateFeature[] = ['PT1H', 'PT3H'].flatMap((window) =>
  [['origin'], ['destination'], [], ['origin', 'destination'], ['weekday']].map((key) => ({
    kind: 'outcomeRate' as const,
    name: `late-${key.join('-')}-${window}`,
    key,
    window,
    lag: 'PT15M',
    age: 'PT0S',
    prior: { rate: 0.2, weight: 10 },
  })),
);
const FEATURES: BoundFeature[] = [
  ...['origin', 'destination'].map((name) => ({
    name,
    feature: { kind: 'categorical' as const, name, input: name },
    categories: AIRPORTS,
  })),
  ...['distance', 'hour', 'weekday'].map((name) => ({
    name,
    feature: { kind: 'numeric' as const, name, input: name },
  })),
  ...FRESH.map((feature) => ({ name: feature.name, feature })),
];

function trainedArtifact(seed: number): object {
  const draw = generator(seed);
  const columns = FEATURES.map(({ name, feature }) => ({
    name,
    kind: feature.kind === 'categorical' ? ('categorical' as const) : ('numeric' as const),
    values: Float64Array.from({ length: TRAINING_ROWS }, () =>
      feature.kind === 'categorical' ? Math.floor(draw() * AIRPORTS.length) : draw() * 24,
    ),
  }));
  const labels = Float64Array.from({ length: TRAINING_ROWS }, (_, row) => {
    const late = (columns[3]?.values[row] ?? 0) / 60 + (columns[0]?.values[row] ?? 0) / 1000;
    return draw() < late ? 1 : 0;
  });
  const matrix: TrainingMatrix = { rows: TRAINING_ROWS, columns, labels };
  const booster = createBooster(matrix, { objective: 'binary', seed, options: { trees: 100, leaves: 31 } });
  while (booster.step());
  return booster.artifact();
}

async function putBundle(
  store: ObjectStore,
  idea: string,
  artifact: object,
  features: readonly BoundFeature[],
): Promise<string> {
  return store.put(
    canonicalJson({
      model: MODEL,
      idea,
      artifact: await store.put(canonicalJson(artifact)),
      features,
      healthyRange: [0, 1],
      recipe: idea,
      datasetVersion: null,
      codeVersion: 'bench',
    }),
  );
}

interface Gateway {
  readonly url: string;
  /** Processor seconds it has used; null where the system does not tell. */
  cpuSeconds(): number | null;
  stop(): Promise<void>;
}

async function startGateway(folder: string): Promise<Gateway> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/gateway/main.js', import.meta.url))], {
    env: {
      ...process.env,
      HOLDFAST_STATE_DIR: folder,
      HOLDFAST_GATEWAY_PORT: '0',
      HOLDFAST_GATEWAY_CLOCK: 'stream',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      const found = /"url":"([^"]+)","msg":"Ready"/.exec(chunk.toString());
      if (found?.[1] !== undefined) resolve(found[1]);
    });
  });
  return {
    url,
    cpuSeconds() {
      try {
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
      } catch {
        return null;
      }
    },
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });

async function post(url: string, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sending = httpRequest(`${url}/v1/models/${MODEL}/${path}`, { method: 'POST', agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(text));
      });
    });
    sending.once('error', reject);
    sending.end(body);
  });
}

let sent = 0;
function batchBody(): string {
  const requests = Array.from({ length: BATCH }, () => {
    const requestId = `request-${sent++}`;
    return {
      requestId,
      unit: requestId,
      eventTime: isoInstant(START_MS + 3 * HOUR_MS + sent * 10),
      inputs: inputsOf(),
    };
  });
  return JSON.stringify({ requests });
}

async function sendOutcomes(url: string): Promise<void> {
  const outcomes = Array.from({ length: 10_000 }, (_, index) => ({
    requestId: `earlier-${index}`,
    label: random() < 0.2 ? 1 : 0,
    knownAt: isoInstant(START_MS + index * 1000),
    inputs: inputsOf(),
  }));
  await post(url, 'outcomes', JSON.stringify({ outcomes }));
}

async function measure(
  url: string,
  forMs: number,
): Promise<{ predictions: number; latenciesMs: number[]; elapsedMs: number }> {
  const latenciesMs: number[] = [];
  const start = performance.now();
  const sender = async (): Promise<void> => {
    while (performance.now() - start < forMs) {
      const body = batchBody();
      const before = performance.now();
      await post(url, 'predictions', body);
      latenciesMs.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  return { predictions: latenciesMs.length * BATCH, latenciesMs, elapsedMs: performance.now() - start };
}

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const store = createObjectStore({ kind: 'local-folder', folder: join(folder, 'objects') });
  const [fallback, stable, candidate] = await Promise.all([
    putBundle(store, 'constant', artifactFromConstant(0.2), []),
    putBundle(store, 'stable', trainedArtifact(1), FEATURES),
    putBundle(store, 'candidate', trainedArtifact(2), FEATURES),
  ]);
  const gateway = await startGateway(folder);
  try {
    const router = createTrafficRouter({ kind: 'http', urls: [gateway.url], timeoutMs: 5_000 });
    await router.register(MODEL, { freshFeatures: FRESH, fallback });
    const entry = {
      effectiveFrom: isoInstant(START_MS),
      stable,
      candidate,
      exposure: 0.25,
      salt: 'bench',
      mirror: true,
    };
    await router.apply(MODEL, { generation: 1, decisionId: 'bench', entry });
    await sendOutcomes(gateway.url);
    await measure(gateway.url, 1_000);
    const cpuBefore = gateway.cpuSeconds();
    const { predictions, latenciesMs, elapsedMs } = await measure(gateway.url, SECONDS * 1000);
    const cpuAfter = gateway.cpuSeconds();
    const cpu = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore;
    const lines = [
      `batches of ${BATCH}, ${IN_FLIGHT} in flight, shadow scoring, ${FRESH.length} fresh features, log flushed for every batch`,
      `predictions/s            ${Math.round(predictions / (elapsedMs / 1000))}`,
      `predictions/s of one core ${cpu === null ? 'unknown' : Math.round(predictions / cpu)}`,
      `milliseconds a batch     p50 ${quantile(latenciesMs, 0.5).toFixed(1)}, p99 ${quantile(latenciesMs, 0.99).toFixed(1)}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    agent.destroy();
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
