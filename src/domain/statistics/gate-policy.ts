import { requireMargin } from './betting-martingale.ts';
import { sharedEtaGrid } from './eta-grid.ts';
import type { Grid } from './eta-grid.ts';
import { requireRatio } from './event-counts.ts';
import { requireArgument, requireCount, requireLevel, StatisticsError } from './statistics-error.ts';

interface StreamBase {
  id: string;
  /** Share of α that this stream's harm test may spend; 0 switches the test off. All weights together at most 1. */
  weight: number;
  /** Level of the safe test; the policy's β when absent. */
  beta?: number | undefined;
  /** Cohorts from assignment to maturity, ingestion included; 0 when absent. */
  lag?: number | undefined;
  /** What `minUnits` and `minSpan` count: this step's cohorts, or the rollout's. By default `step` while lag ≤ minCohorts. */
  floor?: 'step' | 'rollout' | undefined;
  /** What moves together (user, airport-day): declared for the reader; the units given are already clusters. */
  cluster?: string | undefined;
  /** Whether an advance needs this stream's certificate; false when absent. */
  requiredForAdvance?: boolean | undefined;
  /** false for gateway-side streams that are judged although the sample ratio is broken; true when absent. */
  requiresExposureIntegrity?: boolean | undefined;
}

/** A stream of matched differences of a bounded loss. Margins in absolute loss, 0.01 = one percentage point. */
export interface DifferenceStreamPolicy extends StreamBase {
  kind: 'difference';
  harmMargin: number;
  safeMargin: number | null;
  /** B in (0, 1): replaces the safe margin by min(B/next exposure, 0.5), step by step. */
  harmBudget?: number | undefined;
  /** R of stored differences; absent or 0 when D is exact. The nulls are shifted by 1/(2R). */
  quantum?: number | undefined;
}

/** A stream of events in two arms; ratios of event rates candidate/control. */
export interface CountStreamPolicy extends StreamBase {
  kind: 'count';
  harmRatio: number;
  safeRatio: number | null;
}

/** What is watched: one metric on one slice, with what it may spend of the error budget. */
export type StreamPolicy = DifferenceStreamPolicy | CountStreamPolicy;

/** One exposure, with the evidence it must gather and the cohorts it may take. Cohorts are counted, never hours. */
export interface StepPolicy {
  /** Share of units assigned to the candidate, in basis points; 0 = shadow. */
  exposureBp: number;
  /** Matched differences (count streams: candidate exposures) that each required stream needs. */
  minUnits: number;
  minCohorts: number;
  maxCohorts: number;
  /** Cohorts that the evidence must cover; 0 when absent. */
  minSpan?: number | undefined;
}

/** What the gate was told in advance. Content-addressed by its owner; never changed while a rollout runs. */
export interface GatePolicy {
  id?: string | undefined;
  /** Total level of all harm tests, over all looks and steps. */
  alpha: number;
  /** Level of each required stream's safe test, over all looks and steps. */
  beta: number;
  /** Level at which suspected harm holds. */
  alphaHold: number;
  /** Level of the sample-ratio test, with the concentration of its prior. */
  alphaSrm: number;
  srmConcentration: number;
  /** Most units of the larger arm matched to one of the smaller. */
  maxMatch: number;
  /** Cohorts per restart epoch of the harm test; 0 disables restarts. */
  restartEvery: number;
  grid?: Grid | undefined;
  steps: readonly StepPolicy[];
  streams: readonly StreamPolicy[];
}

const WEIGHT_SUM_SLACK = 1e-9;
const BP_WHOLE = 10_000;
/** Largest safe margin a harm budget may yield, at small exposures. */
const BUDGET_MARGIN_MAX = 0.5;

export function isRequired(stream: StreamPolicy): boolean {
  return stream.requiredForAdvance === true;
}

export function needsExposureIntegrity(stream: StreamPolicy): boolean {
  return stream.requiresExposureIntegrity !== false;
}

/** Shift of the nulls that makes up for rounding D to the stream's quantum. */
function halfQuantum(stream: DifferenceStreamPolicy): number {
  return stream.quantum ? 1 / (2 * stream.quantum) : 0;
}

/** Margin of the harm null in absolute loss, half a quantum up. @throws STAT_MARGIN_RANGE */
export function effectiveHarmMargin(stream: DifferenceStreamPolicy): number {
  const margin = stream.harmMargin + halfQuantum(stream);
  requireMargin(margin, 'harm', `streams[${stream.id}].harmMargin`);
  return margin;
}

/**
 * Margin of the safe null at a step in absolute loss, half a quantum down; null when the stream has none. With a harm budget B it is
 * min(B/f′, 0.5), f′ the exposure that the advance would lead to.
 *
 * @param step from 0
 * @throws STAT_MARGIN_RANGE, STAT_INPUT_INVALID. Source: gate statistics §9.5.
 */
