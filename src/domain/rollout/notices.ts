/**
 * What people are told of a rollout without their asking: which news there is in a state, and the words. Pure: a notice has a key, and one
 * that was told is told no more, so that neither a replay nor a repeated look says anything twice.
 */
import { commandLine } from '../command-line.ts';
import { lengthInWords } from '../time.ts';
import type { RolloutState, Step } from './states.ts';
import { approversInWords, exposureInWords, positionInWords, possibleActions, splitIsBroken } from './words.ts';
import type { Rollout } from './words.ts';

export type RolloutTopic = 'approval' | 'hold' | 'rollback' | 'deadlineNear' | 'deadlinePassed' | 'escalation';

export interface RolloutNotice {
  readonly topic: RolloutTopic;
  /** Names the news within its rollout. */
  readonly key: string;
  readonly subject: string;
  readonly lines: readonly string[];
  readonly command: string | null;
}

const MISSING_KEY = 'hold/missing/';
/** A deadline is near when so much of the step's time, or less, is left. */
const NEAR_SHARE = 0.25;

/** Every news in a state, by its key; which of them have been told is the caller's to remember. */
export function newsOf(rollout: Rollout, state: RolloutState): RolloutNotice[] {
  const { request, escalated, step, extraCohorts, decision } = state;
  if (decision !== null) return decision.outcome === 'rolled_back' ? [rolledBack(rollout, state)] : [];
  const say = (topic: RolloutTopic, key: string): RolloutNotice => notice(rollout, state, topic, key);
  return [
    ...(request === null ? [] : [say('approval', `approval/${request.step}/${request.since}`)]),
    ...(splitIsBroken(state) ? [say('hold', 'hold/split')] : []),
    ...(escalated ? [say('deadlinePassed', `deadline-passed/${step}/${extraCohorts}`)] : []),
    ...(isDeadlineNear(state) ? [say('deadlineNear', `deadline-near/${step}/${extraCohorts}`)] : []),
    ...missingFor(rollout, state),
  ];
}

/**
 * Evidence that is due and does not come. What is late by less than a cohort mends itself; a whole cohort later somebody has to look at
 * the feed, since no gate ever calls a person for what is not there.
 */
function missingFor(rollout: Rollout, state: RolloutState): RolloutNotice[] {
  const { missingSince, last } = state;
  if (missingSince === undefined || last === null || last.cohort <= missingSince) return [];
  return [
    {
      ...notice(rollout, state, 'hold', `${MISSING_KEY}${missingSince}`),
      subject: `${rollout.model}: evidence is missing — ${rollout.idea}, ${positionInWords(state)}`,
      command: `npx holdfast explain ${rollout.rolloutId}`,
    },
  ];
}

/** The same again for whoever is told when nobody answers. @param since Workflow time since when a person is waited for */
export function unanswered(
  rollout: Rollout,
  state: RolloutState,
  since: string,
  waitedMs: number,
): RolloutNotice | null {
  const first = newsOf(rollout, state).find(
    ({ topic, key }) => topic !== 'deadlineNear' && !key.startsWith(MISSING_KEY),
  );
  if (first === undefined || state.decision !== null) return null;
  const subject = `${rollout.model}: nobody has answered for ${lengthInWords(waitedMs)} — ${first.subject.slice(rollout.model.length + 2)}`;
  return { ...first, topic: 'escalation', key: `escalation/${since}`, subject };
}

function isDeadlineNear(state: RolloutState): boolean {
  const whole = stepOf(state)?.deadlineCohorts ?? null;
  const left = state.last?.deadlineCohorts ?? null;
  if (whole === null || left === null || state.escalated || state.request !== null || state.ordered !== null)
    return false;
  return left > 0 && left <= NEAR_SHARE * (whole + state.extraCohorts);
}

