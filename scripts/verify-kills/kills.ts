/** `kill -9` of one process after the other, each in the middle of a rollout and while work is open. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { platformFileIn, platformFileSchema } from '../../src/platform/platform-file.ts';
import type { StoryProcess } from './story-process.ts';

export const VICTIMS = ['worker', 'gateway', 'postgres', 'temporal'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Kill {
  readonly victim: Victim | 'the run itself';
  readonly rollout: string;
  /** Processes that had work to do a moment before. */
  readonly open: readonly string[];
  /** Until the supervisor said that it serves again, wall milliseconds. */
  readonly backMs: number;
}

const LOOK_AGAIN_MS = 5;

/** Kills one child of the supervisor as soon as a rollout has work open, and waits until it serves again. */
export async function killAtWork(story: StoryProcess, stateDir: string, victim: Victim): Promise<Kill> {
  const back = new RegExp(`^${victim} serves again`);
  const before = story.count(back);
  const { rollout, open } = await workOpen(story, stateDir);
  story.killChild(victim);
  const began = Date.now();
  await story.lineAgain(back, before);
  return { victim, rollout, open, backMs: Date.now() - began };
}

/** Kills the supervisor; what it had started is left behind, and the next start ends it. */
export async function killRunAtWork(
  story: StoryProcess,
  stateDir: string,
  startAgain: () => StoryProcess,
): Promise<Kill & { readonly next: StoryProcess }> {
  const { rollout, open } = await workOpen(story, stateDir);
  await story.kill();
  const began = Date.now();
  const next = startAgain();
  await next.line(/^ended what an earlier start had left running/);
  return { victim: 'the run itself', rollout, open, backMs: Date.now() - began, next };
}

/**
 * Waits for a moment at which a rollout is in flight and something is being done. A run that was just started again has neither its
 * platform file nor its records yet.
 * @throws when there is no such moment any more
 */
async function workOpen(story: StoryProcess, stateDir: string): Promise<{ rollout: string; open: string[] }> {
  while (!story.isOver) {
    try {
      const found = await withOpenRecords(stateDir, (client) => untilWork(story, client));
      if (found !== null) return found;
    } catch {
      await sleep(LOOK_AGAIN_MS);
    }
  }
  throw new Error(`no rollout has work open any more:\n${story.tail()}`);
}

async function withOpenRecords<T>(stateDir: string, read: (client: Client) => Promise<T>): Promise<T> {
  const { environment } = platformFileSchema.parse(JSON.parse(readFileSync(platformFileIn(stateDir), 'utf8')));
  const client = new Client({ connectionString: environment['HOLDFAST_POSTGRES_URL'] });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await read(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function untilWork(story: StoryProcess, client: Client): Promise<{ rollout: string; open: string[] } | null> {
  while (!story.isOver) {
    const { rows } = await client.query<{ rollout: string; open: string[] }>(OPEN_WORK);
    const found = rows.find(({ open }) => open.length > 0);
    if (found !== undefined) return found;
    await sleep(LOOK_AGAIN_MS);
  }
  return null;
}

const OPEN_WORK = `
  select c.body->>'rolloutId' as rollout, array(
    select participant from holdfast.participants p left join holdfast.watermarks w on w.model = p.model
    where p.model = c.model and (p.settled_through is null or p.settled_through < w.through)
  ) as open
  from holdfast.records c where c.kind = 'candidate' and c.body->>'outcome' = 'in_progress'`;
