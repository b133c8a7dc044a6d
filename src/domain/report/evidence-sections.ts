/** What the evidence of a rollout says: differences over time, every metric, its slices, and what the gateway counts. */
import { grouped } from '../aligned-table.ts';
import { evidenceInWords } from '../rollout/look-words.ts';
import { ladderOf } from '../rollout/recorded-policy.ts';
import type { RecordedPolicy } from '../rollout/recorded-policy.ts';
import { ERROR_STREAM, LOSS_STREAM } from '../rollout/gate-runs.ts';
import { exposureInWords } from '../rollout/words.ts';
import type { LookSeen, RunSeen, StreamSeen } from './course.ts';
import { instant, LIMITED_DIFFERENCE_COLUMNS, number, PER_THOUSAND, text } from './report.ts';
import type { Basis, Cell, Moment, Section } from './report.ts';

export interface Told {
  readonly policy: RecordedPolicy;
  readonly unit: string;
  /** Plural. */
  readonly units: string;
}

const scaled = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : value * PER_THOUSAND;
/** With the minus of the tables. */
const shown = (value: number | null): string => (value === null ? '–' : value.toFixed(1).replace('-', '−'));
/** Less than this is shown as 0.0 per 1,000, and margins carry the rounding of what they were computed from. */
const MARGIN_SHOWN_MIN = 5e-5;
/** `14.6 better`, `4.2 worse`, per 1,000. */
export const sideInWords = (difference: number): string =>
  `${shown(scaled(Math.abs(difference)))} ${difference < 0 ? 'better' : 'worse'}`;
const harmInWords = (harmMargin: number): string => `above ${sideInWords(harmMargin)} for sure is harm`;

/** The two limits of a difference: what is tolerated, which an advance must prove, and what is harm, which a rollback must. */
export function limitsInWords({ safeMargin, harmMargin }: Pick<StreamSeen, 'safeMargin' | 'harmMargin'>): string {
  if (safeMargin === null) return harmInWords(harmMargin);
  // A margin of 0 asks for an improvement.
  if (Math.abs(safeMargin) < MARGIN_SHOWN_MIN)
    return `it must be better for sure to leave the step, ${harmInWords(harmMargin)}`;
  const limits = `up to ${sideInWords(safeMargin)} is tolerated for leaving the step, ${harmInWords(harmMargin)}`;
  return harmMargin < safeMargin ? `${limits}; where both hold, harm decides` : limits;
}
const FACTOR_SHOWN_MAX = 1_000_000;
/** Of what the newest bounds and margins need, so much of the picture is theirs. */
const ROOM = 1.6;

/** Name of a step for people: `shadow`, `5 %`, `full`. */
export function stepName(policy: RecordedPolicy, ladderStep: number): string {
  const step = ladderOf(policy)[ladderStep];
  if (step === undefined) return 'the end';
  return step.mode === 'canary' ? exposureInWords(step.exposure) : step.mode;
}

export function basisOf(told: Told, look: LookSeen, n: number | null): Basis {
  return { unit: told.unit, n, timeZone: 'UTC', through: look.decision.watermark };
}

const lossOf = (look: LookSeen): StreamSeen | undefined => look.streams.find(({ id }) => id === LOSS_STREAM);
const RUN_TITLES = { shadow: 'Difference in shadow', canary: 'Difference under exposure' } as const;

