/** Labelling by people: what is drawn, said and sent, each once, however often an activity is tried. */
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { CampaignSpan, LabelingActivities } from '../contracts/label-campaign.ts';
import type {
  LabelAnswerRecord,
  LabelCampaignRecord,
  LabelDelivery,
  LabelTaskRecord,
} from '../contracts/label-records.ts';
import { goldTasks } from '../contracts/labeling.ts';
import type { Labeling } from '../contracts/labeling.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import { campaignId } from '../contracts/names.ts';
import { closeCampaign } from '../domain/collection/campaign-summary.ts';
import type { CampaignBrief } from '../domain/collection/campaign.ts';
import { weighAnswers } from '../domain/collection/label-answers.ts';
import type { LabelRules } from '../domain/collection/label-answers.ts';
import { beginDraw } from '../domain/collection/label-sample.ts';
import type { DrawnTask } from '../domain/collection/label-sample.ts';
import { durationMs, epochMs, isoDay, isoInstant } from '../domain/time.ts';
import type { CohortCalendar, EpochMs } from '../domain/time.ts';
import { keepAlive } from './keep-alive.ts';
import { modelContext } from './model-context.ts';
import { escalationOf } from './notifications.ts';
import type { ActivityPorts } from './ports.ts';

/** The newest span that was drawn from. */
const LAST_KEY = 'labeling/last';

type LabelingPorts = Pick<ActivityPorts, 'records' | 'requestLog' | 'labelDesk'>;

export function createLabelingActivities(ports: LabelingPorts): LabelingActivities {
  return {
    drawCampaign: ({ model, ...span }) => drawCampaign(ports, model, span),
    openCampaign: (input) => ports.records.transaction(input.model, (tx) => briefOf(tx, input.campaignId)),
    recordLabels: (input) => recordLabels(ports, input),
    settleCampaign: (input) => settleCampaign(ports, input),
    deliverLabels: (input) => deliverLabels(ports, input),
  };
}

/**
 * The campaign whose turn it is; null where none is. Spans end at whole multiples of `labeling.every` from the first day of traffic, so
 * that when it is looked for changes nothing. One that is open puts the next off until its own labels could not count any more, and is then
 * overtaken: one whose process was ended from outside does not stop labelling for good. What has grown too old meanwhile is not asked about.
 */
export async function dueCampaign(
  tx: RecordTransaction,
  { model, label, labeling }: ModelDeclaration,
  calendar: CohortCalendar,
  watermark: EpochMs | null,
): Promise<CampaignSpan | null> {
  if (labeling === undefined || watermark === null) return null;
  const everyMs = durationMs(labeling.every);
  const through = calendar.origin + Math.floor((watermark - calendar.origin) / everyMs) * everyMs;
  if (through <= calendar.origin) return null;
  const last = (await tx.get('memory', LAST_KEY))?.value as CampaignSpan | undefined;
  if (last !== undefined && epochMs(last.through) >= through) return null;
  const before = last === undefined ? null : await tx.get('labelCampaign', last.campaignId);
  const counted = before === null ? 0 : epochMs(before.through) + durationMs(label.attributionWindow);
  const open = before?.state === 'open';
  if (open && watermark < counted) return null;
  const from = Math.max(last === undefined ? calendar.origin : epochMs(last.through), through - everyMs);
  const day = isoDay(through);
  const ordinal = 1 + Math.floor((through - epochMs(day)) / everyMs);
  const span = {
    campaignId: await unusedId(tx, model, day, ordinal),
    from: isoInstant(from),
    through: isoInstant(through),
  };
  return open && last !== undefined ? { ...span, overtakes: last.campaignId } : span;
}

/** Under another `every` a number may have been given on that day already. */
async function unusedId(tx: RecordTransaction, model: string, day: string, ordinal: number): Promise<string> {
  const id = campaignId(model, day, ordinal);
  return (await tx.get('labelCampaign', id)) === null ? id : unusedId(tx, model, day, ordinal + 1);
}