function notice(rollout: Rollout, state: RolloutState, topic: RolloutTopic, key: string): RolloutNotice {
  const [urgent] = possibleActions(rollout, state);
  const [order] = urgent?.updates ?? [];
  return {
    topic,
    key,
    subject: `${rollout.model}: ${SUBJECTS[topic]} — ${rollout.idea}, ${positionInWords(state)}`,
    lines: [
      `What changes: ${changeInWords(state, topic)}`,
      `Why now: ${sentence(state.inWords)}`,
      `Risk: ${riskInWords(state)}`,
      `Way back: ${commandLine(rollout.rolloutId, 'rollback', {})}`,
      `Until when: ${untilInWords(state)}`,
    ],
    command: urgent === undefined || order === undefined ? null : commandLine(rollout.rolloutId, order, urgent.body),
  };
}

const SUBJECTS: Readonly<Record<RolloutTopic, string>> = {
  approval: 'an approval is asked',
  hold: 'the split is broken',
  rollback: 'rolled back',
  deadlineNear: 'the deadline of a step is near',
  deadlinePassed: 'the deadline of a step has passed',
  escalation: 'nobody has answered',
};

function changeInWords(state: RolloutState, topic: RolloutTopic): string {
  const here = exposureInWords(state.exposure);
  if (topic === 'hold' && splitIsBroken(state))
    return `nothing: exposure stays at ${here}; only a rollback or a new rollout leads on`;
  if (topic === 'hold')
    return `nothing: exposure stays at ${here}; it goes on by itself when the evidence is there, and harm in what is there rolls back`;
  const next = state.brief?.steps[state.step + 1];
  const wider =
    next === undefined
      ? 'the candidate becomes the stable'
      : `exposure rises from ${here} to ${exposureInWords(next.exposure)}`;
  if (topic === 'approval') return `${wider} with ${peopleInWords(state)}`;
  return `nothing by itself: exposure stays at ${here}`;
}

function peopleInWords(state: RolloutState): string {
  const { request } = state;
  const missing = (request?.quorum ?? 0) - (request?.approvals.length ?? 0);
  return `${missing} more yes of ${approversInWords(state) ?? 'nobody'}`;
}

/** What the gate has seen of harm. */
function riskInWords({ last }: RolloutState): string {
  const worst = [...(last?.progress ?? [])].sort((one, other) => other.harm - one.harm)[0];
  const seen =
    worst === undefined
      ? ''
      : `; nearest to it is ${worst.stream}, with ${Math.floor(worst.harm * 100)} % of the evidence it takes`;
  return `certified harm rolls back by itself${seen}`;
}

function untilInWords(state: RolloutState): string {
  const left = state.last?.deadlineCohorts ?? null;
  const stays = 'without an answer the exposure stays where it is';
  if (state.escalated) return `the deadline has passed; ${stays}`;
  if (left === null || stepOf(state)?.deadlineCohorts == null) return `no deadline; ${stays}`;
  const lengthMs = state.brief?.calendar.lengthMs ?? 0;
  return `${lengthInWords(left * lengthMs)} of event time to the deadline of the step; ${stays}`;
}

function rolledBack(rollout: Rollout, { decision, brief }: RolloutState): RolloutNotice {
  const stable = brief?.stable.slice(0, STABLE_SHOWN) ?? 'the stable bundle';
  return {
    topic: 'rollback',
    key: 'rollback',
    subject: `${rollout.model}: rolled back — ${rollout.idea}`,
    lines: [
      `What changes: everyone is answered by ${stable} again; the candidate gets nobody any more`,
      `Why now: ${sentence(decision?.reason ?? '')}`,
      'Risk: none from this candidate; it is back for good',
      'Way back: a new candidate with a rollout of its own',
    ],
    command: `npx holdfast explain ${rollout.rolloutId}`,
  };
}

const STABLE_SHOWN = 12;
const SENTENCE_MAX = 300;
/** One line, whatever people or programs have written. */
const sentence = (words: string): string => words.replaceAll(/\s+/g, ' ').slice(0, SENTENCE_MAX);
const stepOf = (state: RolloutState): Step | null => state.brief?.steps[state.step] ?? null;
