/** Drills in which labels stay away. */
import { needsPerson, waitingForInWords } from '../../domain/rollout/words.ts';
import { epochMs, HOUR_MS } from '../../domain/time.ts';
import type { Drill } from './drill.ts';
import { exposureOf } from './recorded.ts';
import type { Recorded } from './recorded.ts';
import type { Rehearsal } from './rehearsal.ts';
import { candidateOf, decisionsAfter, firstModelOnly, untilExposed, withCanaries } from './slice.ts';

const CANARY = 0.01;

/** Stops the label feed and waits until the rollout holds for it. @returns event time of the stop, and what is recorded by then */
async function stopLabels(
  rehearsal: Rehearsal,
  rolloutId: string | null,
): Promise<{ readonly stoppedAt: string; readonly recorded: Recorded }> {
  const stoppedAt = rehearsal.now;
  rehearsal.faults.labelsStopped = true;
  rehearsal.happened('the label feed stops: requests go on, outcomes stay away');
  const recorded = await rehearsal.expectWithin('the rollout holds when labels are due', 24, (now) =>
    decisionsAfter(now, rolloutId, stoppedAt).some(holdsForLabels),
  );
  return { stoppedAt, recorded };
}

const holdsForLabels = ({ verdict, reasons }: { readonly verdict: string; readonly reasons: readonly string[] }) =>
  verdict === 'hold' && reasons.includes('data-pending') && reasons.includes('loss');

const SINCE = /labels of most units since (\S+) have not arrived/;
/** Labels of the slice arrive up to six hours after their request: cohorts of the last hours before a stop are incomplete, too. */
const INCOMPLETE_BEFORE_MS = 6 * HOUR_MS;

export const labelFeedStopped: Drill = {
  breaks: 'the label feed dies while a candidate serves 1 % of all flights',
  expects:
    'the rollout holds and says since when; at the deadline a person is called and nothing moves; it goes on by itself when labels come',
  declare: (slice) => withCanaries(firstModelOnly(slice), (step) => ({ ...step, deadline: 'P1D' })),
  play: async (rehearsal) => {
    const { bundle, rolloutId } = await untilExposed(rehearsal, CANARY);
    const id = rolloutId ?? '';
    const { stoppedAt } = await stopLabels(rehearsal, rolloutId);
    const unmet = (await rehearsal.status(id)).last?.unmet.join('; ') ?? '';
    const since = SINCE.exec(unmet)?.[1];
    const isTrue =
      since !== undefined &&
      epochMs(since) >= epochMs(stoppedAt) - INCOMPLETE_BEFORE_MS &&
      epochMs(since) <= epochMs(stoppedAt);
    rehearsal.expect('it says since when labels are missing', isTrue, since === undefined ? unmet : `since ${since}`);
    await rehearsal.expectWithin('the deadline of the step calls a person', 48, (now) =>
      decisionsAfter(now, rolloutId, stoppedAt).some(({ verdict }) => verdict === 'escalate'),
    );
    const state = await rehearsal.status(id);
    rehearsal.expect('it waits for a person', needsPerson(state), waitingForInWords(state));
    const held = decisionsAfter(await rehearsal.next(), rolloutId, stoppedAt);
    const moved = held.filter(({ verdict }) => verdict === 'advance' || verdict === 'rollback');
    const { servingNow } = await rehearsal.gateway.traffic();
    rehearsal.expect(
      'neither forward nor back for a lack of labels',
      servingNow.exposure === CANARY && moved.length === 0,
      `exposure ${servingNow.exposure}, ${held.map(({ verdict }) => verdict).join(', ')}`,
    );
    rehearsal.faults.labelsStopped = false;
    rehearsal.happened('the label feed lives again; what was withheld arrives, late');
    const after = await rehearsal.expectWithin('the rollout goes on by itself', 24, (now) => {
      const candidate = candidateOf(now, bundle);
      return candidate.outcome === 'in_progress' && exposureOf(candidate) > CANARY;
    });
    const last = decisionsAfter(after, rolloutId, stoppedAt).at(-1);
    rehearsal.expect(
      'by an advance on the labels that came late',
      last?.verdict === 'advance',
      last?.inWords ?? 'none',
    );
  },
};

export const crashWithoutLabels: Drill = {
  breaks: 'the label feed dies, and then the candidate fails at every request',
  expects: 'the rollout holds for labels, and rolls the crashing candidate back at once all the same',
  declare: firstModelOnly,
  play: async (rehearsal) => {
    const { bundle, rolloutId } = await untilExposed(rehearsal, CANARY);
    await stopLabels(rehearsal, rolloutId);
    const brokenAt = rehearsal.now;
    await rehearsal.rehearse({ candidateFails: true });
    rehearsal.happened('the candidate fails at every request');
    const recorded = await rehearsal.expectWithin(
      'it is rolled back while labels are missing',
      6,
      (now) => candidateOf(now, bundle).outcome === 'rolled_back',
    );
    const last = decisionsAfter(recorded, rolloutId, brokenAt).at(-1);
    const { reason } = candidateOf(recorded, bundle);
    rehearsal.expect('on the errors alone', last?.reasons.join() === 'errors', reason ?? '');
    const { servingNow } = await rehearsal.gateway.traffic();
    const isBack = servingNow.candidate === null && servingNow.exposure === 0 && servingNow.candidateInFlight === 0;
    rehearsal.expect('nobody is served by it any more', isBack, `exposure ${servingNow.exposure}`);
  },
};
