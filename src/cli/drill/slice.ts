/** The short slice of the flights as drills need it: one idea, and the ladder changed only where a drill says so. */
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { CandidateRecord, DecisionRecord } from '../../contracts/records.ts';
import type { LadderStep, RolloutPolicy } from '../../contracts/rollout-policy.ts';
import { exposureInWords } from '../../domain/rollout/words.ts';
import { exposureOf } from './recorded.ts';
import type { Recorded } from './recorded.ts';
import type { Rehearsal } from './rehearsal.ts';

/** The first model's way, alone. */
export function firstModelOnly(slice: ModelDeclaration): ModelDeclaration {
  return { ...slice, ideas: slice.ideas.slice(0, 1) };
}

export function withPolicy(slice: ModelDeclaration, change: Partial<RolloutPolicy>): ModelDeclaration {
  return { ...slice, rollout: { ...slice.rollout, ...change } };
}

/** Canaries of the ladder, changed. */
export function withCanaries(
  slice: ModelDeclaration,
  change: (step: Extract<LadderStep, { mode: 'canary' }>) => LadderStep | null,
): ModelDeclaration {
  const steps = slice.rollout.steps.flatMap((step) => (step.mode === 'canary' ? (change(step) ?? []) : [step]));
  return withPolicy(slice, { steps });
}

/** A flight in shadow or under exposure. */
export const inFlight = ({ candidates }: Recorded): CandidateRecord | null =>
  candidates.find(({ outcome }) => outcome === 'in_progress') ?? null;

/** Hours of event time within which the first model comes as far as any drill needs it. */
const WAY_UP_HOURS = 96;

/** Lets event time go on until a candidate is exposed as far as wanted. */
export async function untilExposed(rehearsal: Rehearsal, exposure: number): Promise<CandidateRecord> {
  const what = `a candidate serves ${exposureInWords(exposure)}`;
  const recorded = await rehearsal.until(what, WAY_UP_HOURS, (now) => {
    const candidate = inFlight(now);
    return candidate !== null && exposureOf(candidate) >= exposure && hasBegun(candidate, rehearsal.now);
  });
  const candidate = inFlight(recorded);
  if (candidate === null) throw new Error('the candidate that was found in flight is gone');
  rehearsal.happened(`${candidate.idea} ${candidate.attempt} serves ${exposureInWords(exposureOf(candidate))}`);
  return candidate;
}

/** A rise is written ahead of the cohort from which it counts. */
const hasBegun = ({ exposureHistory }: CandidateRecord, now: string): boolean =>
  (exposureHistory.at(-1)?.eventTime ?? now) < now;

/** Decisions of a rollout after an event time, in order. */
export function decisionsAfter({ decisions }: Recorded, rolloutId: string | null, after: string): DecisionRecord[] {
  return decisions.filter((decision) => decision.rolloutId === rolloutId && decision.eventTime > after);
}

export function candidateOf({ candidates }: Recorded, bundle: string): CandidateRecord {
  const found = candidates.find((candidate) => candidate.bundle === bundle);
  if (found === undefined) throw new Error(`candidate ${bundle} is not on record any more`);
  return found;
}
