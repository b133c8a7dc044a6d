#!/usr/bin/env node
/**
 * Users in quick motion, for a rehearsal: sessions of one cohort after the other through the router, event time told by the sender, then the
 * router's promise that the cohort is over, then the push of its counts.
 *
 *   node rehearse.mjs --router http://127.0.0.1:9480 --edge http://127.0.0.1:8482 [--cohorts 20] [--sessions 1000] [--worse]
 *
 * It goes on where the router's clock stands, at first from 2024-03-06, and ends when a rollout has ended. With --worse seven in ten sessions on the
 * candidate are abandoned instead of three.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { push } from './push-metrics.mjs';

const { values: options } = parseArgs({
  options: {
    router: { type: 'string', default: 'http://127.0.0.1:9480' },
    edge: { type: 'string', default: 'http://127.0.0.1:8482' },
    model: { type: 'string', default: 'order-ranker' },
    events: { type: 'string', default: 'events.jsonl' },
    from: { type: 'string' },
    cohorts: { type: 'string', default: '20' },
    sessions: { type: 'string', default: '1000' },
    worse: { type: 'boolean', default: false },
  },
});
const COHORT_MS = 6 * 3_600_000;
const AT_ONCE = 16;
const ABANDONED = 0.3;
const ABANDONED_WORSE = 0.7;
const instant = (ms) => new Date(ms).toISOString();
/** A number in [0, 1) that is always the same for the same text: the rehearsal is the same each time. */
const luck = (text) => createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;

const inFlight = async () => {
  const found = await fetch(`${options.edge}/v1/models/${options.model}/rollout`);
  return found.status === 200 ? found.json() : null;
};

const watermark = async (through) => {
  const response = await fetch(`${options.router}/v1/models/${options.model}/watermark`, {
    method: 'POST',
    body: JSON.stringify({ through: instant(through) }),
  });
  if (!response.ok) throw new Error(await response.text());
};

async function session(id, at) {
  const response = await fetch(`${options.router}/serve/${options.model}/rank`, {
    headers: { 'x-unit': id, 'x-event-time': instant(at) },
  });
  await response.text();
  if (!response.ok) throw new Error(`session ${id}: ${response.status}`);
  const bundle = response.headers.get('x-bundle');
  const risk = options.worse && response.headers.get('x-arm') === 'candidate' ? ABANDONED_WORSE : ABANDONED;
  return `${JSON.stringify({ at: instant(at), session: id, bundle, abandoned: luck(id) < risk })}\n`;
}

async function cohort(start, sessions) {
  for (let first = 0; first < sessions; first += AT_ONCE) {
    const few = Array.from({ length: Math.min(AT_ONCE, sessions - first) }, (_, index) => first + index);
    const told = await Promise.all(few.map((each) => session(`${start}-${each}`, start + Math.floor((COHORT_MS * each) / sessions))));
    appendFileSync(options.events, told.join(''));
  }
}

/** The gate looks when a cohort is over: what it has said of this one decides what the next is served. */
async function judged(through) {
  for (let tries = 0; tries < 200; tries += 1) {
    const rollout = await inFlight();
    if (rollout === null || rollout.fullFrom !== null || rollout.decision !== null) return rollout;
    const { origin, lengthMs } = rollout.brief?.calendar ?? { origin: 0, lengthMs: 0 };
    if (rollout.run !== null && rollout.ordered === null && origin + rollout.judgedCohort * lengthMs >= through) return rollout;
    await sleep(50);
  }
  return inFlight();
}

writeFileSync(options.events, '');
const traffic = await fetch(`${options.router}/v1/models/${options.model}/traffic`);
if (!traffic.ok) throw new Error(`the router does not know ${options.model} yet; start the model first`);
const begin = Date.parse(options.from ?? (await traffic.json()).watermark ?? '2024-03-06');
await watermark(begin);
let seen = false;
for (let index = 0; index < Number(options.cohorts); index += 1) {
  const start = begin + index * COHORT_MS;
  await cohort(start, Number(options.sessions));
  const end = start + COHORT_MS;
  await watermark(end);
  const rollout = await judged(end);
  if (rollout === null && seen) break;
  seen ||= rollout !== null;
  const words = rollout === null ? 'no rollout in flight' : `exposure ${rollout.exposure}: ${rollout.inWords}`;
  console.log(`${instant(start).slice(0, 13)}  ${words}`);
  const { events, edge, model } = options;
  await push({ events, edge, model, cohortHours: 6, token: process.env.HOLDFAST_TOKEN });
}
