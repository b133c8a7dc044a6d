import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCollectionActivities } from '../../src/activities/collection.ts';
import { storeBundle } from '../../src/activities/bundles.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import { createRolloutActivities } from '../../src/activities/rollout.ts';
import type { AttestationRecord, SuiteCaseRecord } from '../../src/contracts/records.ts';
import type { OfflineVerdict } from '../../src/contracts/workflows.ts';
import { DAY_MS, isoDay } from '../../src/domain/time.ts';
import { ROLLOUT } from './rollout-desk.ts';
import { activityEnvironment, MODEL, smallWorld, START } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const DAYS = ['2001-01-01', '2001-01-02'] as const;
/** Forty rows a day, north and south in turn; every fifth of the north and every fourth of the south is bad. */
const rows = DAYS.flatMap((day) =>
  Array.from({ length: 40 }, (_, index) => {
    const time = `${day} ${String(Math.floor(index / 2)).padStart(2, '0')}:${index % 2 === 0 ? '00' : '30'}:00`;
    return index % 2 === 0
      ? `${time},north,10,${index % 10 === 0 ? 1 : 0},30`
      : `${time},south,10,${index % 8 === 1 ? 1 : 0},30`;
  }),
);
const testCase = (id: string, over: Partial<SuiteCaseRecord> = {}): SuiteCaseRecord => ({
  id,
  origin: 'declared',
  incidentId: null,
  where: 'true',
  days: null,
  lastDays: 7,
  maxRegressionPerThousand: 10,
  minUnits: 20,
  reason: 'declared in the model file',
  since: '2001-01-03T00:00:00Z',
  ...over,
});

describe('offline evaluation', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  /** A bundle that answers everything with one number. */
  const constant = async (value: number): Promise<string> => {
    const artifact = { version: 1, kind: 'constant', objective: 'binary', featureNames: [], value };
    return storeBundle(world.ports.objectStore, {
      model: MODEL,
      idea: `always ${value}`,
      artifact: await world.ports.objectStore.put(JSON.stringify(artifact)),
      features: [],
      healthyRange: [0, 1],
      recipe: 'constant',
      datasetVersion: null,
      codeVersion: 'test',
    });
  };
  const grow = (...cases: readonly SuiteCaseRecord[]): Promise<void> =>
    world.records.transaction(MODEL, async (tx) => {
      for (const one of cases) await tx.insert('suiteCase', one.id, one);
    });
  const evaluate = async (
    candidate: number,
    over: { newCase?: string; ports?: ActivityPorts } = {},
  ): Promise<OfflineVerdict> => {
    const rollout = createRolloutActivities(over.ports ?? world.ports);
    const [bundle, stable] = [await constant(candidate), await constant(0.25)];
    return world.run(() => rollout.evaluateOffline({ ...ROLLOUT, bundle, stable, newCase: over.newCase ?? null }));
  };
  const attestations = (): Promise<AttestationRecord[]> =>
    world.records.transaction(MODEL, async (tx) => (await tx.list('attestation')).map(({ body }) => body));

  beforeEach(async () => {
    world = await smallWorld({ rows });
    const collection = createCollectionActivities(world.ports);
    for (const day of DAYS) await world.run(() => collection.landPartition({ model: MODEL, day }));
    await world.arrive(START, []);
  });
  afterEach(() => world.close());

  it('passes a candidate that is not worse than what serves on any case, and attests it', async () => {
    await grow(testCase('all'), testCase('south', { where: "shop = 'south'" }));
    const verdict = await evaluate(0.22);
    assert.deepEqual([verdict.passed, verdict.inWords], [true, 'passed 2 validation cases']);
    const [attestation] = await attestations();
    assert.deepEqual(
      attestation?.cases.map(({ id, units, result }) => [id, units, result]),
      [
        ['all', 80, 'passed'],
        ['south', 40, 'passed'],
      ],
    );
    // 18 of 80 are bad: mean (0.22 − label)².
    assert.ok(Math.abs((attestation?.cases[0]?.candidateLoss ?? 0) - (62 * 0.22 ** 2 + 18 * 0.78 ** 2) / 80) < 1e-12);
  });

  it('refuses for one case alone, with its numbers', async () => {
    await grow(testCase('all', { maxRegressionPerThousand: 400 }), testCase('north', { where: "shop = 'north'" }));
    const verdict = await evaluate(0.6);
    assert.equal(verdict.passed, false);
    assert.match(verdict.inWords, /^failed validation: north \(\+[0-9.]+ per 1,000, tolerated 10\)$/);
    assert.match(verdict.reasons.join('; '), /all: passed, .*; north: failed, /);
    const [decision] = await world.records.transaction(MODEL, (tx) => tx.chain('decision', ROLLOUT.rolloutId));
    assert.deepEqual([decision?.body.verdict, decision?.body.run], ['refuse', 'offline']);
  });

  it('skips a case with too few labelled rows and says so: missing is not bad', async () => {
    await grow(
      testCase('rare', { where: 'amount > 100' }),
      testCase('yesteryear', { days: { from: '2000-01-01', to: '2000-01-02' } }),
    );
    const verdict = await evaluate(0.9);
    assert.equal(verdict.passed, true);
    assert.deepEqual(verdict.reasons, [
      'rare: skipped, 0 labelled rows, 20 are needed',
      'yesteryear: skipped, 0 labelled rows, 20 are needed',
    ]);
  });

  it('looks at the days of a case that an incident has left, whenever they were', async () => {
    await grow(testCase('day-one', { origin: 'incident', days: { from: DAYS[0], to: DAYS[0] }, lastDays: null }));
    await world.arrive(START + 90 * DAY_MS, []);
    assert.equal((await evaluate(0.9)).passed, false);
    assert.equal((await attestations())[0]?.cases[0]?.units, 40);
  });

  it('is done once for a rollout: the recorded verdict stands, whatever the suite is now', async () => {
    await grow(testCase('all'));
    const first = await evaluate(0.22);
    await grow(testCase('north', { where: "shop = 'north'" }));
    assert.deepEqual(await evaluate(0.22), first);
    assert.equal((await attestations()).length, 1);
  });

  it('is done again on the grown suite when a case has come since', async () => {
    await grow(testCase('all', { maxRegressionPerThousand: 400 }));
    assert.equal((await evaluate(0.6)).passed, true);
    await grow(testCase('south', { where: "shop = 'south'" }));
    const again = await evaluate(0.6, { newCase: 'south' });
    assert.deepEqual([again.passed, again.inWords.startsWith('failed validation: south (')], [false, true]);
    assert.equal((await attestations()).length, 2);
  });

  it('gives signs of life while a large suite is assembled', async () => {
    await grow(testCase('all'));
    const slow: ActivityPorts = {
      ...world.ports,
      dataSource: async (model) => {
        const source = await world.ports.dataSource(model);
        return {
          ...source,
          assembleDataset: async (request) => {
            await sleep(1_200);
            return source.assembleDataset(request);
          },
        };
      },
    };
    const environment = activityEnvironment();
    let signs = 0;
    environment.on('heartbeat', () => (signs += 1));
    const [bundle, stable] = [await constant(0.22), await constant(0.25)];
    const rollout = createRolloutActivities(slow);
    await environment.run(() => rollout.evaluateOffline({ ...ROLLOUT, bundle, stable, newCase: null }));
    assert.ok(signs >= 1);
  });

  it('skips a case of a day that has not landed', async () => {
    await grow(testCase('day-three', { days: { from: isoDay(START), to: isoDay(START) }, lastDays: null }));
    assert.match((await evaluate(0.9)).reasons.join(), /skipped/);
  });
});
