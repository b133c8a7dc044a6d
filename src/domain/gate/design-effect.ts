/** How much more the differences of a past scatter than those of independent units. */
import { chiSquaredSf } from '../statistics/index.ts';

/** A block's mean difference, and the day it belongs to. */
export interface DatedBlock {
  readonly units: number;
  readonly mean: number;
  readonly day: number;
}

export interface DesignEffect {
  readonly value: number;
  /** Means it was estimated from. */
  readonly blocks: number;
  readonly by: 'cohort' | 'day';
  /** Whether so much scatter is more than one in twenty pasts of independent units would show. */
  readonly isBeyondChance: boolean;
}

/** Fewer means tell more of chance than of the world. */
const BLOCKS_MIN = 8;
const CHANCE = 0.05;

/**
 * Variance of block means of D over that of independent units, σ²/n: of cohorts or of days, whichever is larger; null while there are too
 * few of either.
 *
 * @param variance σ², of one matched difference. Source: gate statistics §9.7.
 */
export function designEffect(blocks: readonly DatedBlock[], variance: number): DesignEffect | null {
  const days = new Map<number, { units: number; sum: number }>();
  for (const { day, units, mean } of blocks) {
    const known = days.get(day) ?? { units: 0, sum: 0 };
    days.set(day, { units: known.units + units, sum: known.sum + units * mean });
  }
  const byDay = Array.from(days.values(), ({ units, sum }) => ({ units, mean: sum / units }));
  const found = [
    { value: overdispersion(blocks, variance), blocks: blocks.length, by: 'cohort' as const },
    { value: overdispersion(byDay, variance), blocks: byDay.length, by: 'day' as const },
  ]
    .filter((effect) => effect.blocks >= BLOCKS_MIN)
    .map((effect) => ({ ...effect, isBeyondChance: isBeyondChance(effect) }));
  return found.sort((a, b) => Number(b.isBeyondChance) - Number(a.isBeyondChance) || b.value - a.value)[0] ?? null;
}

/** Of independent units (blocks − 1)·value is about χ² with as many degrees of freedom. */
function isBeyondChance({ value, blocks }: { value: number; blocks: number }): boolean {
  return chiSquaredSf((blocks - 1) * value, blocks - 1) <= CHANCE;
}

function overdispersion(means: ReadonlyArray<{ units: number; mean: number }>, variance: number): number {
  const units = means.reduce((sum, block) => sum + block.units, 0);
  const mean = means.reduce((sum, block) => sum + block.units * block.mean, 0) / units;
  const spread = means.reduce((sum, block) => sum + block.units * (block.mean - mean) ** 2, 0);
  return variance === 0 ? 1 : spread / ((means.length - 1) * variance);
}