export function effectiveSafeMargin(policy: GatePolicy, stream: DifferenceStreamPolicy, step: number): number | null {
  const last = policy.steps.length - 1;
  requireArgument(Number.isInteger(step) && step >= 0 && step <= last, 'step', step, `a step from 0 to ${last}`);
  if (stream.harmBudget === undefined && stream.safeMargin === null) return null;
  const nextExposure = (policy.steps[step + 1]?.exposureBp ?? BP_WHOLE) / BP_WHOLE;
  const declared =
    stream.harmBudget === undefined
      ? stream.safeMargin!
      : Math.min(stream.harmBudget / nextExposure, BUDGET_MARGIN_MAX);
  const margin = declared - halfQuantum(stream);
  requireMargin(margin, 'safe', `streams[${stream.id}].safeMargin`);
  return margin;
}

function refuse(message: string): never {
  throw new StatisticsError('STAT_POLICY_INVALID', message);
}

function requireStep(step: StepPolicy, index: number): void {
  const name = `steps[${index}]`;
  for (const field of ['exposureBp', 'minUnits', 'minCohorts', 'maxCohorts'] as const) {
    requireCount(step[field], `${name}.${field}`, 'STAT_POLICY_INVALID');
  }
  requireCount(step.minSpan ?? 0, `${name}.minSpan`, 'STAT_POLICY_INVALID');
  if (step.exposureBp > BP_WHOLE)
    refuse(`${name}.exposureBp is ${step.exposureBp}; give basis points from 0 to ${BP_WHOLE}`);
}

function requireDifferenceStream(policy: GatePolicy, stream: DifferenceStreamPolicy, name: string): void {
  requireCount(stream.quantum ?? 0, `${name}.quantum`, 'STAT_POLICY_INVALID');
  effectiveHarmMargin(stream);
  if (stream.harmBudget !== undefined && !(stream.harmBudget > 0 && stream.harmBudget < 1)) {
    refuse(`${name}.harmBudget is ${stream.harmBudget}; give a bound on Δ × exposure between 0 and 1`);
  }
  for (const step of policy.steps.keys()) effectiveSafeMargin(policy, stream, step);
}

function requireStream(policy: GatePolicy, stream: StreamPolicy): void {
  const name = `streams[${stream.id}]`;
  if (!(stream.weight >= 0 && stream.weight <= 1))
    refuse(`${name}.weight is ${stream.weight}; give a share of alpha from 0 to 1`);
  if (stream.beta !== undefined) requireLevel(stream.beta, `${name}.beta`);
  requireCount(stream.lag ?? 0, `${name}.lag`, 'STAT_POLICY_INVALID');
  if (stream.kind === 'difference') requireDifferenceStream(policy, stream, name);
  else {
    requireRatio(stream.harmRatio, `${name}.harmRatio`);
    if (stream.safeRatio !== null) requireRatio(stream.safeRatio, `${name}.safeRatio`);
  }
  const isCertifiable =
    stream.kind === 'count' ? stream.safeRatio !== null : stream.safeMargin !== null || stream.harmBudget !== undefined;
  if (isRequired(stream) && !isCertifiable)
    refuse(`${name} is required for advance but has no safe margin; declare one, or a harm budget`);
}

/**
 * Refuses a policy that cannot be judged by.
 *
 * @throws STAT_POLICY_INVALID, STAT_WEIGHTS_SUM, STAT_MARGIN_RANGE, STAT_ALPHA_RANGE, STAT_GRID_INVALID naming field and value
 */
export function requirePolicy(policy: GatePolicy): void {
  for (const level of ['alpha', 'beta', 'alphaHold', 'alphaSrm'] as const) requireLevel(policy[level], level);
  if (!(policy.srmConcentration > 0 && policy.srmConcentration < Infinity)) {
    refuse(`srmConcentration is ${policy.srmConcentration}; give a positive number, by default 1000`);
  }
  requireCount(policy.restartEvery, 'restartEvery', 'STAT_POLICY_INVALID');
  if (policy.grid !== undefined) sharedEtaGrid(policy.grid);
  if (policy.steps.length === 0) refuse('steps is empty; declare at least one step');
  for (const [index, step] of policy.steps.entries()) requireStep(step, index);
  const ids = new Set<string>();
  let weightSum = 0;
  for (const stream of policy.streams) {
    if (stream.id === '' || ids.has(stream.id))
      refuse(`stream id "${stream.id}" is empty or repeated; give each stream its own id`);
    ids.add(stream.id);
    weightSum += stream.weight;
    requireStream(policy, stream);
  }
  if (!(weightSum <= 1 + WEIGHT_SUM_SLACK)) {
    throw new StatisticsError(
      'STAT_WEIGHTS_SUM',
      `stream weights sum to ${weightSum}; all harm tests share one alpha, so give at most 1`,
    );
  }
}
