/** What was read, and what a reader should know of it before believing the answer. */
import type { FormedCohorts } from '../../domain/gate/unit-cohorts.ts';
import { logESrm } from '../../domain/statistics/index.ts';
import { evidenceInWords } from '../../domain/rollout/look-words.ts';
import { isoInstant } from '../../domain/time.ts';
import type { Analysis, ArmSummary, TableSummary } from '../../pages/gate/analysis-view.ts';
import { countInWords, shareInWords } from '../../pages/gate/numbers.ts';
import { quantumFor } from './policy.ts';
import type { ChosenCalendar, DescribedTable } from './table.ts';

export function tableSummary(
  table: DescribedTable,
  { calendar, text, isChosen }: ChosenCalendar,
  formed: FormedCohorts,
): TableSummary {
  const { past, metric } = table;
  const { units, arms } = past;
  const losses = units.losses[0]!;
  return {
    kind: 'table',
    path: table.path,
    rows: units.rows,
    units: units.ids.length,
    unit: table.unitName,
    candidate: armSummary(table, arms?.candidate ?? ''),
    control: armSummary(table, arms?.control ?? ''),
    from: isoInstant(calendar.origin),
    to: isoInstant(formed.cohorts.at(-1)?.until ?? calendar.origin),
    cohort: text,
    cohortMs: calendar.lengthMs,
    isCohortChosen: isChosen,
    exposureSource: table.exposure.kind,
    metric: { column: metric.column, isGain: metric.scale.isGain, isExact: quantumFor(losses) === 0 },
    isApart: table.unitsOutside === null,
    matched: formed.matched,
    unitsWithSeveralRows: units.unitsWithSeveralRows,
    unitsInBothArms: units.switchedUnits,
    unitsWithoutOutcome: losses.filter((loss) => Number.isNaN(loss)).length,
  };
}

function armSummary({ past: { units }, metric: { scale } }: DescribedTable, name: string): ArmSummary {
  let [count, known, sum] = [0, 0, 0];
  for (const [index, arm] of units.arms.entries()) {
    if (arm !== name) continue;
    count += 1;
    const loss = units.losses[0]![index]!;
    if (Number.isNaN(loss)) continue;
    known += 1;
    sum += loss;
  }
  const mean = known === 0 ? null : sum / known;
  const share = mean === null ? null : scale.isGain ? 1 - mean : mean;
  return { name, units: count, mean: share === null ? null : scale.low + share * (scale.high - scale.low) };
}

/** Notes in the order of their weight. */
export function notesOf(analysis: Omit<Analysis, 'notes'>, table: DescribedTable): string[] {
  const { input } = analysis;
  if (input.kind !== 'table') return [];
  return [
    ...overlapNotes(input, table),
    ...splitNotes(analysis, input),
    ...marginNotes(analysis, input),
    ...armNotes(table, input),
    ...unitNotes(input, table),
  ];
}

function overlapNotes({ unit }: TableSummary, { unitsOutside }: DescribedTable): string[] {
  if (unitsOutside === null || unitsOutside === 0) return [];
  return [
    `${countInWords(unitsOutside)} ${unit}s of days on which one arm alone was open are left out: there is nobody to compare them with`,
  ];
}

/** Shares that people order: halves and tenths and their like. */
const COMMON_BP = [100, 200, ...Array.from({ length: 19 }, (_, index) => 500 * (index + 1)), 3333, 6667, 9800, 9900];
const HALF_BP = 5000;
/** Half and half is the design of most comparisons: a share so near it was probably meant to be one. */
const NEAR_HALF = 0.05;

/** Without an ordered split there is nothing to test it against; the round one that fits, or half, says what could be declared. */
function splitNotes({ judgement: { split }, policy }: Omit<Analysis, 'notes'>, input: TableSummary): string[] {
  if (input.exposureSource !== 'inferred' || input.matched.candidate === 0) return [];
  const segments = split.segments.filter(({ control, candidate }) => control > 0 && candidate > 0);
  if (segments.length > 1) {
    return [
      'the split was not tested: exposures are those measured; --exposure names the column that holds what was ordered',
    ];
  }
  const { candidate, control } = input;
  const share = candidate.units / (candidate.units + control.units);
  const against = (bp: number) => logESrm(new Map([[bp, [control.units, candidate.units]]]), policy.srmConcentration);
  const fitting = COMMON_BP.filter((bp) => against(bp) < split.lnNeeded);
  const [nearest] = fitting.toSorted((a, b) => Math.abs(a / 10_000 - share) - Math.abs(b / 10_000 - share));
  if (nearest !== undefined) {
    return [`the split was not tested: the exposure is the one measured; --exposure ${nearest / 10_000} tests it`];
  }
  if (Math.abs(share - 0.5) >= NEAR_HALF) {
    return ['the split was not tested: the exposure is the one measured; --exposure says what was ordered'];
  }
  return [
    `if 50 % was ordered, the split is broken: ${shareInWords(share)} measured, evidence ${evidenceInWords(against(HALF_BP))}. With --exposure 0.5 the gate holds, and no difference here means anything`,
  ];
}

function marginNotes({ policy }: Omit<Analysis, 'notes'>, { control, metric }: TableSummary): string[] {
  const stream = policy.streams.find(
    ({ kind, requiredForAdvance }) => kind === 'difference' && requiredForAdvance === true,
  );
  const loss = control.mean === null || metric.isGain ? null : control.mean;
  if (stream?.kind !== 'difference' || stream.safeMargin === null || loss === null) return [];
  const notes: string[] = [];
  if (loss > 0 && loss <= 1 && stream.safeMargin > loss) {
    notes.push(
      `the tolerated difference is ${Number((stream.safeMargin / loss).toPrecision(2))} times the control’s loss of ${shareInWords(loss)}: a candidate more than twice as bad would pass; --margin sets it`,
    );
  }
  return notes;
}

function armNotes({ past }: DescribedTable, { candidate, control }: TableSummary): string[] {
  return [
    ...(past.arms?.isGuessed === true
      ? [
          `that "${candidate.name}" is the candidate and "${control.name}" the control was told from the names; --candidate says it`,
        ]
      : []),
    ...(past.rowsLeftOut > 0 ? [`${countInWords(past.rowsLeftOut)} rows of other arms were left out`] : []),
  ];
}

function absenceInWords({ missing, declared }: DescribedTable): string {
  if (missing === 'worst-case') return 'taken for the worst by either verdict';
  if (declared === null) return 'left out, and whether one arm loses more of them is watched';
  return 'left out; whether one arm loses more of them is not watched, since the policy names its streams';
}

function unitNotes(input: TableSummary, table: DescribedTable): string[] {
  const { unitsWithSeveralRows: several, unitsInBothArms: both, unitsWithoutOutcome: without, matched } = input;
  const unmatched = input.units - matched.candidate - matched.control;
  return [
    ...(several > 0
      ? [
          `${countInWords(several)} ${input.unit}s have several rows: the mean of their rows counts, arm and time are those of the first`,
        ]
      : []),
    ...(both > 0
      ? [`${countInWords(both)} ${input.unit}s were seen in both arms and count in the first: what differs is diluted`]
      : []),
    ...(without > 0 ? [`${countInWords(without)} ${input.unit}s have no outcome: ${absenceInWords(table)}`] : []),
    ...(matched.candidate > 0 && unmatched > input.units * 0.05
      ? [
          `${countInWords(unmatched)} ${input.unit}s found no partner in their cohort${unmatched > input.units * 0.3 ? '; a longer --cohort matches more' : ''}`,
        ]
      : []),
  ];
}
