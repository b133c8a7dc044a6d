import { fixedSampleTwoProportions } from '../../../src/domain/statistics/index.ts';
import { meanOf, quantileOf, share } from '../measures.ts';
import { pp } from './row.ts';
import type { Row } from './row.ts';

const RATES = [
  [0.001, 0.001],
  [0.01, 0.005],
  [0.05, 0.02],
  [0.3, 0.03],
] as const;
const MATCHES = [1, 5, 19];

export const certification: Row[] = RATES.flatMap(([rate, margin]) =>
  MATCHES.map((k): Row => ({
    title: `safe test alone at the margin, ${pp(rate)} % + ${pp(margin)} pp, k = ${k}`,
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

export const falseHarm: Row[] = RATES.flatMap(([rate]) =>
  MATCHES.map((k): Row => ({
    title: `harm test alone without difference, ${pp(rate)} %, k = ${k}`,
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

export const detection: Row[] = EFFECTS.flatMap(([from, to]) =>
  MATCHES.map((k): Row => {
    const fixedSize = fixedSampleTwoProportions({ p0: from, p1: to, alpha: 0.05, power: 0.8, ratio: k }).unpooled;
    return {
      title: `detection ${pp(from)} to ${pp(to)} %, k = ${k}, against the fixed size of ${Math.round(fixedSize)}`,
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

export const monitors: Row[] = [
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
