import {
  adjustRunningMax,
  beginSrDetector,
  benjaminiHochberg,
  benjaminiYekutieli,
  differenceDistribution,
  eBenjaminiHochberg,
  eBonferroni,
  eHolm,
  fixedSampleTwoProportions,
  holm,
  isSrAlarm,
  logECounts,
  logSrStatistic,
  logWeightedMean,
  planSampleSize,
  quantileBucket,
  sloExceedance,
  updateSrDetector,
} from '../../src/domain/statistics/index.ts';
import type { Direction } from '../../src/domain/statistics/index.ts';

interface Buckets {
  candidate: number[];
  control: number[];
}

/** The buckets of the quantiles that the case asks for. */
function quantileBuckets(edges: number[], windows: Buckets[], wanted: Record<string, unknown>, arm: keyof Buckets) {
  const counts = edges.concat(0).map((_, b) => windows.reduce((sum, window) => sum + window[arm][b]!, 0));
  return Object.fromEntries(Object.keys(wanted).map((p) => [p, quantileBucket(edges, counts, Number(p))]));
}

function slo(
  input: { edges: number[]; windows: Buckets[]; slo: number; ratio: number; safeRatio: number },
  { quantileBuckets: wanted }: { quantileBuckets?: Record<keyof Buckets, Record<string, unknown>> },
) {
  const exceedances = input.windows.map((window) => sloExceedance(input.edges, window, input.slo));
  return {
    exceedances,
    lnHarm: logECounts(exceedances, input.ratio, 'harm'),
    lnSafe: logECounts(exceedances, input.safeRatio, 'safe'),
    quantileBuckets: {
      candidate: quantileBuckets(input.edges, input.windows, wanted?.candidate ?? {}, 'candidate'),
      control: quantileBuckets(input.edges, input.windows, wanted?.control ?? {}, 'control'),
    },
  };
}

function multiplicity({ lnE, weights, alpha }: { lnE: number[]; weights: number[]; alpha: number }) {
  return {
    bonferroni: eBonferroni(lnE, weights, alpha),
    holm: eHolm(lnE, weights, alpha),
    bh: eBenjaminiHochberg(lnE, alpha),
    thresholds: weights.map((weight) => -Math.log(alpha * weight)),
    weightedMeanLnE: logWeightedMean(lnE, weights),
    adjustedRunningMax: lnE.map(adjustRunningMax),
  };
}

function adjustments({ p, q }: { p: number[]; q: number }) {
  const [bh, by, stepDown] = [benjaminiHochberg(p, q), benjaminiYekutieli(p, q), holm(p, q)];
  return {
    bhAdjusted: bh.adjusted,
    bhReject: bh.reject,
    byAdjusted: by.adjusted,
    byReject: by.reject,
    holmAdjusted: stepDown.adjusted,
    holmReject: stepDown.reject,
  };
}

function detector(input: { mu0: number; threshold: number; blocks: Array<Array<[number, number]>> }) {
  let state = beginSrDetector(input);
  let alarmBlock: number | null = null;
  const lnR: number[] = [];
  for (const [i, block] of input.blocks.entries()) {
    state = updateSrDetector(state, block);
    lnR.push(logSrStatistic(state));
    if (isSrAlarm(state)) alarmBlock ??= i + 1;
  }
  return { lnR, alarmBlock };
}

interface Plan {
  direction: Direction;
  margin: number;
  level: number;
}

/** Vector functions of multiplicity, planning, latency and the e-detector, by the `fn` of their cases. */
export const evidenceFunctions = {
  'sloExceedance+logECounts': slo,
  'eBonferroni|eHolm|eBenjaminiHochberg': multiplicity,
  eBenjaminiHochberg: ({ lnE, alpha }: { lnE: number[]; alpha: number }) => ({
    reject: eBenjaminiHochberg(lnE, alpha),
  }),
  benjaminiHochberg: adjustments,
  updateSrDetector: detector,
  planSampleSize: (input: Plan & { p1: number; p0: number; k: number }) =>
    planSampleSize({ ...input, ...differenceDistribution(input.p1, input.p0, input.k) }),
  'planSampleSize(distribution)': (input: Plan & { values: number[]; probs: number[] }) => planSampleSize(input),
  fixedSampleTwoProportions,
  differenceDistribution: ({ p1, p0, k }: { p1: number; p0: number; k: number }) => differenceDistribution(p1, p0, k),
};
