/** Model checking: random sequences against the product's own lines, and faulty variants that must be seen. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Account } from '../../test/model/check.ts';
import { checkSequence } from '../../test/model/check.ts';
import { FAULTY } from '../../test/model/variants.ts';
import type { Asked, Finding, Say } from './part.ts';

const VARIANT_SEQUENCES_MAX = 500;
const REPORT_EVERY = 5000;

/** Checks `sequences` sequences from `seed` on, in as many threads as there are cores. */
export async function checkModel({ seed, sequences }: Asked, say: Say): Promise<Finding[]> {
  const threads = availableParallelism();
  const began = Date.now();
  const outcomes = new Map<string, number>();
  const violations: string[] = [];
  let done = 0;
  let steps = 0;
  const take = (account: Account & { readonly seed: number }): void => {
    done += 1;
    steps += account.steps;
    for (const outcome of account.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (account.violation !== null)
      violations.push(`seed ${account.seed}: ${account.violation.invariant}: ${account.violation.inWords}`);
    if (done % REPORT_EVERY === 0)
      say(
        `  ${done.toLocaleString('en')} of ${sequences.toLocaleString('en')} sequences, ${violations.length} violations`,
      );
  };
  await Promise.all(Array.from({ length: threads }, (_, at) => share(seed + at, seed + sequences, threads, take)));
  const seconds = (Date.now() - began) / 1000;
  const told = [...outcomes]
    .sort()
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
  const measured = `${done.toLocaleString('en')} sequences, ${steps.toLocaleString('en')} steps, ${seconds.toFixed(0)} s; ${told}`;
  const honest: Finding = {
    name: 'no random sequence breaks an invariant',
    words: violations.length === 0 ? measured : `${measured}; ${violations.slice(0, 3).join(' | ')}`,
    passed: violations.length === 0 && done === sequences,
  };
  return [honest, ...(await Promise.all(Object.entries(FAULTY).map(([fault, parts]) => variant(fault, parts, seed))))];
}

function share(
  from: number,
  to: number,
  every: number,
  take: (account: Account & { seed: number }) => void,
): Promise<void> {
  const worker = new Worker(new URL('./model-worker.js', import.meta.url), { workerData: { from, to, every } });
  return new Promise((resolve, reject) => {
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

async function variant(fault: string, parts: (typeof FAULTY)[string], from: number): Promise<Finding> {
  for (let seed = from; seed < from + VARIANT_SEQUENCES_MAX; seed++) {
    const { violation } = await checkSequence(parts, seed);
    if (violation !== null)
      return {
        name: `a product that ${fault} is seen`,
        words: `sequence ${seed - from + 1}: ${violation.invariant}`,
        passed: true,
      };
  }
  return {
    name: `a product that ${fault} is seen`,
    words: `not in ${VARIANT_SEQUENCES_MAX} sequences`,
    passed: false,
  };
}