async function drawCampaign(
  { records, requestLog }: LabelingPorts,
  model: string,
  span: CampaignSpan,
): Promise<{ tasks: number; inWords: string }> {
  const { campaignId: id } = span;
  const { known, declaration, calendar } = await records.transaction(model, async (tx) => ({
    known: await tx.get('labelCampaign', id),
    ...(await modelContext(tx)),
  }));
  if (known !== null) return drawnInWords(known);
  const { labeling } = declaration;
  // It was declared when the campaign came due: whoever has taken it back since asks nobody, and days go on landing.
  if (labeling === undefined) return { tasks: 0, inWords: 'nobody is asked: labeling is not declared any more' };
  const { open, tasks } = await keepAlive(() => drawnFrom(requestLog, declaration, labeling, calendar, span));
  const record = recordOf(declaration, labeling, span, open, tasks);
  return records.transaction(model, async (tx) => {
    const standing = await tx.get('labelCampaign', id);
    if (standing !== null) return drawnInWords(standing);
    for (const task of tasks)
      await tx.put('labelTask', `${id}/${task.task}`, { ...task, campaignId: id, standing: null });
    await tx.put('labelCampaign', id, record);
    await tx.put('memory', LAST_KEY, { value: span });
    return drawnInWords(record);
  });
}

/** How many of them are gold is nobody's to read in a history. */
const drawnInWords = ({ tasks, inWords }: LabelCampaignRecord): { tasks: number; inWords: string } => ({
  tasks,
  inWords,
});

/** Reads the log cohort by cohort, as of the end of the span: what came later changes no draw. */
async function drawnFrom(
  requestLog: ActivityPorts['requestLog'],
  { model, label }: ModelDeclaration,
  labeling: Labeling,
  { lengthMs, origin }: CohortCalendar,
  span: CampaignSpan,
): Promise<{ readonly open: number; readonly tasks: readonly DrawnTask[] }> {
  const [from, through] = [epochMs(span.from), epochMs(span.through)];
  const gold = goldTasks(labeling);
  const draw = beginDraw({ model, campaignId: span.campaignId, size: labeling.size, gold, from, through });
  // Of requests whose window has ended, all that will come has come.
  const backMs = gold === 0 ? 0 : durationMs(label.attributionWindow) + durationMs(labeling.every);
  const first = Math.min(from, Math.max(origin, through - backMs));
  for (let at = first; at < through; at += lengthMs) {
    const to = Math.min(at + lengthMs, through);
    for (const unit of await requestLog.readUnits({ model, from: at, to, asOf: through })) draw.offer(unit);
  }
  return draw.drawn();
}

function recordOf(
  { people }: ModelDeclaration,
  labeling: Labeling,
  { campaignId: id, from, through }: CampaignSpan,
  open: number,
  tasks: readonly DrawnTask[],
): LabelCampaignRecord {
  const nothing = open === 0 ? 'every outcome has come by itself' : 'the inputs are too large to be shown to people';
  return {
    campaignId: id,
    state: tasks.length === 0 ? 'none' : 'open',
    from,
    through,
    open,
    tasks: tasks.length,
    gold: tasks.filter(({ gold }) => gold !== null).length,
    labeling,
    annotators: people[labeling.role] ?? [],
    adjudicators: labeling.adjudicators === undefined ? [] : (people[labeling.adjudicators] ?? []),
    inWords:
      tasks.length === 0
        ? `nothing to label from ${from} to ${through}: ${nothing}`
        : `${tasks.length} tasks about ${open} requests without an outcome, from ${from} to ${through}`,
    summary: null,
    delivery: null,
  };
}

async function campaignOf(tx: RecordTransaction, id: string): Promise<LabelCampaignRecord> {
  const record = await tx.get('labelCampaign', id);
  if (record === null) throw new Error(`campaign ${id} was never drawn`);
  return record;
}

const tasksOf = async (tx: RecordTransaction, id: string): Promise<LabelTaskRecord[]> =>
  (await tx.list('labelTask', { prefix: `${id}/` })).map(({ body }) => body);

const answersOf = async (tx: RecordTransaction, id: string): Promise<LabelAnswerRecord[]> =>
  (await tx.list('labelAnswer', { prefix: `${id}/` })).map(({ body }) => body);

