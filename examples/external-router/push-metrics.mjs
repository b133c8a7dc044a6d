#!/usr/bin/env node
/**
 * Counts sessions and abandoned sessions of finished cohorts, in both arms, and pushes them to the rollout in flight. In production a job does this
 * after every cohort; sent again, each batch counts once.
 *
 *   node push-metrics.mjs --events events.jsonl --edge http://127.0.0.1:8482 [--model order-ranker] [--cohort-hours 6]
 *
 * HOLDFAST_TOKEN is sent as the bearer token where it is set. Each line of the events is {"at", "session", "bundle", "abandoned"}.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Pushes every finished cohort of a file of events. Prints what was not known before.
 * @returns whether there was a rollout to push for
 */
export async function push({ events, edge, model, cohortHours, token }) {
  const headers = { 'content-type': 'application/x-ndjson', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const found = await fetch(`${edge}/v1/models/${model}/rollout`, { headers });
  const rollout = await found.json();
  if (found.status === 404) {
    console.log(`nothing to push for: ${rollout.error.message}`);
    return false;
  }
  if (!found.ok) throw new Error(`${rollout.error.message}\n${rollout.error.remedy}`);
  const batches = batchesOf(events, rollout.bundle, cohortHours * 3_600_000);
  if (batches.length === 0) return true;
  const pushed = await fetch(`${edge}/v1/rollouts/${rollout.rolloutId}/evidence?by=metrics-job`, {
    method: 'POST',
    headers,
    body: batches.map((batch) => JSON.stringify(batch)).join('\n'),
  });
  const answer = await pushed.json();
  if (answer.receipts === undefined) throw new Error(`${answer.error.message}\n${answer.error.remedy}`);
  for (const { batchId, result, message } of answer.receipts) if (result !== 'duplicate') console.log(`${result}  ${batchId}  ${message}`);
  console.log(`${answer.recorded} recorded, ${answer.duplicate} duplicate, ${answer.refused} refused`);
  return true;
}

const instant = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');

/** A session counts once, however often it asked, in the cohort of its first request. */
function batchesOf(events, candidate, cohortMs) {
  const sessions = new Map();
  const text = existsSync(events) ? readFileSync(events, 'utf8') : '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { at, session, bundle, abandoned } = JSON.parse(line);
    const known = sessions.get(session) ?? { cohort: Math.floor(Date.parse(at) / cohortMs), bundle, abandoned: false };
    sessions.set(session, { ...known, abandoned: known.abandoned || abandoned });
  }
  const cohorts = new Map();
  for (const { cohort, bundle, abandoned } of sessions.values()) {
    const counts = cohorts.get(cohort) ?? { candidateEvents: 0, events: 0, candidateExposures: 0, exposures: 0 };
    const isCandidate = bundle === candidate ? 1 : 0;
    counts.exposures += 1;
    counts.candidateExposures += isCandidate;
    counts.events += abandoned ? 1 : 0;
    counts.candidateEvents += abandoned ? isCandidate : 0;
    cohorts.set(cohort, counts);
  }
  // A cohort in which the candidate served nobody says nothing of it.
  const served = [...cohorts].filter(([, { candidateExposures }]) => candidateExposures > 0).sort(([a], [b]) => a - b);
  return served.map(([cohort, counts]) => {
    const cohortStart = instant(cohort * cohortMs);
    // Every session is a unit: whether the router splits them as ordered is judged, too.
    const candidate = counts.candidateExposures;
    const assigned = { control: counts.exposures - candidate, candidate };
    return { batchId: `abandoned/${cohortStart}`, metric: 'abandoned', cohortStart, counts, assigned };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      events: { type: 'string', default: 'events.jsonl' },
      edge: { type: 'string', default: 'http://127.0.0.1:8482' },
      model: { type: 'string', default: 'order-ranker' },
      'cohort-hours': { type: 'string', default: '6' },
    },
  });
  const { events, edge, model, 'cohort-hours': cohortHours } = values;
  await push({ events, edge, model, cohortHours: Number(cohortHours), token: process.env.HOLDFAST_TOKEN });
}
