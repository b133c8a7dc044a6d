import { meanEstimate, quantileEstimate, shareEstimate } from '../../src/simulation/gate/estimates.ts';
import type { Estimate } from '../../src/simulation/gate/estimates.ts';
import type { Sample } from './experiments.ts';

/** Two-sided 98 %, so that each end is a one-sided 99 % limit. */
const CONFIDENCE = 0.98;

/** What a row asks of its samples. Without a target a figure is only printed. */
export interface Measure {
  name: string;
  estimate(samples: readonly Sample[]): Estimate;
  /** Units in which value and limits are printed. */
  percent: boolean;
  target?: Target;
}

/**
 * `atMost`: the estimate may not exceed it; `limit99`: nor may the 99 % upper limit; `between`: where the estimate must lie. `published`
 * is the value printed beside.
 */
export interface Target {
  atMost?: number;
  limit99?: number;
  between?: readonly [low: number, high: number];
  published?: number;
}

function columnOf(samples: readonly Sample[], column: string): number[] {
  return samples.map((sample) => sample[column]!).filter((value) => !Number.isNaN(value));
}

function measureOf(name: string, percent: boolean, estimate: Measure['estimate'], target: Target | undefined): Measure {
  return { name, percent, estimate, ...(target === undefined ? {} : { target }) };
}

export function share(column: string, target?: Target): Measure {
  const estimate = (samples: readonly Sample[]): Estimate => {
    const values = columnOf(samples, column);
    const count = values.reduce((sum, value) => sum + value, 0);
    return shareEstimate(count, values.length, CONFIDENCE);
  };
  return measureOf(column, true, estimate, target);
}

export function quantileOf(column: string, q: number, target?: Target): Measure {
  const estimate = (samples: readonly Sample[]) => quantileEstimate(columnOf(samples, column), q, CONFIDENCE);
  return measureOf(`${column} p${Math.round(100 * q)}`, false, estimate, target);
}

export function meanOf(column: string, target?: Target): Measure {
  const estimate = (samples: readonly Sample[]) => meanEstimate(columnOf(samples, column), CONFIDENCE);
  return measureOf(`${column} mean`, false, estimate, target);
}

/** Whether a target asks anything, and does not merely put a published value beside. */
export function isAsked(target: Target | undefined): boolean {
  return target !== undefined && Object.keys(target).some((key) => key !== 'published');
}

/** Whether the estimate meets the target; `isSmall` asks only that the interval does not contradict it. */
export function meets({ value, low, high }: Estimate, target: Target | undefined, isSmall: boolean): boolean {
  if (target === undefined) return true;
  const { atMost = Infinity, limit99 = Infinity, between = [-Infinity, Infinity] } = target;
  if (isSmall) return low <= atMost && low <= limit99 && low <= between[1] && high >= between[0];
  return value <= atMost && high <= limit99 && value >= between[0] && value <= between[1];
}
