import { DEFAULT_GRID, sharedEtaGrid } from './eta-grid.ts';
import { FactorTable } from './factor-table.ts';
import {
  effectiveHarmMargin,
  effectiveSafeMargin,
  isRequired,
  needsExposureIntegrity,
  requirePolicy,
} from './gate-policy.ts';
import type { DifferenceStreamPolicy, GatePolicy, StreamPolicy } from './gate-policy.ts';

/** Recorded ln e and thresholds are multiples of this, so that a verdict is the same on every machine. */
const LN_RESOLUTION = 1e-9;
/** Stands for an infinite ln e, which JSON cannot carry; far above what 2^53 units could yield in a year of looks. */
const LN_E_MAX = 1e9;

/** Rounds ln e to a multiple of 1e-9, half up. */
export function roundLn(value: number): number {
  return Math.floor(Math.min(value, LN_E_MAX) / LN_RESOLUTION + 0.5) * LN_RESOLUTION;
}

/** Evidence threshold −ln(level), rounded as the evidence is; never reached at level 0. */
function thresholdOf(level: number): number {
  return level === 0 ? Infinity : roundLn(-Math.log(level));
}

/** What a policy says of one stream, worked out once. */
export interface StreamPlan {
  policy: StreamPolicy;
  lag: number;
  isRequired: boolean;
  needsIntegrity: boolean;
  rollbackAt: number;
  holdAt: number;
  safeAt: number;
}

/** A checked policy with its thresholds and tables of ln factors. */
export interface GatePlan {
  policy: GatePolicy;
  etas: Float64Array;
  srmAt: number;
  streams: readonly StreamPlan[];
  /** Positions in `streams` in the order of their ids, which is the order of records. */
  indexesById: readonly number[];
  harmTable(stream: DifferenceStreamPolicy): FactorTable;
  safeTable(stream: DifferenceStreamPolicy, step: number): FactorTable | null;
}

const plans = new WeakMap<GatePolicy, GatePlan>();

function planStream(policy: GatePolicy, stream: StreamPolicy): StreamPlan {
  return {
    policy: stream,
    lag: stream.lag ?? 0,
    isRequired: isRequired(stream),
    needsIntegrity: needsExposureIntegrity(stream),
    rollbackAt: thresholdOf(policy.alpha * stream.weight),
    holdAt: thresholdOf(policy.alphaHold * stream.weight),
    safeAt: thresholdOf(stream.beta ?? policy.beta),
  };
}

/** The plan of a policy, checked once per policy object. @throws what `requirePolicy` throws */
export function planGate(policy: GatePolicy): GatePlan {
  const known = plans.get(policy);
  if (known !== undefined) return known;
  requirePolicy(policy);
  const etas = sharedEtaGrid(policy.grid ?? DEFAULT_GRID);
  const streams = policy.streams.map((stream) => planStream(policy, stream));
  const tables = new Map<string, FactorTable>();
  const table = (margin: number, direction: 'harm' | 'safe'): FactorTable => {
    const key = `${direction}:${margin}`;
    const found = tables.get(key) ?? new FactorTable(etas, margin, direction);
    tables.set(key, found);
    return found;
  };
  const plan: GatePlan = {
    policy,
    etas,
    srmAt: thresholdOf(policy.alphaSrm),
    streams,
    indexesById: [...streams.keys()].sort((a, b) => (streams[a]!.policy.id < streams[b]!.policy.id ? -1 : 1)),
    harmTable: (stream) => table(effectiveHarmMargin(stream), 'harm'),
    safeTable: (stream, step) => {
      const margin = effectiveSafeMargin(policy, stream, step);
      return margin === null ? null : table(margin, 'safe');
    },
  };
  plans.set(policy, plan);
  return plan;
}