const rulesOf = ({ labeling, annotators, adjudicators }: LabelCampaignRecord): LabelRules => {
  const { answersPerTask, minGoldAccuracy, minGoldAnswers } = labeling;
  return { answersPerTask, minGoldAccuracy, minGoldAnswers, annotators, adjudicators };
};

async function briefOf(tx: RecordTransaction, id: string): Promise<CampaignBrief> {
  const { declaration } = await modelContext(tx);
  const { from, through, labeling, annotators, adjudicators } = await campaignOf(tx, id);
  const { question, role, answersPerTask, deadline } = labeling;
  return {
    question,
    labelName: declaration.label.name,
    labels: [
      { label: 0, meaning: 'no' },
      { label: 1, meaning: 'yes' },
    ],
    from,
    through,
    role,
    annotators,
    adjudicators,
    answersPerTask,
    deadlineMs: durationMs(deadline),
    tasks: (await tasksOf(tx, id)).map(({ task, inputs }) => ({ task, inputs })),
    ...escalationOf(declaration),
  };
}

async function recordLabels(
  { records }: LabelingPorts,
  { model, campaignId: id, labels }: Parameters<LabelingActivities['recordLabels']>[0],
): ReturnType<LabelingActivities['recordLabels']> {
  return records.transaction(model, async (tx) => {
    for (const label of labels) {
      const { kind, task, by } = label;
      const key = kind === 'answer' ? `${id}/${task}/answer/${by}` : `${id}/${task}/adjudication`;
      // An answer stands: after a reset of the process a person may be asked again, and what was said first holds.
      if ((await tx.get('labelAnswer', key)) === null)
        await tx.insert('labelAnswer', key, { ...label, campaignId: id });
    }
    const record = await campaignOf(tx, id);
    const weighed = weighAnswers(await tasksOf(tx, id), await answersOf(tx, id), rulesOf(record));
    return {
      // What others have said is told to nobody.
      tasks: weighed.tasks.map(({ task, stands, have, asked }) => ({ task, stands, have, asked })),
      setAside: weighed.annotators.flatMap(({ by, setAside }) => (setAside === null ? [] : [{ by, reason: setAside }])),
    };
  });
}

async function settleCampaign(
  { records }: LabelingPorts,
  { model, campaignId: id, reason }: Parameters<LabelingActivities['settleCampaign']>[0],
): ReturnType<LabelingActivities['settleCampaign']> {
  return records.transaction(model, async (tx) => {
    const record = await campaignOf(tx, id);
    if (record.summary !== null) return record.summary;
    const tasks = await tasksOf(tx, id);
    const { summary, standing } = closeCampaign(tasks, await answersOf(tx, id), rulesOf(record), reason);
    for (const [index, task] of tasks.entries())
      await tx.put('labelTask', `${id}/${task.task}`, { ...task, standing: standing[index] ?? null });
    await tx.put('labelCampaign', id, { ...record, state: 'closed', summary });
    return summary;
  });
}

async function deliverLabels(
  { records, labelDesk }: LabelingPorts,
  { model, campaignId: id }: Parameters<LabelingActivities['deliverLabels']>[0],
): Promise<LabelDelivery> {
  const { record, tasks } = await records.transaction(model, async (tx) => {
    return { record: await campaignOf(tx, id), tasks: await tasksOf(tx, id) };
  });
  if (record.delivery !== null) return record.delivery;
  const labels = tasks.flatMap(({ requestId, inputs, gold, standing }) => {
    const label = standing?.label ?? null;
    // Of gold the world has said what is so.
    return gold !== null || label === null ? [] : [{ requestId, label, inputs }];
  });
  const receipt = await keepAlive(() => labelDesk.deliver(model, labels));
  const refused = receipt.refused.map(({ requestId, reason }) => {
    return { task: tasks.find((task) => task.requestId === requestId)?.task ?? '', reason };
  });
  return records.transaction(model, async (tx) => {
    const standing = await campaignOf(tx, id);
    if (standing.delivery !== null) return standing.delivery;
    const delivery = { accepted: receipt.accepted, duplicates: receipt.duplicates, refused };
    await tx.put('labelCampaign', id, { ...standing, delivery });
    return delivery;
  });
}
