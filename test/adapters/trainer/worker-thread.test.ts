import assert from 'node:assert/strict';
import { trainers } from '../../../src/adapters/trainer/index.ts';
import { HoldfastError } from '../../../src/contracts/errors.ts';
import { generatedMatrix } from '../../domain/learning/generated-matrix.ts';
import { trainerConformance } from './conformance.ts';

const { config, create } = trainers['worker-thread'];

describe('the trainer on a worker thread', () => {
  trainerConformance(() => create(config.parse({ progressEveryMs: 0 })));

  it('leaves the event loop free while it learns', async () => {
    const trainer = await create(config.parse({}));
    const matrix = generatedMatrix(30_000, 5);
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const from = performance.now();
    try {
      const recipe = { kind: 'gradient-boosting', options: { trees: 40 } } as const;
      const options = { onProgress: () => undefined, signal: new AbortController().signal };
      await trainer.train({ recipe, objective: 'binary', matrix, seed: 1 }, options);
    } finally {
      clearInterval(ticking);
    }
    const tookMs = performance.now() - from;
    assert.ok(ticks > tookMs / 50, `${ticks} ticks of 5 ms in ${tookMs.toFixed(0)} ms`);
  });

  it('says what to do when the thread runs out of memory', async () => {
    const trainer = await create({ progressEveryMs: 500, heapMbMax: 8 });
    const matrix = generatedMatrix(3000, 5);
    const recipe = { kind: 'gradient-boosting', options: { trees: 5000, leaves: 255, rowsPerLeafMin: 5 } } as const;
    const options = { onProgress: () => undefined, signal: new AbortController().signal };
    await assert.rejects(
      trainer.train({ recipe, objective: 'binary', matrix, seed: 1 }, options),
      (error) =>
        error instanceof HoldfastError && error.code === 'TRAINER_CRASHED' && /heapMbMax = 8/.test(error.message),
    );
  });
});
