/**
 * A worker killed before, in the middle of and after every side effect of rollout and promotion, on a real Temporal server, over real
 * PostgreSQL and two real gateways. Each point has a rollout of its own, whose story must go as it goes when nothing dies.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from '../ground/account.ts';
import { startGround } from '../ground/ground.ts';
import type { Ground } from '../ground/ground.ts';
import type { KillableProcess } from '../ground/killable-process.ts';
import { ModelInHand } from '../ground/model-in-hand.ts';
import { Patience } from '../ground/patience.ts';
import { modelFor } from '../ground/stories.ts';
import type { StoryName } from '../ground/stories.ts';
import { differences, tell } from '../ground/telling.ts';
import type { Place } from '../ground/telling.ts';
import type { Say } from '../part.ts';
import { EFFECTS, isEffect } from './effects.ts';
import type { CrashPoint, Effect, Fault, Point } from './effects.ts';
import { readJournal } from './journal.ts';

export type Planned = Effect & { readonly point: Point };

export interface Crash extends Planned {
  /** Everything that is wrong with the rollout in which the worker was killed; empty where nothing is. */
  readonly faults: readonly string[];
}

export interface CrashRun {
  readonly crashes: readonly Crash[];
  /** Stories told without a death. */
  readonly undisturbed: readonly Account[];
  /** What was written in them that no effect of the list is, by activity. */
  readonly unknown: readonly string[];
  readonly accounts: readonly Account[];
}

const PROGRAM = fileURLToPath(new URL('crash-worker.js', import.meta.url));
/** What dies in a data activity is missed after half a minute. */
const PATIENCE_MS = 240_000;

interface Lane extends Place {
  readonly worker: KillableProcess;
  readonly plan: string;
  readonly journal: string;
}

export interface CrashOptions {
  /** How many points are tried at the same time, each with a worker of its own. */
  readonly lanes: number;
  readonly say?: Say;
  /** What else happens to the ground meanwhile. */
  readonly beside?: (ground: Ground) => Promise<void>;
  /** Planted into the workers: it shows only where one dies. */
  readonly fault?: Fault;
  readonly patienceMs?: number;
}

/** Tries points; each that is tried has a rollout of its own. */
export async function crashAt(points: readonly Planned[], options: CrashOptions): Promise<CrashRun> {
  const { lanes, say = () => undefined, beside = () => Promise.resolve(), fault, patienceMs = PATIENCE_MS } = options;
  const papers = mkdtempSync(join(tmpdir(), 'holdfast-crash-points-'));
  const files = Array.from({ length: lanes }, (_, index) => ({
    plan: join(papers, `plan-${index}.json`),
    journal: join(papers, `journal-${index}.jsonl`),
  }));
  const ground = await startGround(
    files.map(({ plan, journal }, index) => ({
      namespace: `lane-${index}`,
      program: PROGRAM,
      environment: { CRASH_PLAN: plan, CRASH_JOURNAL: journal, CRASH_FAULT: fault ?? '' },
    })),
  );
  try {
    const places = await Promise.all(files.map((paper, index) => laneOf(ground, index, paper, patienceMs)));
    const stories = [...new Set(points.map(({ story }) => story))];
    const undisturbed = new Map<StoryName, Account>();
    await spread(stories, places, async (lane, story) => {
      undisturbed.set(story, await told(lane, story, `peaceful-${stories.indexOf(story)}`));
    });
    const unknown = unknownIn(files.flatMap(({ journal }) => readJournal(journal)));
    const crashes: Crash[] = [];
    const accounts: Account[] = [];
    const others = beside(ground);
    await spread(points, places, async (lane, planned) => {
      const faults = await crash(lane, planned, `m-${points.indexOf(planned)}`, undisturbed, accounts);
      crashes.push({ ...planned, faults });
      const { activity, writes, point } = planned;
      say(`  ${crashes.length} of ${points.length}: ${activity}, ${writes}, ${point}: ${faults[0] ?? 'ok'}`);
    });
    await others;
    return { crashes, accounts, undisturbed: [...undisturbed.values()], unknown };
  } finally {
    await ground.stop();
    rmSync(papers, { recursive: true, force: true });
  }
}

async function laneOf(
  ground: Ground,
  index: number,
  paper: Pick<Lane, 'plan' | 'journal'>,
  patienceMs: number,
): Promise<Lane> {
  const worker = ground.processes.workers[index];
  if (worker === undefined) throw new Error(`lane ${index} has no worker`);
  return {
    ground,
    client: await ground.client(`lane-${index}`),
    patience: new Patience(patienceMs),
    worker,
    ...paper,
  };
}

/** Each item once, by whichever lane is free. */
async function spread<T>(
  items: readonly T[],
  lanes: readonly Lane[],
  act: (lane: Lane, item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await act(lane, item);
    }),
  );
}

/** One story of one new model. @param arm Called with the rollout before promotion hears of its candidate */
async function told(
  lane: Lane,
  story: StoryName,
  model: string,
  arm: (rolloutId: string) => void = () => undefined,
): Promise<Account> {
  const hand = await ModelInHand.open(
    lane.ground,
    lane.client,
    lane.patience,
    modelFor(story, model, lane.ground.mailbox.url),
  );
  const candidate = await hand.candidate('idea');
  arm(candidate.rolloutId);
  await hand.submit(candidate);
  return tell(lane, story, hand, candidate);
}

async function crash(
  lane: Lane,
  { activity, writes, without, point, story }: Planned,
  model: string,
  undisturbed: ReadonlyMap<StoryName, Account>,
  accounts: Account[],
): Promise<string[]> {
  let armed: CrashPoint | null = null;
  try {
    // One that does not come up any more is what is wrong, not the point that is tried next.
    await lane.worker.serving();
    const account = await told(lane, story, model, (rolloutId) => {
      armed = { activity, writes, ...(without === undefined ? {} : { without }), point, rolloutId };
      writeFileSync(lane.plan, JSON.stringify([armed]));
    });
    accounts.push(account);
    const peace = undisturbed.get(story);
    const faults = [...account.faults, ...(peace === undefined ? [] : differences(account, peace))];
    return [...deathFaults(lane, armed), ...faults.map(({ kind, inWords }) => `${kind}: ${inWords}`)];
  } catch (error) {
    return [...deathFaults(lane, armed), String(error)];
  }
}

/** Whether the worker died there, and once. */
function deathFaults({ journal }: Lane, point: CrashPoint | null): string[] {
  const deaths = readJournal(journal).filter(
    (line) => 'died' in line && JSON.stringify(line.died) === JSON.stringify(point),
  ).length;
  return deaths === 1 ? [] : [`the worker died ${deaths} times there`];
}

function unknownIn(lines: ReturnType<typeof readJournal>): string[] {
  const unknown = lines.flatMap((line) =>
    'died' in line || EFFECTS.some((effect) => isEffect(effect, line.activity, line.labels))
      ? []
      : [`${line.activity}: ${[...new Set(line.labels)].join(', ')}`],
  );
  return [...new Set(unknown)];
}
