import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBundles } from '../../src/gateway/bundles.ts';
import { createEventClock } from '../../src/gateway/event-clock.ts';
import { openLedger } from '../../src/gateway/ledger.ts';
import { openLogSegments } from '../../src/gateway/log-segments.ts';
import { createOutcomeIntake } from '../../src/gateway/outcome-intake.ts';
import type { OutcomeIntake } from '../../src/gateway/outcome-intake.ts';
import { createPredictionDesk } from '../../src/gateway/prediction-desk.ts';
import type { PredictionDesk } from '../../src/gateway/prediction-desk.ts';
import { createRecentAnswers } from '../../src/gateway/recent-requests.ts';
import { openServingSchedule } from '../../src/gateway/schedule.ts';
import { GatewayFixture, MODEL, request, split } from './gateway-fixture.ts';

const T10 = '2001-02-01T10:00:00Z';

describe('while its log cannot be written, the gateway', () => {
  let fixture: GatewayFixture;
  let folder: string;
  let desk: PredictionDesk;
  let intake: OutcomeIntake;
  beforeEach(async () => {
    fixture = await GatewayFixture.create();
    folder = await mkdtemp(join(tmpdir(), 'holdfast-failure-'));
    const bundles = createBundles(fixture.store, join(folder, 'bundles'));
    const load = async (value: number) => bundles.load(await fixture.constant(value), MODEL, []);
    const [fallback, stable, candidate] = [await load(0.2), await load(0.3), await load(0.4)];
    const schedule = openServingSchedule(openLedger(join(folder, 'ledger.jsonl')));
    schedule.putTraffic(split(1, { stable: stable.digest }), null);
    const rise = { stable: stable.digest, candidate: candidate.digest, exposure: 1, effectiveFrom: T10 };
    schedule.putTraffic(split(2, rise), Date.parse(T10) - 1000);
    for (const bundle of [stable, candidate]) schedule.provide(bundle);
    const clock = createEventClock({ mode: 'stream', now: () => 0, slackMs: 0 });
    const recent = createRecentAnswers(100);
    const log = await openLogSegments(join(folder, 'log'));
    intake = createOutcomeIntake({ log, clock, recent, features: [], recentMin: 100 });
    desk = createPredictionDesk({ model: MODEL, schedule, fallback, log, clock, recent, intake, sync: true });
    await log.end();
  });
  afterEach(async () => {
    await fixture.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('goes on answering, but exposes nobody to the candidate without a record', async () => {
    const requests = [request('before', '2001-02-01T09:00:00Z'), request('after', T10)];
    const { answer, sent } = await desk.predict({ requests });
    assert.ok('answers' in answer);
    assert.deepEqual(
      answer.answers.map(({ arm, prediction }) => [arm, prediction]),
      [
        ['stable', 0.3],
        ['fallback', 0.2],
      ],
    );
    sent();
    assert.deepEqual([desk.counts.unlogged, desk.counts.predictions, desk.candidateInFlight()], [2, 0, 0]);
  });

  it('does not take a request for known that it could not log', async () => {
    await desk.predict(request('r', T10));
    await desk.predict(request('r', T10));
    assert.equal(desk.counts.duplicates, 0);
  });

  it('acknowledges no outcome, and does not take it for known: LOG_UNAVAILABLE', async () => {
    const body = { outcomes: [{ requestId: 'o', label: 1, knownAt: T10, inputs: {} }] };
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(intake.take(body), { code: 'LOG_UNAVAILABLE', kind: 'retryable' });
    }
    assert.deepEqual([intake.counts.outcomes, intake.counts.duplicates], [0, 0]);
    assert.equal(intake.freshThrough(), null);
  });
});
