import {
  binaryMetrics,
  categoricalDrift,
  cohenKappa,
  dawidSkene,
  deLong,
  fleissKappa,
  krippendorffAlpha,
  numericDrift,
  quantile,
  regressionMetrics,
} from '../../src/domain/statistics/index.ts';
import type { MeasurementLevel } from '../../src/domain/statistics/index.ts';

interface Predictions {
  y: number[];
  p: number[];
  threshold: number;
}

type Ratings = Array<Array<number | null>>;

/** Vector functions of metrics, drift and agreement, by the `fn` of their cases. */
export const qualityFunctions = {
  binaryMetrics: ({ y, p, threshold }: Predictions) => binaryMetrics(y, p, threshold),
  deLong: ({ y, score1, score2 }: { y: number[]; score1: number[]; score2: number[] }) => deLong(y, score1, score2),
  quantile: ({ x, q }: { x: number[]; q: number[] }) => ({ type7: q.map((share) => quantile(x, share)) }),
  regressionMetrics: ({ y, yhat, quantiles }: { y: number[]; yhat: number[]; quantiles: number[] }) =>
    regressionMetrics(y, yhat, quantiles),
  numericDrift: (input: { reference: Array<number | null>; current: Array<number | null>; bins: number }) =>
    numericDrift(input.reference, input.current, input.bins),
  categoricalDrift: (input: { reference: Array<string | null>; current: Array<string | null> }) =>
    categoricalDrift(input.reference, input.current),
  cohenKappa: ({ a, b, categories }: { a: number[]; b: number[]; categories: number }) => cohenKappa(a, b, categories),
  fleissKappa: ({ counts }: { counts: number[][] }) => ({ kappa: fleissKappa(counts) }),
  krippendorffAlpha: ({ ratings, level }: { ratings: Ratings; level: MeasurementLevel }) => ({
    alpha: krippendorffAlpha(ratings, level),
    interval: krippendorffAlpha(ratings, 'interval'),
    ordinal: krippendorffAlpha(ratings, 'ordinal'),
  }),
  dawidSkene: (input: { labels: Ratings; classes: number; iterations: number; smoothing: number }) =>
    dawidSkene(input.labels, input),
};
