/** A labelling campaign in words: what is asked, how far it is, and the exact next action. */
import { alignedTable } from '../aligned-table.ts';
import { commandLine } from '../command-line.ts';
import { escaped, fact, fenced, jsonToPaste, workflowLink } from '../markdown.ts';
import { isoInstant, lengthInWords } from '../time.ts';
import { leftInWords, openTasks } from './campaign.ts';
import type { CampaignBrief, CampaignState, TaskProgress } from './campaign.ts';
import { summaryInALine } from './campaign-summary.ts';
import type { CampaignSummary } from './campaign-summary.ts';

/** How a campaign came out. */
export interface CampaignEnd {
  readonly summary: CampaignSummary | null;
  readonly delivery: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly refused: readonly { readonly task: string; readonly reason: string }[];
  } | null;
}

/** What one screen holds; the command line lists them all. */
const TASKS_SHOWN_MAX = 10;
const INPUTS_SHOWN_MAX = 160;

/** What it waits for, in a few words; also the search attribute. */
export function campaignWaitsFor(state: CampaignState, { summary, delivery }: CampaignEnd): string {
  if (delivery !== null) return 'nothing';
  if (summary !== null) return 'the gateways to take the labels';
  if (state.brief === null) return 'its tasks';
  return openTasks(state).some(({ stands }) => stands === 'open') ? 'labels' : 'adjudication';
}

export function campaignInALine(state: CampaignState, end: CampaignEnd): string {
  if (end.summary !== null) return `${summaryInALine(end.summary)}${end.delivery === null ? '' : '; closed'}`;
  if (state.brief === null) return 'the tasks are being read';
  return `${leftInWords(state)}; waits for ${campaignWaitsFor(state, end)}`;
}

/**
 * One thing a person may do now, as the forms of the web UI take it; null when nothing waits for a person. The label is left open, so that
 * nobody gives one by pasting.
 */
export function nextLabelAction(
  state: CampaignState,
): { readonly update: string; readonly input: Readonly<Record<string, string | null>> } | null {
  const open = openTasks(state);
  const next = open.find(({ stands }) => stands === 'open') ?? open[0];
  if (next === undefined || state.closing !== null) return null;
  const input = { by: 'YOUR-NAME', task: next.task, label: null };
  return next.stands === 'open'
    ? { update: 'answerLabelTask', input }
    : { update: 'adjudicateLabelTask', input: { ...input, reason: 'WHY' } };
}

/**
 * Markdown: where it is, what it waits for, what was asked and how it came out.
 * @param paste What stands before the table of tasks, for people who act from there
 */
export function explainCampaign(
  campaignId: string,
  state: CampaignState,
  end: CampaignEnd,
  paste: readonly string[] = [],
): string {
  const { brief } = state;
  const head = [fact('Campaign', campaignId), fact('Now', campaignInALine(state, end))];
  if (brief === null) return head.join('\n');
  const lines = [
    ...head,
    fact('Question', escaped(brief.question)),
    fact('Labels', escaped(labelsInWords(brief))),
    fact('Asked about', `requests from ${brief.from} to ${brief.through} whose outcome had not come`),
    fact('Asked are', escaped(peopleInWords(brief))),
    fact(
      'Closes',
      state.deadlineAt === null
        ? 'not known yet'
        : `at ${toTheSecond(state.deadlineAt)}, or when every task has its label`,
    ),
  ];
  if (end.summary !== null) return [...lines, ...summaryLines(end.summary, end)].join('\n');
  const aside = state.setAside.map(({ by, reason }) => fact('Set aside', escaped(`${by}: ${reason}`)));
  return [...lines, ...aside, ...taskLines(campaignId, state, brief, paste)].join('\n');
}

/** The same with everything a person needs to act from the web UI. */
export function campaignDetails(
  campaignId: string,
  state: CampaignState,
  end: CampaignEnd,
  collectionId: string,
): string {
  const action = nextLabelAction(state);
  const paste =
    action === null
      ? []
      : [
          fact(
            'To answer the next task',
            `send the update or the signal \`${action.update}\` with your name and the label`,
          ),
          jsonToPaste(action.input),
        ];
  const links = fact('See also', workflowLink('collection', collectionId));
  return [explainCampaign(campaignId, state, end, paste), links].join('\n');
}

/** Nobody counts less. */
const toTheSecond = (at: number): string => isoInstant(Math.floor(at / 1000) * 1000);

const labelsInWords = ({ labelName, labels }: CampaignBrief): string =>
  `${labelName}: ${labels.map(({ label, meaning }) => `${label} ${meaning}`).join(', ')}`;

function peopleInWords({ role, annotators, answersPerTask, adjudicators }: CampaignBrief): string {
  const agree = answersPerTask === 1 ? 'one answer is enough' : `${answersPerTask} must agree`;
  const settle = adjudicators.length === 0 ? '' : `; ${adjudicators.join(' or ')} settles what they disagree on`;
  return `${role}: ${annotators.join(', ')}; ${agree}${settle}`;
}

/** Tasks as a table. @param most How many of them are shown, and how many characters of their inputs */
export function taskTable(
  tasks: readonly TaskProgress[],
  brief: CampaignBrief,
  most = { tasks: TASKS_SHOWN_MAX, characters: INPUTS_SHOWN_MAX },
): string {
  const inputs = new Map(brief.tasks.map((task) => [task.task, task.inputs]));
  const rows = tasks.slice(0, most.tasks).map(({ task, stands, have, asked }) => {
    const waits = stands === 'open' ? `${have} of ${asked}` : stands;
    return [task, waits, inputsInWords(inputs.get(task) ?? {}, most.characters)];
  });
  return alignedTable([['task', 'answers', 'inputs'], ...rows], 'lll');
}

