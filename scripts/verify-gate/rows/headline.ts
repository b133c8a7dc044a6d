import type { Params } from '../experiments.ts';
import { meanOf, quantileOf, share } from '../measures.ts';
import type { Measure, Target } from '../measures.ts';
import { pp } from './row.ts';
import type { Row } from './row.ts';

const RESTARTS = { plain: 0, restarts: 24 } as const;

const good = (published: { rolledBack: number; p50: number; p90: number }): Measure[] => [
  share('rolledBack', { limit99: 0.05, published: published.rolledBack }),
  quantileOf('minutesToFull', 0.5, { atMost: 33, published: published.p50 }),
  quantileOf('minutesToFull', 0.9, { published: published.p90 }),
];

const bad = (mean: Target, p90: Target, wald?: Target): Measure[] => [
  share('promoted'),
  meanOf('served', mean),
  quantileOf('served', 0.9, p90),
  meanOf('timesWald', wald),
];

/** The reference world: pass marks of the headline, published values beside. */
export const budgets: Row[] = (
  [
    [0, 'plain', good({ rolledBack: 0.032, p50: 30.2, p90: 54.7 })],
    [0, 'restarts', good({ rolledBack: 0.03, p50: 30.4, p90: 55.5 })],
    // Two in a thousand are promoted and serve 2.8 million requests each, a sixth of the mean.
    [0.005, 'plain', bad({ published: 34_264 }, {})],
    [0.01, 'plain', bad({ atMost: 7000, published: 6245 }, { atMost: 10_500, published: 9461 }, { atMost: 2.1 })],
    [0.01, 'restarts', bad({ atMost: 7000, published: 4881 }, { atMost: 10_500, published: 9418 }, { atMost: 2.1 })],
    [0.03, 'plain', bad({ atMost: 750, published: 633 }, { published: 1190 }, { atMost: 2.1 })],
    [0.03, 'restarts', bad({ atMost: 750, published: 685 }, { published: 1300 }, { atMost: 2.1 })],
    [0.2, 'plain', bad({ atMost: 65, published: 52 }, { published: 70 })],
    [0.2, 'restarts', bad({ atMost: 65, published: 55 }, { published: 80 })],
  ] as ReadonlyArray<readonly [delta: number, restart: keyof typeof RESTARTS, measures: Measure[]]>
).map(([delta, restart, measures]) => ({
  title: `harm budget 0.35 pp, +${pp(delta)} pp, ${restart === 'plain' ? 'plain K' : 'restarts every 24'}`,
  experiment: 'budget',
  params: { delta, restartEvery: RESTARTS[restart] },
  replications: 4000,
  measures,
}));

const proposal = (title: string, params: Params, measures: Measure[]): Row => ({
  title: `proposed: planned bets, ${title}`,
  experiment: 'planned',
  params,
  replications: params['base'] === 'drifting' ? 2000 : 4000,
  measures,
});

const timesOfGood = (p50?: Target): Measure[] => [
  share('rolledBack', { limit99: 0.05 }),
  quantileOf('minutesToFull', 0.5, p50),
  quantileOf('minutesToFull', 0.9),
];

/** What the proposal must keep, its levels, and what it gains. Steps count from 0; `wrongFrom`: the first whose margin the candidate reaches. */
export const plannedBets: Row[] = [
  proposal('+0 pp', { delta: 0 }, timesOfGood({ atMost: 33 })),
  proposal('+0 pp, base drifting', { delta: 0, base: 'drifting' }, timesOfGood()),
  proposal('+1 pp', { delta: 0.01 }, bad({ atMost: 7000 }, { atMost: 10_500 }, { atMost: 2.1 })),
  proposal('+3 pp', { delta: 0.03 }, bad({ atMost: 750 }, {}, { atMost: 2.1 })),
  proposal('+20 pp', { delta: 0.2 }, bad({ atMost: 65 }, {})),
  ...[0.07, 0.014, 0.007, 0.0035].map((delta, wrongFrom) =>
    proposal(
      `+${pp(delta)} pp, the margin of step ${wrongFrom + 1}, without harm test`,
      { delta, wrongFrom, judgesHarm: 'no' },
      [share('wrongAdvance', { limit99: 0.05 })],
    ),
  ),
  ...[0.025, 0.1].map((plannedLoss) =>
    proposal(`+0 pp, planned for a loss of ${pp(plannedLoss)} %`, { delta: 0, plannedLoss }, timesOfGood()),
  ),
];

const FRONTIER_MEASURES = [
  share('falseRollback'),
  quantileOf('minutesToFull', 0.5),
  share('promoted1'),
  meanOf('served1'),
  meanOf('served3'),
  meanOf('served20'),
];

/** A point of the frontier. Not ours to accept, so without pass marks. */
const point = (title: string, params: Params, replications = 1000): Row => ({
  title: `frontier: ${title}`,
  experiment: 'frontier',
  params,
  replications,
  measures: FRONTIER_MEASURES,
});

const calibrated = (procedure: string, minutes: readonly number[], what: string): Row[] =>
  minutes.map((n) =>
    point(`${procedure}, ${what} ${n} min, calibrated`, { procedure, minutes: n, limit: 'calibrated' }),
  );

export const frontiers: Row[] = [
  ...[0.0025, 0.0035, 0.005, 0.0075].flatMap((harmBudget) => [
    point(`gate, budget ${pp(harmBudget)} pp`, { procedure: 'gate', harmBudget }),
    point(`planned bets, budget ${pp(harmBudget)} pp`, { procedure: 'planned bets', harmBudget }),
  ]),
  point('Argo-like, as documented', { procedure: 'Argo-like', minutes: 10, limit: 'documented' }),
  ...calibrated('Argo-like', [5, 10, 20], 'pauses of'),
  point('Flagger-like, as documented', { procedure: 'Flagger-like', minutes: 1, limit: 'documented' }),
  ...calibrated('Flagger-like', [1, 2, 5], 'checks every'),
  point('Kayenta-like, as documented', { procedure: 'Kayenta-like', minutes: 60, limit: 'documented' }, 400),
  ...calibrated('Kayenta-like', [10, 20, 60], 'steps of'),
  point('z-test per step, 5 %/4', { procedure: 'z-test per step', minutes: 10, limit: 'documented' }),
  ...calibrated('z-test per step', [2, 5, 10, 20], 'steps of'),
  point('z-test every look, 5 %', { procedure: 'z-test every look', minutes: 10, limit: 'documented' }),
  ...calibrated('z-test every look', [2, 5, 10, 20], 'steps of'),
];
