import type { Sample } from './experiments.ts';
import { meets } from './measures.ts';
import type { Estimate } from '../../src/simulation/gate/estimates.ts';
import type { Measure } from './measures.ts';
import { rows } from './rows.ts';

export interface Finding {
  row: string;
  measure: string;
  /** Value with its 98 % interval, over so many replications. */
  estimate: Estimate;
  size: number;
  passed: boolean;
  text: string;
}

function shown(value: number, percent: boolean): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'none' : 'never';
  return percent ? `${(100 * value).toFixed(2)} %` : value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function targetText({ target, percent }: Measure): string {
  if (target === undefined) return '';
  const { atMost, limit99, between, published } = target;
  const parts = [
    published === undefined || Number.isNaN(published) ? '' : `published ${shown(published, percent)}`,
    atMost === undefined ? '' : `at most ${shown(atMost, percent)}`,
    limit99 === undefined ? '' : `99 % limit at most ${shown(limit99, percent)}`,
    between === undefined ? '' : `between ${shown(between[0], percent)} and ${shown(between[1], percent)}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function textOf(measure: Measure, { value, low, high }: Estimate, size: number): string {
  const { percent } = measure;
  return `${measure.name}: ${shown(value, percent)} [${shown(low, percent)}, ${shown(high, percent)}] of ${size}; ${targetText(measure)}`;
}

/** Judges one row's samples. */
export function findingsOf(row: number, samples: readonly Sample[], isSmall: boolean): Finding[] {
  const { title, measures } = rows[row]!;
  return measures.map((measure) => {
    const estimate = measure.estimate(samples);
    return {
      row: title,
      measure: measure.name,
      estimate,
      size: samples.length,
      passed: meets(estimate, measure.target, isSmall),
      text: textOf(measure, estimate, samples.length),
    };
  });
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** What was measured, by title and measure: [value, low, high, replications]; null where there is no number. */
export function measuredRows(
  findings: ReadonlyArray<readonly Finding[]>,
): Record<string, Record<string, Array<number | null>>> {
  const measured: Record<string, Record<string, Array<number | null>>> = {};
  for (const { row, measure, estimate, size } of findings.flat()) {
    (measured[row] ??= {})[measure] = [estimate.value, estimate.low, estimate.high, size].map(finite);
  }
  return measured;
}
