/** Pages about what is served: a period as its labels mature, and an incident. */
import { grouped } from '../aligned-table.ts';
import { wordInWords } from '../monitoring/case-desk.ts';
import type { CaseWord } from '../monitoring/case-desk.ts';
import { DAY_MS, epochMs } from '../time.ts';
import { instant, number, PER_THOUSAND, text } from './report.ts';
import type { Basis, Layer, Moment, Report, Section, Tone } from './report.ts';
import type { ToldIncident } from './material.ts';

/** One event day, once its labels have matured. */
export interface MeasuredDay {
  readonly day: string;
  readonly units: number;
  readonly labelled: number;
  /** Mean losses in [0, 1]; null without a label. */
  readonly loss: number | null;
  readonly fallbackLoss: number | null;
  readonly auc: number | null;
  readonly meanPrediction: number | null;
  readonly meanLabel: number | null;
  readonly servedByFallback: number;
}

export interface WholeIncident extends ToldIncident {
  readonly cause: string | null;
  readonly features: readonly string[];
  readonly responseDecisionId: string | null;
  readonly caseId: string | null;
  /** The case that was proposed where people judge new cases; absent where they do not, or none is proposed yet. */
  readonly newCase?: ToldCase;
}

export interface ToldCase {
  readonly caseId: string;
  /** What it asks of candidates. */
  readonly inWords: string;
  readonly role: string;
  /** What became of it; null while a word is waited for. */
  readonly word: Pick<CaseWord, 'verdict' | 'by' | 'reason' | 'channel' | 'at'> | null;
}

export interface MonitoringMaterial {
  readonly model: string;
  readonly unit: string;
  /** Days of the period, in order. */
  readonly days: readonly MeasuredDay[];
  /** Open in the period, in order. */
  readonly incidents: readonly WholeIncident[];
  /** First and last day asked for. */
  readonly from: string;
  readonly to: string;
  /** Event time through which the log is complete. */
  readonly through: string | null;
}

const scaled = (loss: number | null): number | null => (loss === null ? null : loss * PER_THOUSAND);
const basisOf = ({ unit, through, days }: MonitoringMaterial): Basis => ({
  unit,
  n: days.reduce((sum, { labelled }) => sum + labelled, 0),
  timeZone: 'UTC',
  through,
});

/** A period of monitoring. */
export function monitoringReport(material: MonitoringMaterial): Report {
  const { model, from, to, days, incidents } = material;
  return {
    format: 1,
    kind: 'monitoring',
    model,
    subject: `monitoring/${model}/${from}..${to}`,
    title: `Monitoring of ${model}, ${from} to ${to}`,
    answer: periodAnswer(material),
    facts: [
      { label: 'Period', value: `${from} to ${to} (event days, UTC)` },
      { label: 'Days measured', value: String(days.length) },
      { label: 'Alerts', value: String(incidents.length) },
    ],
    sections: [...performanceSections(material), alertsSection(material)],
  };
}

