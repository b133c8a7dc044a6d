import type { TrainingMatrix } from '../../../src/domain/learning/matrix.ts';

/** Uniform numbers in [0, 1) by integer arithmetic alone: scripts/parity draws the same ones in Python. */
export function uniforms(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let hash = Math.imul(state ^ (state >>> 15), state | 1);
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const CATEGORIES = 40;

/**
 * Three numeric columns (the second with missing values, the third noise) and one of 40 categories, labels drawn from a
 * probability that depends on all but the noise. Only +, −, ×, ÷: every language computes the same bits.
 */
export function generatedMatrix(rows: number, seed: number): TrainingMatrix {
  const next = uniforms(seed);
  const [a, b, noise, category, labels] = Array.from({ length: 5 }, () => new Float64Array(rows));
  for (let row = 0; row < rows; row++) {
    a![row] = next() * 4 - 2;
    b![row] = next() < 0.1 ? NaN : next() * 10;
    noise![row] = next();
    category![row] = Math.floor(next() * next() * CATEGORIES);
    const effect = ((category![row]! * 17) % CATEGORIES) / CATEGORIES - 0.5;
    const missing = Number.isNaN(b![row]) ? 0.8 : (b![row]! - 5) / 5;
    const z = a![row]! * a![row]! * 0.7 - 1 + missing * (a![row]! > 0 ? 1 : -0.3) + effect * 2;
    labels![row] = next() < 0.5 + (0.5 * z) / (1 + (z < 0 ? -z : z)) ? 1 : 0;
  }
  return {
    rows,
    labels: labels!,
    columns: [
      { name: 'a', kind: 'numeric', values: a! },
      { name: 'b', kind: 'numeric', values: b! },
      { name: 'noise', kind: 'numeric', values: noise! },
      { name: 'category', kind: 'categorical', cardinality: CATEGORIES, values: category! },
    ],
  };
}

/** The matrix row by row, as a scorer wants it. */
export function rowsOf(matrix: TrainingMatrix): Float64Array[] {
  return Array.from({ length: matrix.rows }, (_, row) =>
    Float64Array.from(matrix.columns, (column) => column.values[row]!),
  );
}
