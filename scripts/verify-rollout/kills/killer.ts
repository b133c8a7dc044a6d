/** `kill -9` of one process after the other, at seeded instants, each while rollouts have work open. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Random } from '../../../src/simulation/gate/random.ts';
import type { Ground } from '../ground/ground.ts';
import type { KillableProcess } from '../ground/killable-process.ts';

export const VICTIMS = ['worker', 'temporal', 'postgres', 'gateway'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Kill {
  readonly victim: Victim;
  /** Rollouts in flight that had not settled a moment before: something was to be done, or being done. */
  readonly open: number;
  /** Until it served again, wall milliseconds. */
  readonly backMs: number;
}

/** Wall milliseconds between the return of one and the death of the next. */
const PEACE_MS = { least: 200, most: 2_800 };
/** Where nothing is open, the next moment is looked at. */
const LOOK_AGAIN_MS = 20;

/** How often each is killed: a quarter as many of each other as of workers. */
export function killsOf(workers: number): Readonly<Record<Victim, number>> {
  const others = Math.ceil(workers / 4);
  return { worker: workers, temporal: others, postgres: others, gateway: others };
}

/** Kills until every one has died as often as asked, or there is nobody left whom it could disturb. */
export async function killThroughout(
  ground: Ground,
  counts: Readonly<Record<Victim, number>>,
  random: Random,
  onKill: (kill: Kill) => void,
  isOver: () => boolean = () => false,
): Promise<void> {
  const order = shuffled(
    VICTIMS.flatMap((victim) => Array.from({ length: counts[victim] }, () => victim)),
    random,
  );
  for (const victim of order) {
    await sleep(PEACE_MS.least + random() * (PEACE_MS.most - PEACE_MS.least));
    const target = targetOf(ground, victim, random);
    let open = await openWork(ground);
    while (open === 0 && !isOver()) {
      await sleep(LOOK_AGAIN_MS);
      open = await openWork(ground);
    }
    if (isOver()) return;
    const began = Date.now();
    await target.kill();
    onKill({ victim, open, backMs: Date.now() - began });
  }
}

function targetOf({ processes }: Ground, victim: Victim, random: Random): KillableProcess {
  const choices = {
    worker: processes.workers,
    gateway: processes.gateways,
    temporal: [processes.temporal],
    postgres: [processes.postgres],
  }[victim];
  const chosen = choices[Math.floor(random() * choices.length)];
  if (chosen === undefined) throw new Error(`there is no ${victim} to kill`);
  return chosen;
}

/** Rollouts in flight that have not settled through the watermark of their model. */
async function openWork({ postgresUrl }: Ground): Promise<number> {
  const client = new Client({ connectionString: postgresUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ open: number }>(`
      select count(*)::int as open from holdfast.records c
      join holdfast.participants p on p.model = c.model and p.participant = c.body->>'rolloutId'
      left join holdfast.watermarks w on w.model = c.model
      where c.kind = 'candidate' and c.body->>'outcome' = 'in_progress'
        and (p.settled_through is null or p.settled_through < w.through)`);
    return rows[0]?.open ?? 0;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
