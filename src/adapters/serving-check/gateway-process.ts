/**
 * The serving check in a real serving process: the product's gateway, spawned for one candidate, asked over HTTP as callers ask, killed
 * afterwards. Whatever the bundle does to that process, it does to nobody.
 */
import { HoldfastError } from '../../contracts/errors.ts';
import { bundleManifestSchema, predictionAnswerSchema } from '../../contracts/serving.ts';
import type { LogRecord, PutTraffic } from '../../contracts/serving.ts';
import { DAY_MS, epochMs, isoInstant } from '../../domain/time.ts';
import type { ServingCheck, ServingQuery, ServingReport } from './port.ts';
import { NoAnswer, startServingProcess } from './serving-process.ts';
import type { ServingPlace, ServingProcess } from './serving-process.ts';

export interface GatewayProcessOptions extends ServingPlace {
  /** Reads an object by its digest. */
  readonly get: (digest: string) => Promise<Uint8Array>;
  /** Of the whole check once the bundle is loaded, milliseconds. */
  readonly checkMsMax: number;
}

/** A serving check that spawns a process for each candidate. */
export function createGatewayProcessCheck(options: GatewayProcessOptions): ServingCheck {
  return { check: (query, signal) => check(options, query, signal) };
}

async function check(options: GatewayProcessOptions, query: ServingQuery, signal: AbortSignal): Promise<ServingReport> {
  const unreadable = await readable(options, query.bundle);
  if (unreadable !== null) return nothingAnswered(query, unreadable);
  const serving = await startServingProcess(options, signal);
  try {
    await register(serving, query);
    const unloadable = await load(serving, query, options.startMsMax);
    return unloadable === null ? await ask(serving, query, options.checkMsMax) : nothingAnswered(query, unloadable);
  } finally {
    await serving.end();
  }
}

const nothingAnswered = ({ requests }: ServingQuery, reason: string): ServingReport => ({
  answered: 0,
  failures: [{ reason, requests: requests.length }],
  latencyMsP99: null,
  memoryBytes: 0,
});

/**
 * Why the bundle cannot be read at all; null when it can. An object store that is away is no fault of the candidate.
 * @throws OBJECT_STORE_UNAVAILABLE
 */
async function readable({ get }: GatewayProcessOptions, bundle: string): Promise<string | null> {
  try {
    const manifest = bundleManifestSchema.parse(JSON.parse(new TextDecoder().decode(await get(bundle))));
    await get(manifest.artifact);
    return null;
  } catch (error) {
    if (error instanceof HoldfastError && error.kind === 'retryable') throw error;
    return `the bundle does not load: ${(error as Error).message}`;
  }
}

/** The model as every gateway knows it. A fallback that does not load is no fault of the candidate. */
async function register(serving: ServingProcess, { model, registration }: ServingQuery): Promise<void> {
  const { status, text } = await serving.call('PUT', `/v1/models/${model}`, registration);
  if (status !== 200) throw new Error(`the model could not be registered at the serving process: ${text}`);
}

/** Makes the candidate what serves. Null when it loads, else why not. */
async function load(
  serving: ServingProcess,
  { model, bundle }: ServingQuery,
  deadlineMs: number,
): Promise<string | null> {
  const entry = { effectiveFrom: null, stable: bundle, candidate: null, exposure: 0, salt: '', mirror: false };
  const split: PutTraffic = { generation: 1, decisionId: 'serving-check', entry };
  try {
    const { status, text } = await serving.call('PUT', `/v1/models/${model}/traffic`, split, deadlineMs);
    return status === 200 ? null : `the bundle does not load: ${messageOf(text)}`;
  } catch (error) {
    if (error instanceof NoAnswer) return `while the bundle was loaded: ${error.message}`;
    throw error;
  }
}

async function ask(serving: ServingProcess, query: ServingQuery, checkMsMax: number): Promise<ServingReport> {
  const latencies: number[] = [];
  const failures = new Map<string, number>();
  const fail = (reason: string, requests: number): void =>
    void failures.set(reason, (failures.get(reason) ?? 0) + requests);
  let memoryBytes = await memoryOf(serving, 0);
  let strangers = 0;
  const stopAt = Date.now() + checkMsMax;
  for (const [index, request] of query.requests.entries()) {
    const left = query.requests.length - index;
    if (Date.now() > stopAt) {
      fail(`not asked any more: the check took longer than ${checkMsMax / 1000} s`, left);
      break;
    }
    const began = performance.now();
    try {
      const { status, text } = await serving.call('POST', `/v1/models/${query.model}/predictions`, request);
      const answer = status === 200 ? predictionAnswerSchema.parse(JSON.parse(text)) : null;
      if (answer === null) fail(`refused with ${status}: ${messageOf(text)}`, 1);
      else if (answer.arm === 'stable' && answer.bundle === query.bundle) latencies.push(performance.now() - began);
      else strangers += 1;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      // One that does not answer once is not asked again and again: each would cost as long.
      fail(error.message, left);
      break;
    }
  }
  if (strangers > 0) fail(`answered by the fallback: ${await firstFault(serving, query)}`, strangers);
  memoryBytes = await memoryOf(serving, memoryBytes);
  return {
    answered: latencies.length,
    failures: [...failures].map(([reason, requests]) => ({ reason, requests })),
    latencyMsP99: percentile99(latencies),
    memoryBytes,
  };
}

/** Nearest rank; null of nothing. */
function percentile99(latencies: readonly number[]): number | null {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? null;
}

/** Resident memory as the process says itself, or what was known before it went silent. */
async function memoryOf(serving: ServingProcess, known: number): Promise<number> {
  try {
    const { text } = await serving.call('GET', '/metrics');
    return Math.max(known, (JSON.parse(text) as { readonly memoryBytes: number }).memoryBytes);
  } catch (error) {
    if (error instanceof NoAnswer) return known;
    throw error;
  }
}

/** The first thing that went wrong at scoring, from the process's own log. */
async function firstFault(serving: ServingProcess, { model, requests }: ServingQuery): Promise<string> {
  const unknown = 'the bundle has no healthy answer';
  try {
    const latest = Math.max(
      ...requests.map(({ eventTime }) => (eventTime === undefined ? Date.now() : epochMs(eventTime))),
    );
    await serving.call('POST', `/v1/models/${model}/watermark`, { through: isoInstant(latest + DAY_MS) });
    const { text } = await serving.call('GET', `/v1/models/${model}/log/segments/1`);
    const records = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogRecord);
    const fault = records.find((record) => record.kind === 'prediction' && record.stableError !== null);
    return fault?.kind === 'prediction' ? (fault.stableError ?? unknown) : unknown;
  } catch (error) {
    if (error instanceof NoAnswer) return unknown;
    throw error;
  }
}

/** What a refusal of the gateway says. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { readonly error: { readonly message: string } }).error.message;
  } catch {
    return text.slice(0, 300);
  }
}
