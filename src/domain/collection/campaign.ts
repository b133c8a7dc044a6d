/**
 * The desk of a labelling campaign: what people are asked, who has answered, and whether another answer can be taken. Pure; of gold
 * tasks it knows nothing, so that nobody can read them here. Which labels stand is weighed elsewhere, from the records.
 */
import { closestName } from '../closest-name.ts';
import type { TaskStand } from './label-answers.ts';

/** What a campaign is, from its drawing to its end. */
export interface CampaignBrief {
  readonly question: string;
  /** Name of the outcome, and what may be answered: label → meaning in words. */
  readonly labelName: string;
  readonly labels: readonly { readonly label: number; readonly meaning: string }[];
  /** Event times of the requests that are asked about, ISO 8601. */
  readonly from: string;
  readonly through: string;
  readonly role: string;
  readonly annotators: readonly string[];
  readonly adjudicators: readonly string[];
  readonly answersPerTask: number;
  readonly deadlineMs: number;
  readonly tasks: readonly {
    readonly task: string;
    readonly inputs: Readonly<Record<string, string | number | null>>;
  }[];
  /** Whether anybody is told, and after how long without an answer again, workflow time; absent: nobody is. */
  readonly notifications?: { readonly escalateAfterMs: number | null };
}

/** How far one task is; `asked` and `stands` as of the last weighing. */
export interface TaskProgress {
  readonly task: string;
  readonly stands: TaskStand;
  readonly have: number;
  readonly asked: number;
  readonly answeredBy: readonly string[];
}

/** What a person has said and the records do not hold yet. */
export interface TakenLabel {
  readonly kind: 'answer' | 'adjudication';
  readonly task: string;
  readonly label: number;
  readonly by: string;
  readonly reason: string;
  readonly channel: string;
  readonly commandId: string;
}

/** Everything that continue-as-new carries. */
export interface CampaignState {
  /** Null until the drawn tasks have been read. */
  readonly brief: CampaignBrief | null;
  /** Workflow time at which it closes, epoch milliseconds; null until it is opened. */
  readonly deadlineAt: number | null;
  readonly tasks: readonly TaskProgress[];
  readonly setAside: readonly { readonly by: string; readonly reason: string }[];
  readonly pending: readonly TakenLabel[];
  /** Answers and adjudications taken so far; those without an id of their own are numbered by it. */
  readonly taken: number;
  readonly processed: readonly string[];
  /** The campaign that has begun because the labels of this one could not count any more; null: none. */
  readonly overtakenBy: string | null;
  /** Why nothing is taken any more; null while it is open. */
  readonly closing: string | null;
}

/** What a person says of one task. */
export type LabelOrder = Omit<TakenLabel, 'commandId'>;

/** Ids that are remembered, newest last; a repetition older than so many would be refused by the state anyway. */
const PROCESSED_IDS_MAX = 100;
/** What may wait to be recorded: it is carried in one message. */
const PENDING_MAX = 10;

export const EMPTY_CAMPAIGN: CampaignState = {
  brief: null,
  deadlineAt: null,
  tasks: [],
  setAside: [],
  pending: [],
  taken: 0,
  processed: [],
  overtakenBy: null,
  closing: null,
};

/** A campaign whose tasks are known. @param now Workflow time, epoch milliseconds */
export function openCampaign(state: CampaignState, brief: CampaignBrief, now: number): CampaignState {
  const tasks = brief.tasks.map(({ task }): TaskProgress => {
    return { task, stands: 'open', have: 0, asked: brief.answersPerTask, answeredBy: [] };
  });
  return { ...state, brief, tasks, deadlineAt: now + brief.deadlineMs };
}

/** Takes over what the answers have come to. @param recorded How many of the pending, oldest first, are on record by now */
export function takeWeighing(
  state: CampaignState,
  weighed: Pick<CampaignState, 'setAside'> & { readonly tasks: readonly Omit<TaskProgress, 'answeredBy'>[] },
  recorded: number,
): CampaignState {
  const byTask = new Map(weighed.tasks.map((task) => [task.task, task]));
  const tasks = state.tasks.map((task) => ({ ...task, ...byTask.get(task.task), answeredBy: task.answeredBy }));
  return { ...state, tasks, setAside: weighed.setAside, pending: state.pending.slice(recorded) };
}

/** Why it must close although tasks are open; null while it need not. @param now Workflow time, epoch milliseconds */
export function mustClose({ deadlineAt, overtakenBy }: CampaignState, now: number): string | null {
  if (overtakenBy !== null) return `${overtakenBy} has begun: labels of this one could not count any more`;
  return deadlineAt !== null && now >= deadlineAt ? 'the deadline has passed' : null;
}

/** Why nothing more is asked although it need not close. */
export const whyDone = ({ tasks }: CampaignState): string =>
  tasks.every(({ stands }) => stands === 'settled')
    ? 'every task has its label'
    : 'nobody is left whose answer would settle the rest';

/** Tasks that people are still asked about. */
export const openTasks = (state: CampaignState): readonly TaskProgress[] =>
  state.tasks.filter(({ stands }) => stands === 'open' || stands === 'adjudication');

