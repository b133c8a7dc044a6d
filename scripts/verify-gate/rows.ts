import { fixedSampleTwoProportions } from '../../src/domain/statistics/index.ts';
import { COMPARATORS } from './experiments.ts';
import type { ExperimentName, Params } from './experiments.ts';
import { meanOf, quantileOf, share } from './measures.ts';
import type { Measure } from './measures.ts';

/** One line of the acceptance table: an experiment, how often it is run, and what is asked of it. */
export interface Row {
  title: string;
  experiment: ExperimentName;
  params: Params;
  replications: number;
  measures: Measure[];
}

const RATES = [
  [0.001, 0.001],
  [0.01, 0.005],
  [0.05, 0.02],
  [0.3, 0.03],
] as const;
const MATCHES = [1, 5, 19];

const asNull = [
  share('rolledBack', { limit99: 0.05, between: [0.006, 0.022], published: 0.0115 }),
  share('promoted', { published: 0.989 }),
  quantileOf('hours', 0.5, { between: [37, 43], published: 40 }),
  share('everHeld', { published: 0.059 }),
];

const rollouts: Row[] = [
  { title: 'no difference', experiment: 'rollout', params: { delta: 0 }, replications: 6000, measures: asNull },
  {
    title: 'no difference, base drifting 5 to 10 %, daily cycle',
    experiment: 'rollout',
    params: { delta: 0, base: 'drifting' },
    replications: 6000,
    measures: asNull,
  },
  {
    title: '+1 pp (tolerated, but worse)',
    experiment: 'rollout',
    params: { delta: 0.01 },
    replications: 3000,
    measures: [
      share('rolledBack', { between: [0.72, 0.8], published: 0.76 }),
      share('promoted', { published: 0.24 }),
      quantileOf('hours', 0.5, { published: 59 }),
    ],
  },
  {
    title: '+2 pp (at the margin)',
    experiment: 'rollout',
    params: { delta: 0.02 },
    replications: 4000,
    measures: [share('anyAdvance', { limit99: 0.05, published: 0.0103 }), share('promoted', { published: 0.0004 })],
  },
  {
    title: '+3 pp',
    experiment: 'rollout',
    params: { delta: 0.03 },
    replications: 4000,
    measures: [
      share('rolledBack', { published: 1 }),
      quantileOf('hoursToRollback', 0.5, { atMost: 15, published: 12 }),
      quantileOf('hoursToRollback', 0.9, { atMost: 29, published: 25 }),
      meanOf('excessBad', { atMost: 25, published: 21 }),
    ],
  },
  {
    title: '+20 pp',
    experiment: 'rollout',
    params: { delta: 0.2 },
    replications: 4000,
    measures: [
      quantileOf('hoursToRollback', 0.5, { published: 1 }),
      quantileOf('hoursToRollback', 0.9, { atMost: 2, published: 2 }),
      meanOf('excessBad', { published: 14 }),
    ],
  },
  {
    title: 'harm margin = safe margin = +2 pp, truth +2 pp',
    experiment: 'rollout',
    params: { delta: 0.02, harmMargin: 0.02 },
    replications: 2000,
    measures: [
      share('rolledBack', { limit99: 0.05, published: 0.016 }),
      share('anyAdvance', { limit99: 0.05, published: 0.0151 }),
    ],
  },
  {
    title: '50 independent null streams, weight 1/50',
    experiment: 'rollout',
    params: { delta: 0, streams: 50 },
    replications: 600,
    measures: [share('rolledBack', { limit99: 0.05, published: 0.0086 })],
  },
];

const certification: Row[] = RATES.flatMap(([rate, margin]) =>
  MATCHES.map((k): Row => ({
    title: `safe test alone at the margin, ${100 * rate} % + ${100 * margin} pp, k = ${k}`,
    experiment: 'singleTest',
    params: {
      direction: 'safe',
      candidateRate: rate + margin,
      controlRate: rate,
      k,
      margin,
      level: 0.05,
      lookEvery: 100,
      unitsMax: 40_000,
    },
    replications: 1000,
    measures: [share('rejected', { limit99: 0.05, published: 0.016 })],
  })),
);

