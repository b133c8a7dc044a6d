/**
 * Anytime-valid statistics of a rollout, and the fixed-sample statistics of the other stages: pure, synchronous, without dependencies.
 *
 * Evidence is integer counts (`DiffHistogram`, `CountWindow`); ln e-values are natural logarithms, margins absolute losses (0.01 = one
 * percentage point), levels probabilities. What cannot be answered is refused by a `StatisticsError`, never by NaN.
 */
export { confidenceBound, confidenceBounds, logEValue } from './betting-martingale.ts';
export type { Direction } from './betting-martingale.ts';
export { matchBlock } from './block-matching.ts';
export type { MatchedBlock, Unit } from './block-matching.ts';
export { canonicalHistogram, histogramSize, mergeHistograms, pairedHistogram } from './diff-histogram.ts';
export type { DiffHistogram } from './diff-histogram.ts';
export { DEFAULT_GRID, etaGrid } from './eta-grid.ts';
export type { Grid } from './eta-grid.ts';
export { logECounts } from './event-counts.ts';
export type { CountWindow } from './event-counts.ts';
export type { Cohort, CohortEvidence, Completion, CountTuple } from './gate-cohort.ts';
export type { StreamState } from './gate-evidence.ts';
export { effectiveHarmMargin, effectiveSafeMargin, requirePolicy } from './gate-policy.ts';
export type { CountStreamPolicy, DifferenceStreamPolicy, GatePolicy, StepPolicy, StreamPolicy } from './gate-policy.ts';
export type { GateFinal, GateState, HeldCohort, LookRecord, StreamProgress, StreamRecord } from './gate-state.ts';
export type { GateDecision } from './gate-verdict.ts';
export { analyzeCohorts, awaitedEvidence, beginGate, lookAgain, lookAt } from './gate.ts';
export type { LookOptions } from './gate.ts';
export { logEHarmRestart } from './restart-mixture.ts';
export { logBayesFactorMultinomial, logESrm } from './sample-ratio.ts';
export { STATISTICS_ERROR_CODES, StatisticsError } from './statistics-error.ts';
export type { StatisticsErrorCode } from './statistics-error.ts';
export { binomialCdf, binomialLogPmf, binomialSf, clopperPearson, wilson } from './binomial.ts';
export { betaInc, betaIncUpper, betaQuantile } from './incomplete-beta.ts';
export { chiSquaredQuantile, chiSquaredSf, gammaP, gammaQ } from './incomplete-gamma.ts';
export { inverseGaussianCdf, inverseGaussianQuantile } from './inverse-gaussian.ts';
export { kolmogorovSf } from './kolmogorov-smirnov.ts';
export { logGamma } from './log-gamma.ts';
export { erf, erfc, normalCdf, normalQuantile, normalSf } from './normal-distribution.ts';
export { fSf, studentTCdf, studentTQuantile, studentTSf } from './student-t.ts';
export { quantileBucket, sloExceedance } from './latency-slo.ts';
export { adjustRunningMax, eBenjaminiHochberg, eBonferroni, eHolm, logWeightedMean } from './multiplicity.ts';
export { benjaminiHochberg, benjaminiYekutieli, holm } from './p-adjustment.ts';
export type { AdjustedPValues } from './p-adjustment.ts';
export { differenceDistribution, fixedSampleTwoProportions, planSampleSize } from './sample-size.ts';
export type { SamplePlan } from './sample-size.ts';
export { beginSrDetector, isSrAlarm, logSrStatistic, updateSrDetector } from './sr-detector.ts';
export type { SrDetectorState } from './sr-detector.ts';
export { cohenKappa, fleissKappa } from './agreement.ts';
export type { CohenKappa } from './agreement.ts';
export type { Calibration } from './calibration.ts';
export { binaryMetrics } from './classification.ts';
export type { BinaryMetrics, Confusion } from './classification.ts';
export { dawidSkene } from './dawid-skene.ts';
export type { DawidSkene } from './dawid-skene.ts';
export type { BinnedDrift } from './distribution-distance.ts';
export { categoricalDrift, numericDrift } from './drift.ts';
export type { CategoricalDrift, NumericDrift } from './drift.ts';
export { krippendorffAlpha } from './krippendorff.ts';
export type { MeasurementLevel } from './krippendorff.ts';
export { quantile } from './quantile.ts';
export { regressionMetrics } from './regression.ts';
export type { RegressionMetrics } from './regression.ts';
export { deLong, rocAuc } from './roc.ts';
export type { DeLong } from './roc.ts';
