#!/usr/bin/env node
/**
 * A traffic router for a service that Holdfast's gateway does not serve. Towards Holdfast it speaks what a gateway speaks of splits: registration,
 * traffic, fallback, ledger, and a log whose segments are closed and empty, because this router logs no predictions and says so. Towards users it
 * is a proxy: it picks a version of the service by the split and passes the request on.
 *
 *   node router.mjs --upstream 'http://127.0.0.1:9481/{bundle}' [--port 9480] [--state router-state.json] [--clock wall|stream] [--name router-1]
 *
 * `{bundle}` stands for the digest of the version. The version says at GET {upstream}/healthz that it is there (200), that it is coming (503: Holdfast
 * asks again) or that there is none (404: the split is refused). With the clock of the stream, event time is what the sender says, for rehearsals.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    upstream: { type: 'string' },
    port: { type: 'string', default: '9480' },
    state: { type: 'string', default: 'router-state.json' },
    clock: { type: 'string', default: 'wall' },
    name: { type: 'string', default: 'router-1' },
  },
});
if (options.upstream === undefined || !['wall', 'stream'].includes(options.clock)) {
  console.error("usage: router.mjs --upstream 'http://127.0.0.1:9481/{bundle}' [--clock wall|stream]");
  process.exit(2);
}

/** A request that is being answered may still carry an event time this long ago, milliseconds. */
const SLACK_MS = 5_000;
/** With the wall clock a segment is closed so often: the log is complete through its end. */
const SEGMENT_MS = 60_000;
const SEGMENTS_KEPT = 10_000;
const BODY_BYTES_MAX = 1024 * 1024;
const UPSTREAM_PATIENCE_MS = 10_000;

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const instant = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** JSON with sorted keys: equal content, equal text. */
const canonical = (value) =>
  JSON.stringify(value, (_key, member) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

/** By model: everything that must outlive this process. What was accepted last is served when all else is down. */
const models = existsSync(options.state) ? JSON.parse(readFileSync(options.state, 'utf8')) : {};
/** Requests of the candidate that are being answered, by model. */
const inFlight = {};

/** On the disk before it is acknowledged: written beside, flushed, put in place by a rename. */
function save() {
  const file = openSync(`${options.state}.new`, 'w');
  writeSync(file, JSON.stringify(models));
  fsyncSync(file);
  closeSync(file);
  renameSync(`${options.state}.new`, options.state);
}

function known(model) {
  if (Object.hasOwn(models, model)) return models[model];
  throw new Refusal(404, 'MODEL_UNKNOWN', `model ${model} is not registered`);
}

// --- Splits: who serves whom from which event time on. The same law as a gateway's.

const hasStarted = ({ effectiveFrom }, at) => effectiveFrom === null || Date.parse(effectiveFrom) <= at;
const entryAt = (entries, at) => entries.findLast((entry) => hasStarted(entry, at)) ?? null;

/** First event time of which nothing has been answered; null before the first. */
const clockOf = ({ clock }) => (options.clock === 'wall' ? Date.now() : clock);

/** Above the generation before, or the same once more; a later start of the same decision postpones it. */
function fence(last, change, clock) {
  if (last === null || change.generation > last.generation) return 'new';
  if (change.generation === last.generation) {
    if (canonical(change) === canonical(last)) return 'repeated';
    const [before, after] = [last.entry?.effectiveFrom ?? null, change.entry?.effectiveFrom ?? null];
    const later = before !== null && after !== null && Date.parse(after) > Date.parse(before);
    const postponed = { ...last, entry: { ...last.entry, effectiveFrom: after } };
    if (later && (clock === null || Date.parse(before) >= clock) && canonical(postponed) === canonical(change)) return 'new';
  }
  const reason = `generation ${change.generation} of ${change.decisionId} is not above the present ${last.generation} (${last.decisionId})`;
  throw new Refusal(409, 'GENERATION_STALE', reason);
}

function raises(present, next) {
  if (next.candidate === null) return false;
  if (present?.candidate === next.candidate && present.salt === next.salt) return next.exposure > present.exposure;
  return next.exposure > 0 || next.effectiveFrom !== null;
}

async function putTraffic(model, change) {
  const state = known(model);
  await mustServe(change.entry.stable);
  if (change.entry.candidate !== null) await mustServe(change.entry.candidate);
  return changed(model, 'split', change, () => {
    const clock = clockOf(state);
    if (fence(state.last, change, clock) === 'repeated') return;
    const { effectiveFrom } = change.entry;
    const started = state.entries.filter((entry) => hasStarted(entry, clock ?? -Infinity));
    // A rise must come before the first request it is for; a fall may come at any time.
    const late = clock !== null && (effectiveFrom === null || Date.parse(effectiveFrom) < clock);
    if (late && raises(started.at(-1) ?? null, change.entry))
      throw new Refusal(409, 'EFFECTIVE_FROM_PASSED', `effectiveFrom is ${effectiveFrom}, and the event clock is at ${instant(clock)}`);
    state.entries = [...(effectiveFrom === null ? [] : started), change.entry];
    state.last = change;
    return change.entry;
  });
}

async function putFallback(model, change) {
  const state = known(model);
  if (change.bundle !== null) await mustServe(change.bundle);
  return changed(model, 'fallback', change, () => {
    if (fence(state.lastFallback, change, null) === 'repeated') return;
    state.lastFallback = change;
    return { bundle: change.bundle };
  });
}

/** Every change and every refusal is a line of the ledger, chained by digest, before it is answered. */
function changed(model, kind, change, apply) {
  const state = known(model);
  let refused = null;
  try {
    if (apply() === undefined) return trafficOf(model);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused = error;
  }
  const { generation, decisionId } = change;
  const clock = clockOf(state);
  const unsigned = {
    sequence: state.ledger.length + 1,
    kind,
    accepted: refused === null,
    reason: refused?.message ?? null,
    generation,
    decisionId,
    entry: kind === 'split' ? change.entry : { bundle: change.bundle },
    eventTime: clock === null ? null : instant(clock),
    previousDigest: state.ledger.at(-1)?.digest ?? '0'.repeat(64),
  };
  state.ledger.push({ ...unsigned, digest: sha256(canonical(unsigned)) });
  save();
  if (refused !== null) throw refused;
  return trafficOf(model);
}

function trafficOf(model) {
  const state = known(model);
  const clock = clockOf(state);
  const present = entryAt(state.entries, clock ?? -Infinity);
  return {
    model,
    generation: state.last?.generation ?? 0,
    decisionId: state.last?.decisionId ?? null,
    entries: state.entries,
    fallback: { generation: state.lastFallback?.generation ?? 0, bundle: state.lastFallback?.bundle ?? null },
    watermark: state.segments.at(-1)?.through ?? null,
    eventClock: clock === null ? null : instant(clock),
    servingNow: {
      stable: present?.stable ?? state.fallback,
      candidate: present?.candidate ?? null,
      exposure: present?.exposure ?? 0,
      candidateInFlight: inFlight[model] ?? 0,
    },
  };
}

// --- The log: no predictions are in it, and its watermark says through which event time all requests have been answered.

function promise(model, through) {
  const state = known(model);
  const last = state.segments.at(-1);
  if (last === undefined || Date.parse(last.through) < through) {
    const segment = { gateway: options.name, segment: (last?.segment ?? 0) + 1, records: 0, bytes: 0, through: instant(through) };
    state.segments = [...state.segments, segment].slice(-SEGMENTS_KEPT);
    state.clock = Math.max(state.clock ?? 0, through);
    save();
  }
  return { watermark: state.segments.at(-1).through };
}

function tick() {
  for (const model of Object.keys(models)) promise(model, Date.now() - SLACK_MS);
}

// --- Users: a unit keeps its arm, and is in at every higher exposure when it is in at a lower one.

function pick(model, unit, at) {
  const state = known(model);
  if (state.lastFallback?.bundle) return { arm: 'fallback', bundle: state.lastFallback.bundle };
  const entry = entryAt(state.entries, at);
  if (entry === null) return { arm: 'stable', bundle: state.fallback };
  const point = createHash('sha256').update(JSON.stringify([model, entry.salt, unit])).digest().readUInt32BE(0) / 2 ** 32;
  const isCandidate = entry.candidate !== null && point < entry.exposure;
  return isCandidate ? { arm: 'candidate', bundle: entry.candidate } : { arm: 'stable', bundle: entry.stable };
}

const upstreamOf = (bundle) => options.upstream.replaceAll('{bundle}', bundle);

async function mustServe(bundle) {
  const found = await fetch(`${upstreamOf(bundle)}/healthz`, { signal: AbortSignal.timeout(UPSTREAM_PATIENCE_MS) }).catch(
    (error) => ({ status: 503, reason: String(error.cause ?? error) }),
  );
  if (found.status === 200) return;
  if (found.status === 404) throw new Refusal(422, 'BUNDLE_NOT_LOADABLE', `version ${bundle} is not deployed`);
  throw new Refusal(503, 'GATEWAY_NOT_READY', `version ${bundle} does not answer yet: ${found.reason ?? found.status}`);
}

async function serve(model, rest, request, response) {
  const state = known(model);
  const unit = request.headers['x-unit'] ?? '';
  if (unit === '') throw new Refusal(400, 'REQUEST_INVALID', 'x-unit is missing: say what is assigned');
  const said = Date.parse(request.headers['x-event-time'] ?? '');
  const at = options.clock === 'wall' ? Date.now() : said;
  if (Number.isNaN(at)) throw new Refusal(400, 'REQUEST_INVALID', 'x-event-time is missing or no instant');
  const { arm, bundle } = pick(model, unit, at);
  if (options.clock === 'stream') state.clock = Math.max(state.clock ?? 0, at + 1);
  const body = request.method === 'GET' ? undefined : await readBody(request);
  if (arm === 'candidate') inFlight[model] = (inFlight[model] ?? 0) + 1;
  try {
    const answer = await fetch(`${upstreamOf(bundle)}/${rest}`, {
      method: request.method,
      body,
      signal: AbortSignal.timeout(UPSTREAM_PATIENCE_MS),
    });
    const type = answer.headers.get('content-type') ?? 'application/octet-stream';
    const content = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, { 'content-type': type, 'x-arm': arm, 'x-bundle': bundle }).end(content);
  } finally {
    if (arm === 'candidate') inFlight[model] -= 1;
  }
}

