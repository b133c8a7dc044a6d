import { meanOf, quantileOf, share } from '../measures.ts';
import type { Row } from './row.ts';

const asNull = [
  share('rolledBack', { limit99: 0.05, between: [0.006, 0.022], published: 0.0115 }),
  share('promoted', { published: 0.989 }),
  quantileOf('hours', 0.5, { between: [37, 43], published: 40 }),
  share('everHeld', { published: 0.059 }),
];

export const rollouts: Row[] = [
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
      meanOf('excessBad', { published: 42 }),
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

export const deliveries: Row[] = [0, 0.03].map((delta) => ({
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
