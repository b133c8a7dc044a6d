/** Drills of a newer candidate that arrives while another serves 25 %, one for each policy. */
import type { CandidateRecord } from '../../contracts/records.ts';
import type { RolloutPolicy } from '../../contracts/rollout-policy.ts';
import type { Drill } from './drill.ts';
import { exposureOf } from './recorded.ts';
import type { Recorded } from './recorded.ts';
import type { Rehearsal } from './rehearsal.ts';
import { candidateOf, firstModelOnly, untilExposed, withCanaries, withPolicy } from './slice.ts';

type NewerPolicy = RolloutPolicy['newerCandidate']['retrains'];

const EXPOSED = 0.25;
const RETRAIN_EVERY = 'P1D';

const SAYS: Readonly<Record<NewerPolicy, string>> = {
  queue: 'waits, and is judged again against the new stable once the one in flight is promoted',
  supersede: 'waits, and a still newer one takes its place; the one in flight is left alone',
  reject: 'is refused at once, with the reason; the one in flight is left alone',
};

/** The drill of one policy. */
export function newerCandidate(policy: NewerPolicy): Drill {
  return {
    breaks: `a retrain arrives while another candidate serves 25 % (policy: ${policy})`,
    expects: `the newer one ${SAYS[policy]}`,
    declare: (slice) => {
      // Straight from shadow to 25 %, and a retrain a day: the second one is ready when the first has got there.
      const short = withCanaries(firstModelOnly(slice), (step) =>
        step.exposure === EXPOSED ? { ...step, minSpan: 'P1D' } : null,
      );
      const ideas = short.ideas.map((idea) => ({ ...idea, every: RETRAIN_EVERY, claim: 'not-worse' as const }));
      return withPolicy({ ...short, ideas }, { newerCandidate: { ideas: 'queue', retrains: policy } });
    },
    play: async (rehearsal) => {
      const { bundle } = await untilExposed(rehearsal, EXPOSED);
      await PLAYS[policy](rehearsal, bundle);
    },
  };
}

const PLAYS: Readonly<Record<NewerPolicy, (rehearsal: Rehearsal, bundle: string) => Promise<void>>> = {
  queue: playQueue,
  supersede: playSupersede,
  reject: playReject,
};

const attempt = ({ candidates }: Recorded, number: number): CandidateRecord | undefined =>
  candidates.find((candidate) => candidate.attempt === number);

/** Lets event time go on until a newer candidate has arrived. */
async function arrival(rehearsal: Rehearsal, number: number): Promise<CandidateRecord> {
  const recorded = await rehearsal.until(
    `candidate ${number} arrives`,
    48,
    (now) => attempt(now, number) !== undefined,
  );
  const newer = attempt(recorded, number);
  if (newer === undefined) throw new Error(`candidate ${number} is gone again`);
  rehearsal.happened(`candidate ${number} arrives: ${newer.outcome.replace('_', ' ')}`);
  return newer;
}

function expectUntouched(rehearsal: Rehearsal, recorded: Recorded, bundle: string): void {
  const first = candidateOf(recorded, bundle);
  const isUntouched = first.outcome === 'in_progress' && exposureOf(first) === EXPOSED;
  rehearsal.expect('the one in flight is left alone', isUntouched, `${first.outcome} at exposure ${exposureOf(first)}`);
}

async function playQueue(rehearsal: Rehearsal, bundle: string): Promise<void> {
  const newer = await arrival(rehearsal, 2);
  rehearsal.expect('the newer one waits', newer.outcome === 'queued' && newer.rolloutId === null, newer.outcome);
  expectUntouched(rehearsal, await rehearsal.look(), bundle);
  await rehearsal.until('the gate asks for the approval', 72, ({ requests }) => requests.length > 0);
  await rehearsal.approveAll();
  rehearsal.happened('the approval to leave 25 % is given');
  await rehearsal.expectWithin(
    'the one in flight is promoted',
    24,
    (now) => candidateOf(now, bundle).outcome === 'promoted',
  );
  const after = await rehearsal.expectWithin('the newer one is judged again', 9, ({ decisions }) =>
    decisions.some(({ candidate, verdict }) => candidate === newer.bundle && verdict !== 'continue'),
  );
  const again = after.decisions.find(({ candidate }) => candidate === newer.bundle);
  rehearsal.expect('against the new stable', again?.stable === bundle, again?.inWords ?? 'no decision');
}

async function playSupersede(rehearsal: Rehearsal, bundle: string): Promise<void> {
  const newer = await arrival(rehearsal, 2);
  rehearsal.expect('the newer one waits', newer.outcome === 'queued', newer.outcome);
  const newest = await arrival(rehearsal, 3);
  const recorded = await rehearsal.expectWithin(
    'it gives way to a still newer one',
    3,
    (now) => candidateOf(now, newer.bundle).outcome === 'superseded',
  );
  const { reason } = candidateOf(recorded, newer.bundle);
  rehearsal.expect('with the reason', reason?.includes('3') === true, reason ?? 'none');
  const present = candidateOf(recorded, newest.bundle);
  rehearsal.expect('which waits in its place', present.outcome === 'queued', present.outcome);
  expectUntouched(rehearsal, recorded, bundle);
}

async function playReject(rehearsal: Rehearsal, bundle: string): Promise<void> {
  const newer = await arrival(rehearsal, 2);
  const recorded = await rehearsal.look();
  const { outcome, reason, exposureHistory } = candidateOf(recorded, newer.bundle);
  rehearsal.expect('the newer one is refused at once', outcome === 'refused', reason ?? outcome);
  rehearsal.expect('and nobody has met it', exposureHistory.length === 0, `${exposureHistory.length} splits name it`);
  expectUntouched(rehearsal, recorded, bundle);
}
