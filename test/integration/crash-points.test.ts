import assert from 'node:assert/strict';
import { crashAt } from '../../scripts/verify-rollout/crash-points/crash-points.ts';
import type { CrashOptions, CrashRun } from '../../scripts/verify-rollout/crash-points/crash-points.ts';
import { allPoints, EFFECTS } from '../../scripts/verify-rollout/crash-points/effects.ts';
import { killThroughout } from '../../scripts/verify-rollout/kills/killer.ts';
import type { Kill } from '../../scripts/verify-rollout/kills/killer.ts';
import { createNotificationActivities } from '../../src/activities/notifications.ts';
import { createPromotionActivities } from '../../src/activities/promotion.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import { createRolloutActivities } from '../../src/activities/rollout.ts';
import { randomFrom } from '../../src/simulation/gate/random.ts';

/** Points that another worker takes up at once or after five seconds; `npm run verify:rollout` tries all of them. */
const TRIED = [
  'beginRollout/policy/after the report',
  'setExposure/split at 0.25/at one gateway of two',
  'finishRollout/candidate rolled_back/before it',
];

describe('crash points of rollout and promotion', function () {
  this.timeout(120_000);
  const points = allPoints().filter(({ activity, writes, point }) => TRIED.includes(`${activity}/${writes}/${point}`));
  const kills: Kill[] = [];
  let run: CrashRun;
  before(async () => {
    let isOver = false;
    const each = { worker: 0, temporal: 1, postgres: 1, gateway: 1 };
    const onKill = (kill: Kill): void => void kills.push(kill);
    const beside: CrashOptions['beside'] = (ground) =>
      killThroughout(ground, each, randomFrom(1), onKill, () => isOver);
    run = await crashAt(points, { lanes: points.length, beside }).finally(() => void (isOver = true));
  });

  it('are listed for every activity', () => {
    const ports = {} as ActivityPorts;
    const activities = Object.keys({
      ...createRolloutActivities(ports),
      ...createPromotionActivities(ports),
      ...createNotificationActivities(ports),
    });
    const listed = new Set<string>(EFFECTS.map(({ activity }) => activity));
    assert.deepEqual(
      activities.filter((name) => !listed.has(name)),
      [],
      'an activity writes and is in no row of scripts/verify-rollout/crash-points/effects.ts',
    );
  });

  it('are listed for everything that a story writes', () => {
    assert.deepEqual(run.unknown, []);
    assert.ok(run.undisturbed.every(({ faults }) => faults.length === 0));
  });

  it('change nothing: a worker that dies there leaves the same decisions, none twice, and the same exposures in order', () => {
    assert.equal(run.crashes.length, TRIED.length);
    for (const { activity, writes, point, faults } of run.crashes)
      assert.deepEqual(faults, [], `${activity}, ${writes}, ${point}`);
  });

  it('change nothing either where Temporal, PostgreSQL and a gateway die beside it, each while work is open', () => {
    assert.deepEqual(kills.map(({ victim }) => victim).sort(), ['gateway', 'postgres', 'temporal']);
    for (const { open } of kills) assert.ok(open > 0);
  });
});
