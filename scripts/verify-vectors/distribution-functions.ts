import {
  betaInc,
  betaIncUpper,
  betaQuantile,
  binomialCdf,
  binomialLogPmf,
  binomialSf,
  chiSquaredQuantile,
  chiSquaredSf,
  clopperPearson,
  erf,
  erfc,
  fSf,
  gammaP,
  gammaQ,
  kolmogorovSf,
  logGamma,
  normalCdf,
  normalQuantile,
  normalSf,
  studentTCdf,
  studentTQuantile,
  studentTSf,
  wilson,
} from '../../src/domain/statistics/index.ts';

type Distribution = (...args: number[]) => number | { lower: number; upper: number };

const distributions: Record<string, Distribution> = {
  betaInc,
  betaIncUpper,
  betaQuantile,
  binomialCdf,
  binomialLogPmf,
  binomialSf,
  chiSquaredQuantile,
  chiSquaredSf,
  clopperPearson,
  erf,
  erfc,
  fSf,
  gammaP,
  gammaQ,
  kolmogorovSf,
  logGamma,
  normalCdf,
  normalQuantile,
  normalSf,
  studentTCdf,
  studentTQuantile,
  studentTSf,
  wilson,
};

/** Vector functions of the special functions, by the `fn` of their cases: arguments in order, a number wrapped as `value`. */
export const distributionFunctions = Object.fromEntries(
  Object.entries(distributions).map(([name, fn]) => [
    name,
    ({ args }: { args: number[] }) => {
      const value = fn(...args);
      return typeof value === 'number' ? { value } : value;
    },
  ]),
);