const falseHarm: Row[] = RATES.flatMap(([rate]) =>
  MATCHES.map((k): Row => ({
    title: `harm test alone without difference, ${100 * rate} %, k = ${k}`,
    experiment: 'singleTest',
    params: {
      direction: 'harm',
      candidateRate: rate,
      controlRate: rate,
      k,
      margin: 0,
      level: 0.05,
      lookEvery: 100,
      unitsMax: 40_000,
    },
    replications: 1000,
    measures: [share('rejected', { limit99: 0.05, published: 0.013 })],
  })),
);

const EFFECTS = [
  [0.05, 0.06],
  [0.05, 0.07],
  [0.05, 0.1],
  [0.01, 0.02],
] as const;

const detection: Row[] = EFFECTS.flatMap(([from, to]) =>
  MATCHES.map((k): Row => {
    const fixedSize = fixedSampleTwoProportions({ p0: from, p1: to, alpha: 0.05, power: 0.8, ratio: k }).unpooled;
    return {
      title: `detection ${100 * from} to ${100 * to} %, k = ${k}, against the fixed size of ${Math.round(fixedSize)}`,
      experiment: 'singleTest',
      params: {
        direction: 'harm',
        candidateRate: to,
        controlRate: from,
        k,
        margin: 0,
        level: 0.05,
        lookEvery: Math.max(5, Math.round(fixedSize / 60)),
        unitsMax: 8 * fixedSize,
        fixedSize,
      },
      replications: 1000,
      measures: [quantileOf('ratio', 0.5, { atMost: 1.55 }), quantileOf('ratio', 0.9, { atMost: 3.2 })],
    };
  }),
);

const monitors: Row[] = [
  {
    title: 'sample ratio as ordered, 1000 looks of 100 units',
    experiment: 'sampleRatio',
    params: { candidateShare: 0.5 },
    replications: 20_000,
    measures: [
      share('alarm001', { atMost: 0.001, published: 0.0007 }),
      share('alarm01', { atMost: 0.01, published: 0.0059 }),
    ],
  },
  {
    title: 'sample ratio 52/48 instead of 50/50',
    experiment: 'sampleRatio',
    params: { candidateShare: 0.48 },
    replications: 2000,
    measures: [quantileOf('units001', 0.5, { atMost: 11_500, published: 10_300 })],
  },
  ...(
    [
      [
        'false alarm, unit blocks',
        { threshold: 1000, rate: 0.06, blockSize: 1 },
        1500,
        meanOf('units', { between: [1000, Infinity], published: 1364 }),
      ],
      [
        'false alarm, blocks of 20',
        { threshold: 1000, rate: 0.06, blockSize: 20 },
        3000,
        meanOf('units', { between: [1000, Infinity], published: 2079 }),
      ],
      [
        '6 to 10 % from the start, unit blocks',
        { threshold: 10_000, rate: 0.1, blockSize: 1 },
        2000,
        quantileOf('units', 0.5, { atMost: 460, published: 387 }),
      ],
      [
        '6 to 10 % from the start, blocks of 20',
        { threshold: 10_000, rate: 0.1, blockSize: 20 },
        3000,
        quantileOf('units', 0.5, { atMost: 460, published: 440 }),
      ],
      [
        '6 to 10 % after 2000 healthy units',
        { threshold: 10_000, rate: 0.1, blockSize: 1, healthy: 2000 },
        600,
        quantileOf('units', 0.5, { atMost: 460, published: 380 }),
      ],
    ] as const
  ).map(([title, params, replications, measure]): Row => ({
    title: `e-detector ${title}`,
    experiment: 'detector',
    params,
    replications,
    measures: [measure],
  })),
];

const deliveries: Row[] = [0, 0.03].map((delta) => ({
  title: `delivery shuffled, doubled, late, and interrupted for 30 cohorts, +${100 * delta} pp`,
  experiment: 'delivery',
  params: { delta },
  replications: 200,
  measures: [
    share('sameWhenShuffled', { between: [1, 1] }),
    share('sameAfterwards', { between: [1, 1] }),
    share('movedWhileDown', { atMost: 0 }),
  ],
}));

