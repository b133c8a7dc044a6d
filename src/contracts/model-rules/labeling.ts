/** Labelling by people: whoever is asked exists and suffices, and what they say comes in time to count. */
import { lengthInWords, MINUTE_MS } from '../../domain/time.ts';
import { goldTasks } from '../labeling.ts';
import { isWholeMinutes, lengthMs, rule, unknownName } from './rule.ts';
import type { Rule } from './rule.ts';

const rolesKnown = rule(['labeling', 'people'], function* ({ labeling, people }) {
  if (labeling === undefined) return;
  for (const field of ['role', 'adjudicators'] as const) {
    const role = labeling[field];
    if (role !== undefined && !Object.hasOwn(people, role))
      yield unknownName(['labeling', field], role, 'role of people', Object.keys(people));
  }
});

const peopleSuffice = rule(['labeling', 'people'], function* ({ labeling, people }) {
  const names = labeling === undefined ? undefined : people[labeling.role];
  if (labeling === undefined || names === undefined || names.length >= labeling.answersPerTask) return;
  yield {
    path: ['labeling', 'answersPerTask'],
    problem: `asks for the answers of ${labeling.answersPerTask} people, and ${names.length} may answer as ${labeling.role}`,
    allowed: `1 to ${names.length}`,
    remedy: `lower it, or add names to people.${labeling.role}`,
  };
});

const spansWhole = rule(['labeling', 'cohort'], function* ({ labeling, cohort }) {
  if (labeling === undefined) return;
  const least = { every: Math.max(lengthMs(cohort) ?? 0, MINUTE_MS), deadline: MINUTE_MS } as const;
  for (const field of ['every', 'deadline'] as const) {
    const ms = lengthMs(labeling[field]) ?? 0;
    const path = ['labeling', field];
    const allowed = field === 'every' ? `at least a cohort, ${cohort}` : 'at least one minute';
    if (!isWholeMinutes(ms)) yield { path, problem: 'is not whole minutes', allowed: 'for example PT12H or P3D' };
    else if (ms < least[field]) yield { path, problem: 'is too short', allowed };
  }
});

const answersCount = rule(['labeling', 'label'], function* ({ labeling, label }) {
  if (labeling === undefined) return;
  const [everyMs, deadlineMs] = [lengthMs(labeling.every) ?? 0, lengthMs(labeling.deadline) ?? 0];
  const windowMs = lengthMs(label.attributionWindow) ?? 0;
  if (everyMs + deadlineMs < windowMs) return;
  yield {
    path: ['labeling', 'every'],
    problem:
      `comes to answers that do not count: the oldest request of a campaign is ${lengthInWords(everyMs)} old when people are ` +
      `asked, their labels go out up to ${lengthInWords(deadlineMs)} later (labeling.deadline), and what comes ` +
      `${lengthInWords(windowMs)} after the event (label.attributionWindow) counts no more`,
    allowed: 'every + deadline shorter than label.attributionWindow',
    remedy: 'ask more often, shorten labeling.deadline, or lengthen label.attributionWindow',
  };
});

const labelIsOpen = rule(['labeling', 'label', 'task'], function* ({ labeling, label, task }) {
  if (labeling === undefined) return;
  if (task !== 'binary') {
    yield {
      path: ['labeling'],
      at: 'key',
      problem: `asks people whether something is so, and task is "${task}"`,
      allowed: 'task: binary',
      remedy: 'leave labeling out: people cannot be asked for numbers yet',
    };
  }
  if (label.absence === 'zero') {
    yield {
      path: ['labeling'],
      at: 'key',
      problem:
        'asks about outcomes that have not come, and without one the answer is declared to be no (label.absence)',
      allowed: 'label.absence: "exclude"',
      remedy: 'leave labeling out, or say that a missing outcome is unknown',
    };
  }
});

const goldSuffices = rule(['labeling'], function* ({ labeling }) {
  if (labeling === undefined || labeling.goldShare === 0) return;
  const gold = goldTasks(labeling);
  if (gold >= labeling.minGoldAnswers) return;
  yield {
    path: ['labeling', 'goldShare'],
    problem: `gives a campaign of ${labeling.size} tasks ${gold} of known outcome, and nobody is judged by fewer than ${labeling.minGoldAnswers}: they check no one`,
    allowed: '0, or enough that size × goldShare reaches labeling.minGoldAnswers',
    remedy: 'raise size or goldShare, lower minGoldAnswers, or set goldShare: 0 to trust every annotator',
  };
});

export const labelingRules: readonly Rule[] = [
  rolesKnown,
  peopleSuffice,
  spansWhole,
  answersCount,
  labelIsOpen,
  goldSuffices,
];
