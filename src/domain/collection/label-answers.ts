/**
 * What people's answers come to: who counts, which labels stand, and how far people agree. A pure function of all that was answered,
 * whatever the order in which it came, so that it is computed anew from the records each time and at the end.
 */
import { krippendorffAlpha } from '../statistics/index.ts';

export interface LabelRules {
  /** People who must agree on a label. */
  readonly answersPerTask: number;
  /** Share of gold tasks an annotator must answer rightly, 0 to 1. */
  readonly minGoldAccuracy: number;
  /** Gold tasks answered before that share is judged. */
  readonly minGoldAnswers: number;
  readonly annotators: readonly string[];
  /** Who settles what they disagree on; empty: the majority does. */
  readonly adjudicators: readonly string[];
}

/** A task as the answers to it are weighed. */
export interface AskedTask {
  readonly task: string;
  /** Its outcome where that was known before; null: it is what people are asked for. */
  readonly gold: number | null;
}

/** What one person said of one task: at most one answer each, and one adjudication a task. */
export interface GivenLabel {
  readonly kind: 'answer' | 'adjudication';
  readonly task: string;
  readonly label: number;
  readonly by: string;
}

/** `open`: more people are asked. `adjudication`: an adjudicator is. `settled`: it has its label. `unsettled`: nobody is left to ask. */
export type TaskStand = 'open' | 'adjudication' | 'settled' | 'unsettled';

export interface TaskStanding {
  readonly task: string;
  readonly stands: TaskStand;
  /** Answers that count, and how many are asked for now. */
  readonly have: number;
  readonly asked: number;
  /** Null unless it is settled. */
  readonly label: number | null;
  readonly settledBy: 'agreement' | 'majority' | 'adjudication' | null;
}

export interface AnnotatorTally {
  readonly by: string;
  readonly answers: number;
  readonly goldAnswers: number;
  readonly goldRight: number;
  /** Why what this person said does not count, in words; null where it does. */
  readonly setAside: string | null;
}

export interface Weighing {
  /** In the order of the tasks. */
  readonly tasks: readonly TaskStanding[];
  /** Whoever has answered, by name. */
  readonly annotators: readonly AnnotatorTally[];
}

export function weighAnswers(tasks: readonly AskedTask[], given: readonly GivenLabel[], rules: LabelRules): Weighing {
  const answers = given.filter(({ kind }) => kind === 'answer');
  const annotators = tallies(tasks, answers, rules);
  const aside = new Set(annotators.flatMap(({ by, setAside }) => (setAside === null ? [] : [by])));
  const standing = tasks.map(({ task }): TaskStanding => {
    const answered = answers.filter((answer) => answer.task === task);
    const adjudicated = given.find((one) => one.kind === 'adjudication' && one.task === task);
    const counted = answered.filter(({ by }) => !aside.has(by));
    const has = (by: string): boolean => answered.some((answer) => answer.by === by);
    const free = rules.annotators.some((by) => !aside.has(by) && !has(by));
    const adjudicator = rules.adjudicators.some((by) => !has(by));
    return { task, ...standOf(counted, { adjudicated, free, adjudicator }, rules.answersPerTask) };
  });
  return { tasks: standing, annotators };
}

interface Askable {
  readonly adjudicated: GivenLabel | undefined;
  /** Whether an annotator who counts has not answered yet. */
  readonly free: boolean;
  /** Whether an adjudicator has not answered it. */
  readonly adjudicator: boolean;
}

/** @param need People who must agree */
function standOf(
  counted: readonly GivenLabel[],
  { adjudicated, free, adjudicator }: Askable,
  need: number,
): Omit<TaskStanding, 'task'> {
  const have = counted.length;
  const byLabel = new Map<number, number>();
  for (const { label } of counted) byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
  const [first = 0, second = 0] = [...byLabel.values()].sort((a, b) => b - a);
  const tied = second > 0 && first === second;
  // One more than the first that were asked, where those do not agree; and, where nobody adjudicates, one more who breaks a tie.
  const asked = second === 0 ? need : tied && have > need && !adjudicator ? have + 1 : need + 1;
  const open = { have, asked, label: null, settledBy: null };
  if (adjudicated !== undefined)
    return { ...open, stands: 'settled', label: adjudicated.label, settledBy: 'adjudication' };
  const agreed = [...byLabel].filter(([, count]) => count >= need);
  if (agreed.length === 1 && agreed[0] !== undefined)
    return { ...open, stands: 'settled', label: agreed[0][0], settledBy: 'agreement' };
  if (have < asked && free) return { ...open, stands: 'open' };
  if (have > 0 && adjudicator) return { ...open, stands: 'adjudication' };
  const most = [...byLabel].find(([, count]) => 2 * count > have);
  if (have >= need && most !== undefined) return { ...open, stands: 'settled', label: most[0], settledBy: 'majority' };
  return { ...open, stands: 'unsettled' };
}

function tallies(tasks: readonly AskedTask[], answers: readonly GivenLabel[], rules: LabelRules): AnnotatorTally[] {
  const gold = new Map(tasks.flatMap((task) => (task.gold === null ? [] : [[task.task, task.gold] as const])));
  const names = [...new Set(answers.map(({ by }) => by))].sort();
  return names.map((by) => {
    const own = answers.filter((answer) => answer.by === by);
    const checked = own.filter(({ task }) => gold.has(task));
    const goldRight = checked.filter(({ task, label }) => gold.get(task) === label).length;
    const tally = { by, answers: own.length, goldAnswers: checked.length, goldRight };
    const judged = checked.length >= rules.minGoldAnswers;
    if (!judged || goldRight / checked.length >= rules.minGoldAccuracy) return { ...tally, setAside: null };
    const setAside = `${goldRight} of ${checked.length} tasks of known outcome were answered rightly, and ${Number((rules.minGoldAccuracy * 100).toFixed(2))} % must be`;
    return { ...tally, setAside };
  });
}

/** How far annotators who count agree. */
export interface Agreement {
  /** Krippendorff's alpha of unordered labels: 1 perfect, 0 as by chance. */
  readonly alpha: number | null;
  /** Why there is none; null where there is one. */
  readonly reason: string | null;
}

export function agreementOf(given: readonly GivenLabel[], annotators: readonly AnnotatorTally[]): Agreement {
  const counting = annotators.filter(({ setAside }) => setAside === null).map(({ by }) => by);
  const answers = given.filter(({ kind, by }) => kind === 'answer' && counting.includes(by));
  const tasks = [...new Set(answers.map(({ task }) => task))];
  const labels = new Map(answers.map(({ task, by, label }) => [JSON.stringify([task, by]), label]));
  const ratings = counting.map((by) => tasks.map((task) => labels.get(JSON.stringify([task, by])) ?? null));
  const twice = tasks.some((task) => answers.filter((answer) => answer.task === task).length > 1);
  if (!twice) return { alpha: null, reason: 'no task was answered by two people who count' };
  const alpha = krippendorffAlpha(ratings, 'nominal');
  return alpha === null
    ? { alpha, reason: 'every such answer was the same, so that nothing could tell agreement from chance' }
    : { alpha, reason: null };
}