/**
 * The reference world has no pass mark of its own: the published value may lie a tenth away, means of long tails a fifth. At +0.5 pp about
 * two rollouts in a thousand are promoted and then serve 2.8 million requests each, which alone makes a fifth of the mean: two fifths. Units come ten to a cohort: at +20 pp a quantile is a multiple of ten.
 */
const within = (published: number, slack = 0.1) => ({
  between: [published * (1 - slack), published * (1 + slack)] as const,
  published,
});

const budgets: Row[] = (
  [
    [
      0,
      0,
      [
        share('rolledBack', { limit99: 0.05, published: 0.032 }),
        quantileOf('minutesToFull', 0.5, within(30.2)),
        quantileOf('minutesToFull', 0.9, within(54.7)),
      ],
    ],
    [
      0,
      24,
      [
        share('rolledBack', { limit99: 0.05, published: 0.03 }),
        quantileOf('minutesToFull', 0.5, within(30.4)),
        quantileOf('minutesToFull', 0.9, within(55.5)),
      ],
    ],
    [0.005, 0, [meanOf('served', within(34_264, 0.4))]],
    [
      0.01,
      0,
      [
        meanOf('servedIfStopped', within(4900, 0.2)),
        quantileOf('served', 0.9, within(9461, 0.15)),
        meanOf('served', { published: 6245 }),
      ],
    ],
    [0.01, 24, [meanOf('servedIfStopped', within(4881, 0.2)), quantileOf('served', 0.9, within(9418, 0.15))]],
    [0.03, 0, [meanOf('served', within(633)), quantileOf('served', 0.9, within(1190))]],
    [0.03, 24, [meanOf('served', within(685)), quantileOf('served', 0.9, within(1300))]],
    [0.2, 0, [meanOf('served', within(52)), quantileOf('served', 0.9, within(70, 0.15))]],
    [0.2, 24, [meanOf('served', within(55)), quantileOf('served', 0.9, within(80, 0.15))]],
  ] as ReadonlyArray<readonly [delta: number, restartEvery: number, measures: Measure[]]>
).map(([delta, restartEvery, measures]) => ({
  title: `harm budget 0.0035, +${100 * delta} pp, ${restartEvery === 0 ? 'plain K' : `restarts every ${restartEvery}`}`,
  experiment: 'budget',
  params: { delta, restartEvery },
  replications: delta === 0.005 ? 3000 : 1000,
  measures,
}));

/** Published: rollback without difference, the same under drift, promoted at +1 pp, median hours and excess at +3 pp. */
const PUBLISHED: Record<string, readonly [number, number, number, number, number]> = {
  'threshold +2 pp': [0.37, 0.88, 0.13, 7, 11],
  'threshold +3 pp': [0.034, 0.21, 0.76, 10, 28],
  'Mann-Whitney': [0.018, NaN, 0.64, 24, 62],
  'z per step 5 %': [0.19, NaN, 0.03, 12, 21],
  'z per step 5 %/4': [0.056, NaN, 0.15, 12, 26],
  'z every look': [0.57, NaN, 0.005, 3, 7],
};

/** Printed for comparison, without a pass mark: these procedures are not ours to accept. */
const comparisons: Row[] = COMPARATORS.flatMap((rule) => {
  const [rollback, drifting, promoted, hours, excess] = PUBLISHED[rule]!;
  const row = (title: string, params: Params, measures: Measure[]): Row => ({
    title: `${rule}, ${title}`,
    experiment: 'comparator',
    params: { rule, ...params },
    replications: 1000,
    measures,
  });
  return [
    row('no difference', { delta: 0 }, [share('rolledBack', { published: rollback })]),
    row('no difference, drifting', { delta: 0, base: 'drifting' }, [share('rolledBack', { published: drifting })]),
    row('+1 pp', { delta: 0.01 }, [share('promoted', { published: promoted })]),
    row('+3 pp', { delta: 0.03 }, [
      quantileOf('hoursToRollback', 0.5, { published: hours }),
      meanOf('excessBad', { published: excess }),
    ]),
  ];
});

export const rows: readonly Row[] = [
  ...rollouts,
  ...certification,
  ...falseHarm,
  ...detection,
  ...monitors,
  ...deliveries,
  ...budgets,
  ...comparisons,
];