/** Labels of different kinds, tasks or people are never one, whatever ids a person gave them. Without an id, each counts. */
const keyOf = ({ kind, task, by }: LabelOrder, id: string | null): string | null =>
  id === null ? null : JSON.stringify([kind, task, by, id]);

const wasTaken = (state: CampaignState, order: LabelOrder, id: string | null): boolean => {
  const key = keyOf(order, id);
  return key !== null && state.processed.includes(key);
};

/** Takes what is not refused; what was taken before changes nothing. @param id Idempotency key, or null */
export function takeLabel(state: CampaignState, order: LabelOrder, id: string | null): CampaignState {
  if (wasTaken(state, order, id)) return state;
  const taken = state.taken + 1;
  const key = keyOf(order, id);
  const tasks = state.tasks.map((task) =>
    task.task === order.task && order.kind === 'answer'
      ? { ...task, answeredBy: [...task.answeredBy, order.by] }
      : task,
  );
  return {
    ...state,
    tasks,
    taken,
    pending: [...state.pending, { ...order, commandId: id ?? `${order.kind}-${taken}` }],
    processed: key === null ? state.processed : [...state.processed, key].slice(-PROCESSED_IDS_MAX),
  };
}

/** Why it cannot be taken now, in words with the state; null where it can, or was. */
export function refuseLabel(state: CampaignState, order: LabelOrder, id: string | null): string | null {
  const { brief, closing } = state;
  if (wasTaken(state, order, id)) return null;
  if (closing !== null) return `the campaign is closed: ${closing}`;
  if (brief === null) return 'the campaign is being opened: its tasks are not known yet; ask again in a moment';
  if (state.pending.length >= PENDING_MAX)
    return `${state.pending.length} answers wait to be recorded; send it again in a moment`;
  const task = state.tasks.find((known) => known.task === order.task);
  if (task === undefined) return unknownTask(state, order.task);
  if (!brief.labels.some(({ label }) => label === order.label)) {
    const allowed = brief.labels.map(({ label, meaning }) => `${label} (${meaning})`).join(' or ');
    return `label is ${order.label}; allowed: ${allowed}`;
  }
  const twice = state.pending.some(({ kind, task: other }) => kind === 'adjudication' && other === order.task);
  if (task.stands === 'settled' || twice) return `${order.task} has its label already; ${leftInWords(state)}`;
  if (task.stands === 'unsettled')
    return `${order.task} is left without a label: people disagree on it, and nobody is left to ask`;
  return order.kind === 'answer' ? refuseAnswer(state, brief, task, order) : refuseAdjudication(brief, task, order);
}

function refuseAnswer(
  state: CampaignState,
  brief: CampaignBrief,
  task: TaskProgress,
  { by }: LabelOrder,
): string | null {
  if (!brief.annotators.includes(by))
    return `${by} may not answer: only ${brief.role}, ${brief.annotators.join(', ')}${meant(by, brief.annotators)}`;
  const aside = state.setAside.find((one) => one.by === by);
  if (aside !== undefined) return `what ${by} says does not count in this campaign: ${aside.reason}`;
  if (task.answeredBy.includes(by)) return `${by} has answered ${task.task} already; an answer stands`;
  if (task.stands === 'adjudication')
    return `${task.task} waits for adjudication by ${brief.adjudicators.join(' or ')}: people disagree on it`;
  const underWay = state.pending.filter((one) => one.task === task.task).length;
  return task.have + underWay < task.asked
    ? null
    : `as many answers to ${task.task} as are asked for have just come; ask again in a moment whether another is needed`;
}

function refuseAdjudication(brief: CampaignBrief, task: TaskProgress, { by }: LabelOrder): string | null {
  if (!brief.adjudicators.includes(by)) {
    const who = brief.adjudicators.join(', ') || 'the model declares no labeling.adjudicators';
    return `${by} may not adjudicate: ${who}${meant(by, brief.adjudicators)}`;
  }
  if (task.answeredBy.includes(by)) return `${by} has answered ${task.task}; another adjudicator settles it`;
  return task.stands === 'adjudication'
    ? null
    : `${task.task} waits for answers, ${task.have} of ${task.asked} given, and not for adjudication`;
}

function unknownTask(state: CampaignState, written: string): string {
  const names = state.tasks.map(({ task }) => task);
  return `${written} is no task of this campaign, which has ${names[0] ?? 'none'} to ${names.at(-1) ?? 'none'}${meant(written, names)}`;
}

function meant(written: string, known: readonly string[]): string {
  const near = closestName(written, known);
  return near === null || near === written ? '' : `; did you mean ${near}?`;
}

/** How much is left to do. @param by Whose next task is named: one that this person has not answered; null: anybody's */
export function leftInWords(state: CampaignState, by: string | null = null): string {
  const open = openTasks(state).filter(({ answeredBy }) => by === null || !answeredBy.includes(by));
  const settled = state.tasks.filter(({ stands }) => stands === 'settled').length;
  const next = open.find(({ stands }) => stands === 'open');
  const left = next === undefined ? '' : `, the next is ${next.task}`;
  return `${settled} of ${state.tasks.length} tasks have their label${left}`;
}