// --- HTTP.

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, 'BODY_TOO_LARGE', `the body is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function json(request) {
  try {
    return JSON.parse((await readBody(request)).toString('utf8'));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'REQUEST_INVALID', `the body is not JSON: ${error.message}`);
  }
}

const lines = (items) => items.map((item) => `${JSON.stringify(item)}\n`).join('');

/** What Holdfast asks, by method and the path behind the model. */
const OPERATIONS = {
  'GET traffic': (model) => trafficOf(model),
  'PUT traffic': async (model, request) => putTraffic(model, await json(request)),
  'PUT fallback': async (model, request) => putFallback(model, await json(request)),
  'POST watermark': async (model, request) => promise(model, Date.parse((await json(request)).through)),
  'GET ledger': (model, _request, after) => lines(known(model).ledger.filter(({ sequence }) => sequence > after)),
  'GET log/segments': (model, _request, after) => known(model).segments.filter(({ segment }) => segment > after),
};

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://router');
  const [, area, model, rest = ''] = /^\/(v1\/models|serve)\/([a-z0-9-]+)(?:\/(.*))?$/.exec(pathname) ?? [];
  if (area === 'serve') return serve(model, rest, request, response);
  if (pathname === '/healthz') return { gateway: options.name };
  if (area === undefined) throw new Refusal(404, 'ROUTE_UNKNOWN', `${request.method} ${pathname} is no operation of this router`);
  if (rest === '' && request.method === 'PUT') {
    const { fallback } = await json(request);
    models[model] = { last: null, entries: [], lastFallback: null, ledger: [], segments: [], clock: null, ...models[model], fallback };
    save();
    if (options.clock === 'wall') tick();
    return { model, fallback };
  }
  // A segment of this log has no records.
  if (request.method === 'GET' && /^log\/segments\/\d+$/.test(rest)) return '';
  const operation = OPERATIONS[`${request.method} ${rest}`];
  if (operation === undefined) throw new Refusal(404, 'ROUTE_UNKNOWN', `${request.method} ${pathname} is no operation of this router`);
  return operation(model, request, Number(searchParams.get('after') ?? 0));
}

const server = createServer((request, response) => {
  answer(request, response).then(
    (body) => {
      if (response.headersSent) return;
      const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json';
      response.writeHead(200, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
    },
    (error) => {
      const { status = 502, code = 'UPSTREAM_FAILED', message } = error;
      if (response.headersSent) return response.destroy();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code, message, details: null } }));
    },
  );
});
server.listen(Number(options.port), '127.0.0.1', () => console.log(`router ${options.name} at http://127.0.0.1:${server.address().port}`));
if (options.clock === 'wall') setInterval(tick, SEGMENT_MS).unref();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
