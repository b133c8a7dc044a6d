/** Latency: an order back reaches zero, and evidence widens the split, while people would still wait for it. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { BusyRollouts } from './latency/busy.ts';
import { figuresOf, inWords } from './latency/figures.ts';
import { measureRollbacks } from './latency/rollbacks.ts';
import type { RollbackTimes } from './latency/rollbacks.ts';
import { measureWiderSplits } from './latency/wider-splits.ts';
import { startGround } from './ground/ground.ts';
import type { Finding, Part } from './part.ts';

const BUSY = 50;
/** Milliseconds. */
const ZERO_P99_MAX = 1_000;
const SPLIT_P50_MAX = 100;
const SPLIT_P99_MAX = 500;

export const verifyLatency: Part = async ({ tries }, say) => {
  say(`  ${machineInWords()}; Temporal, PostgreSQL, two gateways, one worker and the load share it`);
  const ground = await startGround([{ namespace: 'default' }]);
  try {
    const client = await ground.client('default');
    const split = await measureWiderSplits(ground, client, { model: 'widened', tries });
    const fromRecord = figuresOf(split.fromRecord);
    say(`  evidence on record to the wider split: ${inWords(fromRecord)}; ${loadInWords()}`);
    const idle = await measureRollbacks(ground, client, { model: 'idle', tries });
    say(`  rollback: ${inWords(figuresOf(idle.zero))}; ${loadInWords()}`);
    const others = new BusyRollouts(ground, client);
    await others.begin(BUSY);
    const busy = await measureRollbacks(ground, client, { model: 'ordered', tries });
    const pace = `${others.perSecond.toFixed(0)} cohorts and batches a second are judged beside`;
    say(`  rollback with ${BUSY} busy: ${inWords(figuresOf(busy.zero))}; ${pace}; ${loadInWords()}`);
    await others.end();
    return [
      {
        name: `evidence on record widens the split within ${SPLIT_P50_MAX} ms in the median, ${SPLIT_P99_MAX} ms at p99`,
        passed: fromRecord.p50 <= SPLIT_P50_MAX && fromRecord.p99 <= SPLIT_P99_MAX,
        words: `${inWords(fromRecord)}; from the acknowledged signal ${inWords(figuresOf(split.fromSignal))}`,
      },
      ...zeroFindings('idle', idle, ''),
      ...zeroFindings(`with ${BUSY} busy rollouts`, busy, `; ${pace}`),
    ];
  } finally {
    await ground.stop();
  }
};

function zeroFindings(
  when: string,
  { zero, reported, after, answeredPerSecond, failed }: RollbackTimes,
  more: string,
): Finding[] {
  const figures = figuresOf(zero);
  const asked = `${answeredPerSecond.toFixed(0)} requests a second answered, ${failed} failed`;
  return [
    {
      name: `an order back is at zero within ${ZERO_P99_MAX} ms at p99, ${when}`,
      passed: figures.p99 <= ZERO_P99_MAX,
      words: `${inWords(figures)}; the rollout reports ${inWords(figuresOf(reported))}; ${asked}${more}`,
    },
    {
      name: `nobody is served by the candidate after every gateway has said zero, ${when}`,
      passed: after === 0,
      words: `${after} answers`,
    },
  ];
}

const machineInWords = (): string => `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'})`;
const loadInWords = (): string => `load average ${loadavg()[0]?.toFixed(1) ?? '?'}`;
