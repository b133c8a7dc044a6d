/** A thread that checks a share of the sequences. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkSequence } from '../../test/model/check.ts';
import { HONEST } from '../../test/model/parts.ts';

const { from, to, every } = workerData as { from: number; to: number; every: number };
for (let seed = from; seed < to; seed += every)
  parentPort?.postMessage({ seed, ...(await checkSequence(HONEST, seed)) });