function inputsInWords(inputs: Readonly<Record<string, string | number | null>>, most: number): string {
  const words = Object.entries(inputs)
    .map(([name, value]) => `${name} ${valueInWords(value)}`)
    .join(', ')
    .replaceAll(/\s+/g, ' ');
  return words.length > most ? `${words.slice(0, most - 1)}…` : words;
}

/** Thirds of an hour have many digits, and nobody looks at them. */
function valueInWords(value: string | number | null): string {
  if (value === null) return '—';
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
}

function taskLines(campaignId: string, state: CampaignState, brief: CampaignBrief, paste: readonly string[]): string[] {
  const open = openTasks(state);
  const action = nextLabelAction(state);
  if (action === null) return [];
  const more =
    open.length > TASKS_SHOWN_MAX
      ? [`and ${open.length - TASKS_SHOWN_MAX} more: \`npx holdfast label tasks ${campaignId}\``]
      : [];
  return [
    fact('Next', `\`${commandLine(campaignId, action.update, action.input)}\``),
    ...paste,
    fenced(taskTable(open, brief)),
    ...more,
  ];
}

function summaryLines(summary: CampaignSummary, { delivery }: CampaignEnd): string[] {
  const { reason, settled, unsettled, annotators, agreement } = summary;
  const sent =
    delivery === null
      ? 'not sent yet'
      : `${delivery.accepted + delivery.duplicates} are with the gateways${refusedInWords(delivery.refused)}`;
  return [
    fact('Closed', escaped(reason)),
    fact(
      'Labels by',
      `agreement ${settled.agreement}, majority ${settled.majority}, adjudication ${settled.adjudication}`,
    ),
    fact('Without a label', unsettled.join(', ') || 'none'),
    fact('Sent as outcomes', escaped(sent)),
    fact(
      'Agreement',
      agreement.alpha === null
        ? `not measured: ${agreement.reason ?? ''}`
        : `Krippendorff’s alpha ${agreement.alpha.toFixed(2)}`,
    ),
    ...annotators.flatMap(({ by, setAside }) =>
      setAside === null ? [] : [fact('Does not count', escaped(`${by}: ${setAside}`))],
    ),
    fenced(annotatorTable(summary)),
  ];
}

function refusedInWords(refused: readonly { readonly task: string; readonly reason: string }[]): string {
  return refused.map(({ task, reason }) => `; ${task} was refused: ${reason}`).join('');
}

function annotatorTable({ annotators }: CampaignSummary): string {
  const rows = annotators.map(({ by, answers, goldAnswers, goldRight, setAside }) => {
    const gold = goldAnswers === 0 ? 'none' : `${goldRight} of ${goldAnswers}`;
    return [by, String(answers), gold, setAside === null ? 'yes' : 'no'];
  });
  return alignedTable([['annotator', 'answers', 'known tasks right', 'counts'], ...rows], 'lrrl');
}

export interface CampaignNotice {
  readonly topic: 'labels' | 'escalation';
  /** Names the news within its campaign. */
  readonly key: string;
  readonly subject: string;
  readonly lines: readonly string[];
  readonly command: string;
}

/** What people are told of an open campaign, once for each: that labels are asked, and that somebody must adjudicate. */
export function campaignNews(model: string, campaignId: string, state: CampaignState): CampaignNotice[] {
  const { brief, deadlineAt } = state;
  const action = nextLabelAction(state);
  if (brief === null || action === null || deadlineAt === null) return [];
  const ruling = openTasks(state).find(({ stands }) => stands === 'adjudication');
  const until = `Until when: ${toTheSecond(deadlineAt)}, ${lengthInWords(brief.deadlineMs)} after it was opened; what has no label then stays without one`;
  const asked: CampaignNotice = {
    topic: 'labels',
    key: 'opened',
    subject: `${model}: labels are asked — ${brief.question}`,
    lines: [
      `What is asked: ${brief.tasks.length} tasks of ${brief.role}: ${brief.annotators.join(', ')}`,
      `Why now: the outcome of requests from ${brief.from} to ${brief.through} has not come`,
      'Risk: none; a label by people counts only where the world does not answer',
      until,
    ],
    command: `npx holdfast label tasks ${campaignId}`,
  };
  if (ruling === undefined) return [asked];
  const disagree: CampaignNotice = {
    topic: 'labels',
    key: 'adjudication',
    subject: `${model}: people disagree on ${ruling.task} — ${brief.question}`,
    lines: [
      `What is asked: a ruling by ${brief.adjudicators.join(' or ')}`,
      'Why now: nobody is left whose answer would settle it',
      until,
    ],
    command: commandLine(campaignId, 'adjudicateLabelTask', { task: ruling.task }),
  };
  return [asked, disagree];
}

/** The same again when nobody has given an answer; null where somebody has. @param since Workflow time since when they are asked, ISO 8601 */
export function unansweredCampaign(
  model: string,
  campaignId: string,
  state: CampaignState,
  since: string,
  waitedMs: number,
): CampaignNotice | null {
  const first = campaignNews(model, campaignId, state)[0];
  if (first === undefined || state.taken > 0) return null;
  const subject = `${model}: nobody has answered for ${lengthInWords(waitedMs)} — ${first.subject.slice(model.length + 2)}`;
  return { ...first, topic: 'escalation', key: `escalation/${since}`, subject };
}