/** The difference of the loss with its confidence sequence; null where no label has matured in the run. */
export function differenceSection(told: Told, seen: RunSeen): Section | null {
  const looks = seen.looks.filter((look) => lossOf(look)?.difference != null);
  const last = looks.at(-1);
  const newest = last === undefined ? undefined : lossOf(last);
  if (last === undefined || newest?.difference == null) return null;
  const { mean, lower, upper, units } = newest.difference;
  const cut = cutOf(newest);
  return {
    id: `difference-${seen.run}`,
    title: RUN_TITLES[seen.run],
    words: [
      ...(isComparable(seen) ? [] : ['None of this counts: the arms cannot be compared, as the assignment shows.']),
      `The loss of the candidate is ${sideInWords(mean)} per 1,000 ${told.units} than that of stable; for sure it is between ${sideInWords(lower)} and ${sideInWords(upper)}, whenever one looks.`,
      'Below 0 the candidate is better.',
      `${sentence(limitsInWords(newest))}.`,
      comparedInWords(told),
      `The picture is cut at ${shown(cut[0])} and ${shown(cut[1])}: before much has matured, the interval is wider.`,
    ],
    basis: basisOf(told, last, units),
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Difference of the loss per 1,000 ${told.units} over event time with its interval, margins and steps; it ends at ${shown(scaled(mean))}, between ${shown(scaled(lower))} and ${shown(scaled(upper))}.`,
      x: { column: 'at', title: 'event time, UTC' },
      y: { title: `extra loss per 1,000 ${told.units}` },
      zero: true,
      cut,
      moments: momentsOf(told, looks),
      layers: [
        { mark: 'band', lower: 'lower', upper: 'upper', tone: 'candidate', name: 'interval, valid at all looks' },
        {
          mark: 'line',
          y: 'difference',
          tone: 'candidate',
          name: 'difference',
          shape: 'straight',
          dashed: false,
          points: false,
        },
        { mark: 'line', y: 'margin', tone: 'limit', name: 'tolerated', shape: 'step', dashed: true, points: false },
        { mark: 'line', y: 'harm', tone: 'harm', name: 'counts as harm', shape: 'step', dashed: true, points: false },
      ],
    },
    table: {
      caption: `Differences per 1,000 ${told.units}, look by look`,
      columns: [
        instant('at', 'After'),
        text('step', 'Step'),
        number('units', 'Matured units'),
        ...LIMITED_DIFFERENCE_COLUMNS,
        text('verdict', 'Verdict'),
      ],
      rows: looks.map((look) => differenceRow(told, look)),
      of: seen.looksTaken,
    },
  };
}

/** Whether the measured split is the ordered one, as far as can be told. */
export const isComparable = ({ last: { record, basis }, lnSrmNeeded }: RunSeen): boolean =>
  (record.lnSrmMax ?? 0) < lnSrmNeeded && basis.assignmentFaults.length === 0;

const sentence = (words: string): string => `${words[0]!.toUpperCase()}${words.slice(1)}`;

/** Whose answers are compared, which is not always whose answers were used. */
function comparedInWords({ policy, unit, units }: Told): string {
  return policy.affectsLabel
    ? `Compared are ${units} that the candidate answered with ${units} that stable answered at the same time.`
    : `Compared is ${unit} by ${unit}: both bundles score every one, whichever of them answers it.`;
}

function differenceRow(told: Told, look: LookSeen): Cell[] {
  const loss = lossOf(look)!;
  const { mean, lower, upper, units } = loss.difference!;
  return [
    look.decision.eventTime,
    stepName(told.policy, look.ladderStep),
    units,
    scaled(mean),
    scaled(lower),
    scaled(upper),
    scaled(loss.safeMargin),
    scaled(loss.harmMargin),
    look.decision.verdict,
  ];
}

/** The newest interval and margins fill most of the picture. */
function cutOf({ difference, safeMargin, harmMargin }: StreamSeen): readonly [number, number] {
  const ends = [difference!.lower, difference!.upper, safeMargin ?? 0, 0, harmMargin].map(
    (value) => value * PER_THOUSAND,
  );
  const width = Math.max(...ends) - Math.min(...ends);
  const room = ((ROOM - 1) / 2) * width;
  return [roundedOut(Math.min(...ends) - room), roundedOut(Math.max(...ends) + room)];
}

const roundedOut = (value: number): number => Math.sign(value) * Math.ceil(Math.abs(value));

function momentsOf(told: Told, looks: readonly LookSeen[]): Moment[] {
  const moments: Moment[] = [];
  let before = -1;
  for (const { ladderStep, decision } of looks) {
    if (ladderStep === before) continue;
    before = ladderStep;
    moments.push({ at: decision.eventTime, label: stepName(told.policy, ladderStep) });
  }
  return moments;
}

/** Every metric as the newest look saw it. */
export function metricsSection(told: Told, { last, run }: RunSeen): Section {
  const { eventTime, verdict, inWords } = last.decision;
  return {
    id: 'metrics',
    title: 'Every metric at the newest look',
    words: [
      `Verdict of the ${run} run after ${eventTime}: ${verdict}. In its words: ${inWords}.`,
      'Of an interval the lower end is at the level of the harm test, and the upper one at that of the certificate, so that it passes what is tolerated when the gate does.',
      'Evidence is a factor by which what was seen speaks for safety, or for harm; a verdict needs the factor beside it.',
    ],
    basis: basisOf(told, last, null),
    plot: null,
    table: {
      caption: `Differences per 1,000 ${told.units}; ratios of event rates, candidate over stable`,
      columns: [
        text('metric', 'Metric'),
        text('role', 'Role'),
        text('differs', 'Differs'),
        text('between', 'Between'),
        text('margin', 'Tolerated'),
        text('harm', 'Harm above'),
        number('units', 'Units'),
        text('safe', 'Evidence that it is safe'),
        text('harmful', 'Evidence of harm'),
        text('assessment', 'Assessment'),
      ],
      rows: last.streams.map((stream) => metricRow(stream, last)),
    },
  };
}

function metricRow(stream: StreamSeen, look: LookSeen): Cell[] {
  const { difference, counts, safeMargin, harmMargin } = stream;
  const isCount = stream.kind === 'count';
  const limit = (value: number | null): string => (value === null ? '–' : isCount ? `×${value}` : shown(scaled(value)));
  return [
    stream.id,
    stream.isRequired ? 'required' : 'can only stop',
    isCount ? ratioInWords(counts) : shown(scaled(difference?.mean ?? null)),
    difference === null ? '–' : `${shown(scaled(difference.lower))} … ${shown(scaled(difference.upper))}`,
    limit(safeMargin),
    limit(harmMargin),
    difference?.units ?? counts?.[2] ?? 0,
    stream.lnSafe === null ? '–' : factorInWords(stream.lnSafe, stream.lnSafeNeeded),
    Number.isFinite(stream.lnHarmNeeded) ? factorInWords(stream.lnHarmMax, stream.lnHarmNeeded) : '–',
    assessmentInWords(stream, look),
  ];
}

/** Evidence may look whole and not count: then the row says why. */
function assessmentInWords({ assessment }: StreamSeen, { decision }: LookSeen): string {
  if (assessment !== 'error') return assessment;
  return decision.reasons.includes('data-pending') ? 'error: evidence overdue' : 'error: arms not comparable';
}

/** `×7.4; needs ×20`; beyond a million more would say nothing more. */
const factorInWords = (ln: number, lnNeeded: number): string => `${shownFactor(ln)}; needs ${shownFactor(lnNeeded)}`;

export const shownFactor = (ln: number): string =>
  ln > Math.log(FACTOR_SHOWN_MAX) ? `above ×${grouped(FACTOR_SHOWN_MAX)}` : evidenceInWords(ln);

function ratioInWords(counts: StreamSeen['counts']): string {
  if (counts === null) return '–';
  const [mine, all, myUnits, units] = counts;
  if (all === 0) return 'no event';
  const ratio = mine / myUnits / ((all - mine) / (units - myUnits));
  return Number.isFinite(ratio) ? `×${ratio.toPrecision(2)}` : `${mine} to ${all - mine}`;
}

/** The whole and its slices, the one with the worst upper bound first; null where no slice is declared. */
export function slicesSection(told: Told, { last }: RunSeen): Section | null {
  const differences = last.streams.filter(({ difference }) => difference !== null);
  if (!differences.some(({ id }) => id.startsWith(`${LOSS_STREAM}/`))) return null;
  const worstFirst = differences.sort((a, b) => b.difference!.upper - a.difference!.upper);
  const worst = worstFirst.find(({ id }) => id !== LOSS_STREAM)!;
  return {
    id: 'slices',
    title: 'Worst slices',
    words: [
      `The worst slice is ${sliceName(worst.id)}: ${sideInWords(worst.difference!.mean)} per 1,000, for sure no more than ${sideInWords(worst.difference!.upper)}; ${limitsInWords(worst)}.`,
      ...(worst.isRequired ? [] : [`${sentence(notAskedInWords(worst))}.`]),
    ],
    basis: basisOf(told, last, lossOf(last)?.difference?.units ?? null),
    plot: {
      kind: 'intervals',
      summary: `Interval of the difference of the loss for the whole and ${worstFirst.length - 1} slices, worst first, each with its limits.`,
      x: { column: 'difference', title: `extra loss per 1,000 ${told.units}` },
      y: { title: '' },
      row: 'slice',
      lower: 'lower',
      middle: 'difference',
      upper: 'upper',
      toneColumn: null,
      tones: [{ tone: 'candidate', name: 'interval with its middle' }],
      limits: [
        { column: 'margin', tone: 'limit', name: 'tolerated' },
        { column: 'harm', tone: 'harm', name: 'counts as harm' },
      ],
    },
    table: {
      caption: `Differences per 1,000 ${told.units}, worst first`,
      columns: [
        text('slice', 'Slice'),
        number('units', 'Matured units'),
        ...LIMITED_DIFFERENCE_COLUMNS,
        text('assessment', 'Assessment'),
      ],
      rows: worstFirst.map((stream) => [
        sliceName(stream.id),
        stream.difference!.units,
        scaled(stream.difference!.mean),
        scaled(stream.difference!.lower),
        scaled(stream.difference!.upper),
        scaled(stream.safeMargin),
        scaled(stream.harmMargin),
        assessmentInWords(stream, last),
      ]),
    },
  };
}

/** What a stream that can only stop has shown, and what nobody asked it. */
export function notAskedInWords({ assessment }: StreamSeen): string {
  return assessment === 'failed'
    ? 'its harm is certified'
    : 'no harm of it is certified, and the policy does not ask that it be certified safe';
}

const sliceName = (id: string): string => (id === LOSS_STREAM ? 'all' : id.slice(LOSS_STREAM.length + 1));

/** Failures and other events of both arms, as the gate counts them: once a unit. */
export function errorsSection(told: Told, { last }: RunSeen): Section {
  const counted = last.streams.filter(({ counts }) => counts !== null);
  const errors = counted.find(({ id }) => id === ERROR_STREAM)?.counts ?? [0, 0, 0, 0];
  const areBothAsked = !told.policy.affectsLabel && errors[2] > 0 && 2 * errors[2] === errors[3];
  return {
    id: 'errors',
    title: 'Errors and other events the gate counts',
    words: [
      `The candidate failed to answer for ${grouped(errors[0])} of ${grouped(errors[2])} ${told.units}, stable for ${grouped(errors[1] - errors[0])} of ${grouped(errors[3] - errors[2])}${areBothAsked ? ': both are asked for every one, whichever answer is used' : ''}.`,
      'An event counts once a unit; a metric that counts slow requests would stand here, too.',
    ],
    basis: basisOf(told, last, errors[3]),
    plot: null,
    table: {
      caption: `Events per 1,000 ${told.units} of each arm`,
      columns: [
        text('event', 'Event'),
        number('candidate', 'Candidate', 2),
        number('stable', 'Stable', 2),
        number('candidateEvents', 'Events, candidate'),
        number('candidateUnits', 'Units, candidate'),
        number('stableEvents', 'Events, stable'),
        number('stableUnits', 'Units, stable'),
        text('ratio', 'Ratio'),
        text('harm', 'Harm above'),
      ],
      rows: counted.map(({ id, counts, harmMargin }) => {
        const [mine, all, myUnits, units] = counts!;
        return [
          id,
          rate(mine, myUnits),
          rate(all - mine, units - myUnits),
          mine,
          myUnits,
          all - mine,
          units - myUnits,
          ratioInWords(counts),
          `×${harmMargin}`,
        ];
      }),
    },
  };
}

const rate = (events: number, units: number): number | null => (units === 0 ? null : (events / units) * PER_THOUSAND);