function periodAnswer({ days, incidents }: MonitoringMaterial): Report['answer'] {
  const question = 'Is what is served good enough?';
  const open = incidents.filter(({ closedAt }) => closedAt === null);
  const last = days.at(-1);
  const why = [
    ...(last === undefined ? [] : [dayInWords(last)]),
    incidents.length === 0
      ? 'no alert in the period'
      : `${counted(incidents.length, 'alert')} in the period, ${open.length === 0 ? 'none' : open.length} still open`,
    ...open.map(({ id, symptom }) => `${id} is open: ${symptom}`),
  ];
  if (last === undefined)
    return { question, answer: 'not yet', inWords: 'Not yet: the labels of no day of the period have matured.', why };
  if (open.length > 0)
    return {
      question,
      answer: 'no',
      inWords: `No: ${counted(open.length, 'objective')} ${open.length === 1 ? 'is' : 'are'} broken.`,
      why,
    };
  return { question, answer: 'yes', inWords: 'Yes: every objective was met at the end of the period.', why };
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function dayInWords({ day, loss, fallbackLoss, labelled }: MeasuredDay): string {
  if (loss === null || fallbackLoss === null) return `${day}: no label has matured`;
  const gain = (fallbackLoss - loss) * PER_THOUSAND;
  return `on ${day} the loss was ${(loss * PER_THOUSAND).toFixed(1)} per 1,000, ${Math.abs(gain).toFixed(1)} ${gain >= 0 ? 'better' : 'worse'} than the declared constant (${grouped(labelled)} labelled)`;
}

const line = (y: string, tone: Tone, name: string, dashed: boolean): Layer => ({
  mark: 'line',
  y,
  tone,
  name,
  shape: 'straight',
  dashed,
  points: true,
});

/** Loss, labels and level, day by day, with the moments at which alerts came and went. */
function performanceSections(material: MonitoringMaterial): Section[] {
  if (material.days.length === 0) return [];
  return [lossSection(material), labelsSection(material), levelSection(material)];
}

function momentsOf({ incidents, days }: MonitoringMaterial): Moment[] {
  const [first, last] = [days[0]!.day, days.at(-1)!.day].map((day) => epochMs(day)) as [number, number];
  return incidents
    .flatMap(({ id, openedAt, closedAt }) => [
      { at: openedAt, label: `${shortOf(id)} opened` },
      ...(closedAt === null ? [] : [{ at: closedAt, label: `${shortOf(id)} closed` }]),
    ])
    .filter(({ at }) => epochMs(at) >= first && epochMs(at) <= last + DAY_MS);
}

const shortOf = (id: string): string => id.split('/').at(-1) ?? '';

function lossSection(material: MonitoringMaterial): Section {
  const { days, unit } = material;
  return {
    id: 'loss',
    title: 'Loss of what was served',
    words: days.slice(-1).map((day) => `${sentence(dayInWords(day))}.`),
    basis: basisOf(material),
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Mean loss per 1,000 ${unit}s by day, of what was served and of the declared constant.`,
      x: { column: 'day', title: 'event day, UTC' },
      y: { title: `loss per 1,000 ${unit}s` },
      zero: false,
      cut: null,
      moments: momentsOf(material),
      layers: [line('loss', 'candidate', 'served', false), line('constant', 'stable', 'declared constant', true)],
    },
    table: {
      caption: `Mean loss per 1,000 ${unit}s, by day`,
      columns: [
        instant('day', 'Day'),
        number('labelled', 'Labelled'),
        number('loss', 'Served', 1),
        number('constant', 'Constant', 1),
        number('auc', 'AUC', 3),
        number('fallback', 'Answered by the fallback'),
      ],
      rows: days.map(({ day, labelled, loss, fallbackLoss, auc, servedByFallback }) => [
        day,
        labelled,
        scaled(loss),
        scaled(fallbackLoss),
        auc,
        servedByFallback,
      ]),
    },
  };
}

const sentence = (words: string): string => `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`;

function labelsSection(material: MonitoringMaterial): Section {
  const { days, unit } = material;
  const units = days.reduce((sum, day) => sum + day.units, 0);
  const labelled = days.reduce((sum, day) => sum + day.labelled, 0);
  return {
    id: 'labels',
    title: 'Labels that matured',
    words: [`Of ${grouped(units)} ${unit}s ${grouped(labelled)} have a label that counts.`],
    basis: basisOf(material),
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Answered and labelled ${unit}s by day: ${grouped(units)} and ${grouped(labelled)} in all.`,
      x: { column: 'day', title: 'event day, UTC' },
      y: { title: `${unit}s` },
      zero: true,
      cut: null,
      moments: [],
      // Dashes above: where both lie on one another, both are seen.
      layers: [line('labelled', 'candidate', 'labelled', false), line('units', 'neutral', 'answered', true)],
    },
    table: {
      caption: `${unit}s by day`,
      columns: [
        instant('day', 'Day'),
        number('units', 'Answered'),
        number('labelled', 'Labelled'),
        number('share', 'Labelled, %', 1),
      ],
      rows: days.map((day) => [
        day.day,
        day.units,
        day.labelled,
        day.units === 0 ? null : (100 * day.labelled) / day.units,
      ]),
    },
  };
}

