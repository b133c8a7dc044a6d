import { experiments } from './experiments.ts';
import type { Sample } from './experiments.ts';
import { randomFrom, seedOf } from '../../src/simulation/gate/random.ts';
import { rows } from './rows.ts';

/** Seeds are fixed here: another seed is another measurement. */
const SEED = 20_261_124;
/** Replications per chunk share a stream of random numbers; chunks may run anywhere, in any order. */
const CHUNKS = 16;

export interface Chunk {
  row: number;
  chunk: number;
  /** Replications from `first` to before `end`. */
  first: number;
  end: number;
}

/** All the work, `scale` of the full number of replications (at least 8 per row), of the rows whose title has `words` in it. */
export function chunksOf(scale: number, words = ''): Chunk[] {
  return rows.flatMap(({ title, replications }, row) => {
    if (!title.includes(words)) return [];
    const total = Math.max(8, Math.round(replications * scale));
    const chunks = Math.min(CHUNKS, total);
    return Array.from({ length: chunks }, (_, chunk) => ({
      row,
      chunk,
      first: Math.floor((chunk * total) / chunks),
      end: Math.floor(((chunk + 1) * total) / chunks),
    }));
  });
}

export function runChunk({ row, chunk, first, end }: Chunk): Sample[] {
  const { title, experiment, params } = rows[row]!;
  // By title, not by place: a row must not change its samples because another came before it.
  const random = randomFrom(seedOf(SEED, chunk, ...Buffer.from(title)));
  return Array.from({ length: end - first }, (_, i) =>
    experiments[experiment]({ random, streamSeed: seedOf(SEED, first + i) }, params),
  );
}
