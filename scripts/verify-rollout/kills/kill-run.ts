/**
 * Rollouts of many models at the same time, each with its next candidate as soon as the last has its outcome, while one process after the
 * other is killed; every story is then compared with how it goes when nothing dies.
 */
import { randomFrom, seedOf } from '../../../src/simulation/gate/random.ts';
import type { Random } from '../../../src/simulation/gate/random.ts';
import type { Account, Fault } from '../ground/account.ts';
import { startGround } from '../ground/ground.ts';
import { ModelInHand } from '../ground/model-in-hand.ts';
import { Patience } from '../ground/patience.ts';
import { modelFor } from '../ground/stories.ts';
import type { StoryName } from '../ground/stories.ts';
import { whyStuck } from '../ground/stuck.ts';
import { differences, tell } from '../ground/telling.ts';
import type { Place } from '../ground/telling.ts';
import type { Say } from '../part.ts';
import { killThroughout } from './killer.ts';
import type { Kill, Victim } from './killer.ts';

const TOLD: readonly StoryName[] = [
  'climbs to the end',
  'climbs to the end',
  'is told its evidence by updates',
  'is paused and extended',
  'is re-based',
  'is harmful',
  'is ordered back',
  'is rejected',
  'is ended from outside',
];
/**
 * A workflow task that meets one death after the other is given longer and longer by Temporal until it is missed: 10 s at first, three
 * minutes in its seventh attempt. On a machine that is busy otherwise, too, a rollout in some hundreds gets there.
 */
const PATIENCE_MS = 900_000;
const WORKERS = 2;

export interface KillRun {
  readonly kills: readonly Kill[];
  readonly accounts: readonly Account[];
  /** What is wrong, with whose rollout it is. */
  readonly faults: readonly Fault[];
  /** Rollouts in flight at the same time, at least and while there were kills. */
  readonly concurrent: number;
  /** Failures that were met and passed, by their words. */
  readonly met: ReadonlyMap<string, number>;
}

export interface KillPlan {
  readonly seed: number;
  readonly counts: Readonly<Record<Victim, number>>;
  readonly models: number;
}

/** Runs until every kill has been done and every rollout has ended. */
export async function killRun({ seed, counts, models }: KillPlan, say: Say): Promise<KillRun> {
  const ground = await startGround(Array.from({ length: WORKERS }, () => ({ namespace: 'default' })));
  try {
    const place = { ground, client: await ground.client('default'), patience: new Patience(PATIENCE_MS) };
    const undisturbed = await inPeace(place);
    say(`  ${undisturbed.size} stories told undisturbed; now ${models} at a time`);
    const accounts: Account[] = [];
    const faults: Fault[] = [];
    const kills: Kill[] = [];
    const run = { isOver: false, inFlight: models };
    const take = (account: Account): void => {
      const peace = undisturbed.get(account.story);
      accounts.push(account);
      for (const { kind, inWords } of [...account.faults, ...(peace ? differences(account, peace) : [])])
        faults.push({ kind, inWords: `${account.rolloutId}, which ${account.story}: ${inWords}` });
    };
    const tellers = Array.from({ length: models }, (_, index) =>
      tellOn(place, `model-${index}`, randomFrom(seedOf(seed, index)), run, take)
        .catch((error: unknown) => {
          faults.push({ kind: 'unfinished', inWords: `model-${index}: ${String(error)}` });
        })
        .finally(() => void (run.inFlight -= 1)),
    );
    let concurrent = models;
    const onKill = (kill: Kill): void => {
      kills.push(kill);
      concurrent = Math.min(concurrent, run.inFlight);
      say(`  kill ${kills.length}: ${told(kill)}; ${accounts.length} rollouts have ended, ${faults.length} faults`);
    };
    await killThroughout(ground, counts, randomFrom(seedOf(seed, models)), onKill, () => run.inFlight === 0);
    run.isOver = true;
    await Promise.all(tellers);
    return { kills, accounts, faults, concurrent, met: place.patience.met };
  } finally {
    await ground.stop();
  }
}

const told = ({ victim, open, backMs }: Kill): string =>
  `${victim} with ${open} rollouts at work, serves again after ${(backMs / 1000).toFixed(1)} s`;

async function inPeace(place: Place): Promise<Map<StoryName, Account>> {
  const stories = [...new Set(TOLD)];
  const accounts = await Promise.all(
    stories.map(async (story, index) => {
      const hand = await ModelInHand.open(
        place.ground,
        place.client,
        place.patience,
        modelFor(story, `peace-${index}`, place.ground.mailbox.url),
      );
      const candidate = await hand.candidate('idea');
      await hand.submit(candidate);
      return tell(place, story, hand, candidate);
    }),
  );
  const wrong = accounts.flatMap(({ story, faults }) => faults.map(({ inWords }) => `${story}: ${inWords}`));
  if (wrong.length > 0) throw new Error(`undisturbed stories go wrong: ${wrong.join('; ')}`);
  return new Map(accounts.map((account) => [account.story, account]));
}

/** One model's candidates, one after the other, until it is over. */
async function tellOn(
  place: Place,
  model: string,
  random: Random,
  run: { readonly isOver: boolean },
  take: (account: Account) => void,
): Promise<void> {
  const hand = await ModelInHand.open(
    place.ground,
    place.client,
    place.patience,
    modelFor('climbs to the end', model, place.ground.mailbox.url),
  );
  for (let turn = 1; turn === 1 || !run.isOver; turn++) {
    const story = TOLD[Math.floor(random() * TOLD.length)] ?? 'climbs to the end';
    const candidate = await hand.candidate(`idea-${turn}`);
    await hand.submit(candidate);
    take(
      await tell(place, story, hand, candidate).catch(async (error: unknown): Promise<never> => {
        throw new Error(`${String(error)}; ${await whyStuck(place.client, candidate.rolloutId)}`, { cause: error });
      }),
    );
  }
}
