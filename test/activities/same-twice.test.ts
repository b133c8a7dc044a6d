import assert from 'node:assert/strict';
import { createCollectionActivities } from '../../src/activities/collection.ts';
import { createMonitoringActivities } from '../../src/activities/monitoring.ts';
import type { RecordKind } from '../../src/contracts/records.ts';
import { DAY_MS, HOUR_MS, isoDay } from '../../src/domain/time.ts';
import {
  COHORT_MS,
  CONSTANT,
  FRESH,
  haveBeenStable,
  MODEL,
  smallWorld,
  START,
  STATIC,
  traffic,
} from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const KINDS: readonly RecordKind[] = ['partition', 'performance', 'incident', 'suiteCase', 'stage', 'memory', 'ledger'];
const rows = Array.from({ length: 6 }, (_, day) => `${isoDay(START + (day - 2) * DAY_MS)} 01:00:00,north,10,1,30`);

/** Two days of cohorts, the features of one of which are stale; every process does all it can at each boundary. */
async function live(world: SmallWorld): Promise<void> {
  await haveBeenStable(world.records, [CONSTANT, STATIC, FRESH]);
  const collection = createCollectionActivities(world.ports);
  const monitoring = createMonitoringActivities(world.ports);
  const counts = { collected: 0, monitored: 0, recovery: 0 };
  let open: string | null = null;
  const attempt = async <T>(participant: string, activity: () => Promise<T>): Promise<T | null> => {
    let found: T | null = null;
    await world
      .finds(participant, async () => {
        found = await activity();
        return found;
      })
      .catch(() => null);
    return found;
  };
  for (let cohort = 0; cohort < 16; cohort += 1) {
    const from = START + cohort * COHORT_MS;
    const answered = open === null ? { bundle: FRESH } : { bundle: STATIC, served: 'fallback' as const };
    const featureAgeMs = cohort === 3 ? 3 * HOUR_MS : 60_000;
    const cohortTraffic = { from, to: from + COHORT_MS, units: 10, prediction: 0.2, positive: 0.2, featureAgeMs };
    world.gateways[0]!.close(from + COHORT_MS, traffic({ ...cohortTraffic, ...answered }));
    const collected = await attempt(`collection/${MODEL}`, () =>
      collection.collectNext({ model: MODEL, sequence: counts.collected }),
    );
    if (collected !== null) counts.collected += 1;
    for (const day of collected?.days ?? []) await world.run(() => collection.landPartition({ model: MODEL, day }));
    for (;;) {
      const work = await attempt(`monitoring/${MODEL}`, () =>
        monitoring.monitorNext({ model: MODEL, sequence: counts.monitored }),
      );
      if (work === null) break;
      counts.monitored += 1;
      if (work.kind !== 'incident') continue;
      open = work.incident.id;
      await world.run(() => monitoring.respond({ model: MODEL, incidentId: work.incident.id }));
    }
    const incidentId: string | null = open;
    if (incidentId === null) continue;
    const answer = await attempt(incidentId, () =>
      monitoring.recoveryNext({ model: MODEL, incidentId, sequence: counts.recovery }),
    );
    if (answer !== null) counts.recovery += 1;
    if (answer?.recovered !== true) continue;
    await world.run(() => monitoring.closeIncident({ model: MODEL, incidentId }));
    open = null;
  }
}

async function recordsOf(world: SmallWorld): Promise<unknown> {
  return world.records.transaction(MODEL, async (tx) => {
    const all: Array<readonly [RecordKind, unknown]> = [];
    for (const kind of KINDS) all.push([kind, await tx.list(kind)]);
    return { all, owed: await tx.handoffs(), watermark: await tx.watermark() };
  });
}

describe('two runs over the same events', function () {
  this.timeout(120_000);

  it('leave the same records, byte for byte', async () => {
    const left: unknown[] = [];
    for (let times = 0; times < 2; times += 1) {
      const world = await smallWorld({ rows });
      await live(world);
      left.push(await recordsOf(world));
      await world.close();
    }
    const [first, second] = left.map((records) => JSON.stringify(records));
    assert.match(first ?? '', /incident\/shop\/2001-01-03-1/);
    assert.match(first ?? '', /"closedAt":"2001-01-03T18:00:00Z"/);
    assert.equal(first, second);
  });
});