function levelSection(material: MonitoringMaterial): Section {
  const { days } = material;
  return {
    id: 'level',
    title: 'Level of predictions and outcomes',
    words: ['Where predictions are right on average, the lines lie on one another.'],
    basis: basisOf(material),
    plot: {
      kind: 'course',
      over: 'time',
      summary: 'Mean prediction and mean outcome, day by day.',
      x: { column: 'day', title: 'event day, UTC' },
      y: { title: 'mean' },
      zero: true,
      cut: null,
      moments: momentsOf(material),
      layers: [line('predicted', 'candidate', 'predicted', false), line('seen', 'stable', 'seen', true)],
    },
    table: {
      caption: 'Mean prediction and mean outcome of labelled units, by day',
      columns: [instant('day', 'Day'), number('predicted', 'Predicted', 3), number('seen', 'Seen', 3)],
      rows: days.map(({ day, meanPrediction, meanLabel }) => [day, meanPrediction, meanLabel]),
    },
  };
}

/** Alerts, and what came of them. */
function alertsSection(material: MonitoringMaterial): Section {
  const { incidents } = material;
  return {
    id: 'alerts',
    title: 'Alerts and what came of them',
    words: [
      incidents.length === 0
        ? 'No rule fired.'
        : incidents.length === 1
          ? 'One rule fired.'
          : `${counted(incidents.length, 'incident')}, in order of opening.`,
    ],
    basis: { ...basisOf(material), unit: 'incident', n: incidents.length },
    plot: null,
    table: {
      caption: 'Incidents in order of opening',
      columns: [
        text('id', 'Incident'),
        instant('opened', 'Opened'),
        instant('closed', 'Closed'),
        text('symptom', 'Symptom'),
        text('cause', 'Probable cause'),
        text('response', 'Response'),
        text('end', 'What came of it'),
      ],
      rows: incidents.map((incident) => [
        shortOf(incident.id),
        incident.openedAt,
        incident.closedAt,
        incident.symptom,
        incident.cause,
        incident.response,
        endOf(incident),
      ]),
    },
  };
}

function endOf(incident: WholeIncident): string {
  const { closingReason } = incident;
  const left = caseLeft(incident);
  return closingReason === null ? 'still open' : `${closingReason}${left === null ? '' : `; ${left}`}`;
}

/** What became of the case of an incident; null where it has none. */
function caseLeft({ caseId, newCase }: WholeIncident): string | null {
  if (newCase === undefined) return caseId === null ? null : `case ${caseId}`;
  const { word, role } = newCase;
  const became = word === null ? `waits for a word of ${role}` : wordInWords(word);
  return `case ${newCase.caseId} ${became}`;
}

/** The proposed case, who judged it, and by which way. */
function caseFactsOf({ newCase }: WholeIncident): Report['facts'] {
  if (newCase === undefined) return [];
  const { inWords, word } = newCase;
  const said =
    word === null || word.by === null
      ? []
      : [{ label: 'Word', value: `by ${word.by}, ${word.channel}, ${word.at} (workflow time)` }];
  return [{ label: 'Proposed case', value: inWords }, ...said];
}

/** One incident, with the days around it. @param material Of the time around it */
export function incidentReport(material: MonitoringMaterial, incident: WholeIncident): Report {
  const { model } = material;
  const { id, objective, openedAt, closedAt, symptom, cause, response, closingReason, features, newCase } = incident;
  const left = caseLeft(incident);
  const why = [symptom, cause, closingReason, newCase === undefined ? null : left].filter((line) => line !== null);
  const question = 'Is it over?';
  return {
    format: 1,
    kind: 'incident',
    model,
    subject: id,
    title: `Incident ${id.split('/').at(-1) ?? ''} of ${model}`,
    answer:
      closedAt === null
        ? { question, answer: 'no', inWords: `No: it is open since ${openedAt}.`, why }
        : { question, answer: 'yes', inWords: `Yes: it was closed at ${closedAt}.`, why },
    facts: [
      { label: 'Objective', value: objective },
      { label: 'Opened', value: openedAt },
      { label: 'Closed', value: closedAt === null ? 'still open' : closedAt },
      { label: 'Response', value: response },
      { label: 'Ordered by decision', value: incident.responseDecisionId ?? 'none was needed' },
      { label: 'Features concerned', value: features.length === 0 ? 'none in particular' : features.join(', ') },
      { label: 'Validation case left behind', value: left?.replace(/^case /, '') ?? 'none yet' },
      ...caseFactsOf(incident),
    ],
    sections: [
      ...performanceSections({ ...material, incidents: [incident] }),
      alertsSection({ ...material, incidents: [incident] }),
    ],
  };
}
