/** Stories told on the ground, and compared with how they go when nothing dies. */
import type { Client } from '@temporalio/client';
import { accountOf } from './account.ts';
import type { Account, Fault } from './account.ts';
import type { Ground } from './ground.ts';
import type { Candidate, ModelInHand } from './model-in-hand.ts';
import type { Patience } from './patience.ts';
import { STORIES } from './stories.ts';
import type { StoryName } from './stories.ts';
import { Teller } from './teller.ts';

export interface Place {
  readonly ground: Ground;
  readonly client: Client;
  readonly patience: Patience;
}

/** Tells one story of a candidate that has been submitted, to its end. @throws when it does not come to one */
export async function tell(
  { ground, client, patience }: Place,
  story: StoryName,
  hand: ModelInHand,
  candidate: Candidate,
): Promise<Account> {
  const teller = new Teller({ ground, client, patience, hand, candidate });
  await STORIES[story](teller);
  const state = await teller.end();
  return patience.persist(`the account of ${candidate.rolloutId}`, () => accountOf(ground, { story, teller, state }));
}

/** What differs from the same story undisturbed. */
export function differences(account: Account, undisturbed: Account): Fault[] {
  const { lines } = undisturbed;
  const at = lines.findIndex((line, index) => account.lines[index] !== line);
  if (at === -1 && account.lines.length === lines.length) return [];
  const place = at === -1 ? lines.length : at;
  const kind =
    account.lines.length < lines.length ? 'lost' : account.lines.length > lines.length ? 'repeated' : 'out of order';
  const said = account.lines[place] ?? 'nothing';
  return [{ kind, inWords: `its story goes on with ${said}, undisturbed with ${lines[place] ?? 'nothing'}` }];
}
