import assert from 'node:assert/strict';
import type { GatePlanView } from '../../../src/pages/gate/plan.ts';
import { captured } from '../captured.ts';
import { COLUMNS, csvOf, Folder, pastUnits } from './fixtures.ts';

const folder = new Folder();
const RATES = ['--base', '0.05', '--units-per-day', '24000', '--margin', '0.02', '--start', '2026-12-01'];
const plan = (...args: readonly string[]) => captured(['gate', 'plan', ...args]);

async function view(...args: readonly string[]): Promise<GatePlanView> {
  const { stdout, stderr, exitCode } = await plan(...args, '--json');
  assert.deepEqual([stderr, exitCode], ['', 0]);
  return JSON.parse(stdout) as GatePlanView;
}

describe('holdfast gate plan', () => {
  after(() => folder.remove());

  it('says units, days and dates of each step, the same in words and in its document', async () => {
    const { plan: planned, dates } = await view(...RATES);
    const { stdout } = await plan(...RATES);
    assert.equal(planned.steps.length, 4);
    const [first] = planned.steps;
    assert.deepEqual(first!.units, { p50: 1232, p90: 2679 });
    assert.match(stdout, /24,000 units a day, loss 5 %, cohorts of 1 hour/);
    assert.match(
      stdout,
      /1 +5 % +10 % +\+2\.00 +1,200 +1,232 … 2,679 +1 d … 2\.3 d +2026-12-01 +2026-12-02 +2026-12-03/,
    );
    assert.deepEqual(dates[0], { from: '2026-12-01', p50: '2026-12-02', p90: '2026-12-03' });
  });

  it('takes rate, traffic and scatter from a past', async () => {
    const units = pastUnits({ units: 14_000, delta: 0, share: 0.5, seed: 2, days: 14 });
    const file = folder.write('past.csv', csvOf(units));
    const { world, notes } = await view(file, ...COLUMNS, '--margin', '0.02');
    assert.ok(Math.abs(world.mean - 0.05) < 0.01 && Math.abs(world.unitsPerDay - 1000) < 20);
    assert.ok(world.designEffect !== null && world.designEffect.value < 2.5);
    assert.match(
      notes.join(),
      /differences of \d+ (days|cohorts) scatter [\d.]+ times as much as those of independent units/,
    );
    const alone = await view(file, '--unit', 'user', '--time', 'assigned_at', '--loss', 'failed');
    assert.equal(alone.world.designEffect, null);
    assert.match(alone.notes.join(), /one model’s past cannot show/);
  });

  for (const [title, args, message] of [
    [
      'an improvement that an equal cannot show',
      [...RATES, '--margin', '0', '--harm-margin', '0'],
      /step 1 \(5 %\) never lets an equally good candidate pass: a margin of 0\.00 pp asks for an improvement/,
    ],
    [
      'harm within the harm margin',
      [...RATES, '--harms', '0.005'],
      /worse by \+0\.50 pp is never rolled back: that is within the harm margin of \+1\.00 pp/,
    ],
    [
      'harm between the margins',
      [...RATES, '--harms', '0.015'],
      /worse by \+1\.50 pp may be promoted or rolled back, whichever is certified first/,
    ],
  ] as const)
    it(`says in words what never concludes: ${title}`, async () => {
      const { stdout } = await plan(...args);
      assert.match(stdout.slice(stdout.indexOf('\nNever\n')), message);
    });

  it('warns of a deadline that most rollouts meet', async () => {
    const policy = folder.write(
      'deadline.yaml',
      'steps: [{ exposure: 0.05, maxCohorts: 12 }]\nstreams: [{ id: failed, kind: difference, safeMargin: 0.02 }]\n',
    );
    const { never } = await view('--base', '0.05', '--units-per-day', '24000', '--policy', policy);
    assert.match(
      never.join(),
      /step 1 calls a person after 12 cohorts \(12 hours\), and lasts 25 … 54: most rollouts meet the deadline/,
    );
  });

  for (const [title, args, message, remedy] of [
    ['no rate', ['--units-per-day', '100'], /--base is not given/, /--base 0\.05; or give the file of a past/],
    ['no traffic', ['--base', '0.05'], /--units-per-day is not given/, /--units-per-day 24000/],
    [
      'a rate as per cent',
      ['--base', '5', '--units-per-day', '100'],
      /--base is "5"; give a rate between 0 and 1, 0\.05 for 5 in 100/,
      /--help/,
    ],
    [
      'a ladder that falls',
      [...RATES, '--steps', '0.5,0.1'],
      /--steps is "0\.5,0\.1"; give rising shares between 0 and 1/,
      /--help/,
    ],
    [
      'a start that is no day',
      [...RATES, '--start', 'monday'],
      /--start is "monday"; give a day such as 2026-11-25/,
      /--help/,
    ],
    ['harms below 0', [...RATES, '--harms', '-0.1'], /--harms is "-0\.1"; give differences above 0/, /--help/],
    ['a rate beside a file', ['none.csv', '--base', '0.1'], /--base is given beside a file/, /Leave one/],
    ['a file that is not there', ['none.csv'], /there is no file at "none\.csv"/, /Correct the path/],
  ] as const)
    it(`refuses ${title}`, async () => {
      const { stderr, stdout } = await plan(...args);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.match(stderr, remedy);
    });

  it('refuses a policy by which nothing advances', async () => {
    const policy = folder.write('guard.yaml', 'streams: [{ id: errors, kind: count, harmRatio: 2 }]\n');
    const { stderr } = await plan('--base', '0.05', '--units-per-day', '100', '--policy', policy);
    assert.match(stderr, /has no difference stream that an advance needs/);
  });
});
