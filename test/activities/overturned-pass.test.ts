import assert from 'node:assert/strict';
import { createInMemoryMetricSource } from '../../src/adapters/metric-source/in-memory.ts';
import type { KnownCounts } from '../../src/adapters/metric-source/in-memory.ts';
import type { DecisionRecord } from '../../src/contracts/records.ts';
import { overturnedInWords } from '../../src/domain/rollout/overturned.ts';
import { cohortStart, isoInstant } from '../../src/domain/time.ts';
import { metric } from '../adapters/metric-source/prometheus-server.ts';
import { climb } from './climb.ts';
import { CALENDAR, judgedWorld } from './judged-world.ts';
import type { JudgedOptions, JudgedWorld, Weather } from './judged-world.ts';

const gate = { minSpan: 'PT3H', minUnits: 20, deadline: 'P3D' } as const;
const WATCHED: JudgedOptions['rollout'] = {
  steps: [
    { mode: 'offline' },
    { mode: 'shadow', ...gate },
    { mode: 'canary', exposure: 0.25, ...gate },
    { mode: 'full', watch: 'P1D', holdback: 0 },
  ],
};
const HARMFUL = { candidate: 0.98, stable: 0.1 };

const looksOf = async ({ records, model, input }: JudgedWorld): Promise<DecisionRecord[]> =>
  records.transaction(model, async (tx) => (await tx.chain('decision', input.rolloutId)).map(({ body }) => body));

describe('harm that is found after a step was passed', function () {
  this.timeout(30_000);

  /** Bad from a cohort on. @returns the rollout's end, and its looks */
  const badFrom = async (model: string, rollout: JudgedOptions['rollout'], from: number) => {
    const world = await judgedWorld(model, { rollout });
    const weather = (cohort: number): Partial<Weather> => (cohort >= from ? HARMFUL : {});
    const end = await climb(world, { weather });
    return { end, looks: await looksOf(world) };
  };

  it('rolls back in the first canary, and names the pass of shadow', async () => {
    const { end } = await badFrom('canary', {}, 6);
    assert.equal(end.decision?.outcome, 'rolled_back');
    assert.match(
      end.decision?.reason ?? '',
      /^harm certified on loss: .*; it overturns the pass of shadow after cohort 4 \(2001-01-03T04:00:00Z\)$/,
    );
  });

  it('rolls back during the watch after full exposure, and names the pass that led there', async () => {
    const { end, looks } = await badFrom('watched', WATCHED, 12);
    assert.equal(end.decision?.outcome, 'rolled_back');
    const pass = looks.findLast(({ verdict }) => verdict === 'advance');
    assert.equal(pass?.run, 'canary');
    assert.equal(looks.at(-1)?.step, 'full');
    const words = `it overturns the pass of exposure 25 % after cohort ${pass?.cohort} (${pass?.eventTime})`;
    assert.ok(end.decision?.reason.includes(words), end.decision?.reason);
    assert.equal(looks.at(-1)?.inWords, end.decision?.reason);
  });

  it('rolls back on evidence of the passed cohorts that came late, and names them', async () => {
    const known: KnownCounts = new Map();
    const timeouts = metric({ observable: ['canary'], role: 'guardrail', harmRatio: 1.2 });
    const world = await judgedWorld('late', {
      rollout: { ...WATCHED, metrics: [timeouts] },
      metricSource: createInMemoryMetricSource(known),
    });
    const weather = (cohort: number): Partial<Weather> => {
      // The source is away until the step has been passed; then it tells what it has seen meanwhile.
      for (const at of cohort === 11 ? [6, 7, 8, 9, 10, 11] : [])
        known.set(`timeouts/${isoInstant(cohortStart(CALENDAR, at))}`, [90, 100, 500, 1_000]);
      return {};
    };
    const end = await climb(world, { weather });
    assert.equal(end.decision?.outcome, 'rolled_back');
    const pass = (await looksOf(world)).findLast(({ verdict }) => verdict === 'advance');
    assert.equal(pass?.cohort, 9);
    assert.match(
      end.decision?.reason ?? '',
      /^harm certified on timeouts: .*; it overturns the pass of exposure 25 % after cohort 9 \(.*\), when timeouts of cohorts 6 to 9 had not arrived, though due$/,
    );
  });

  it('overturns nothing where nothing was passed', async () => {
    const { end } = await badFrom('shadow', {}, 1);
    assert.equal(end.decision?.outcome, 'refused');
    assert.doesNotMatch(end.decision?.reason ?? '', /overturns/);
    assert.equal(overturnedInWords([], { run: 'canary', batches: [], streams: ['loss'], lagOf: () => 1 }), null);
  });

  for (const [title, batches, expected] of [
    ['nothing that was late', ['r/canary/loss/10'], ''],
    ['one cohort that was not due', ['r/canary/loss/9', 'r/canary/loss/10'], ', when loss of cohort 9 was not due yet'],
    ['one cohort that was due', ['r/canary/loss/8'], ', when loss of cohort 8 had not arrived, though due'],
    [
      'several cohorts, due and not',
      ['r/canary/loss/6', 'r/canary/loss/7', 'r/canary/loss/9'],
      ', when loss of cohorts 6 to 7 had not arrived, though due and loss of cohort 9 was not due yet',
    ],
    ['another stream', ['r/canary/errors/8'], ''],
    ['a slice of the stream', ['r/canary/loss/north/8'], ''],
  ] as const)
    it(`names ${title} of the passed cohorts`, () => {
      const pass = {
        run: 'canary',
        cohort: 9,
        eventTime: '2001-01-03T09:00:00Z',
        verdict: 'advance',
        basis: { exposureBp: 500, batches: ['r/canary/loss/8'] },
      };
      assert.equal(
        overturnedInWords([pass], { run: 'canary', batches, streams: ['loss'], lagOf: () => 1 }),
        `it overturns the pass of exposure 5 % after cohort 9 (2001-01-03T09:00:00Z)${expected}`,
      );
    });
});
