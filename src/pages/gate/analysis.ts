/** A past comparison judged: what was read, the answer look by look, the verdict, and what is missing for one. Pure. */
import type { Judgement, LookView, StreamFinding } from '../../domain/gate/judgement.ts';
import { evidenceInWords } from '../../domain/rollout/look-words.ts';
import { DAY_MS, epochMs } from '../../domain/time.ts';
import { lengthInWords } from '../../domain/time.ts';
import type { Analysis, ArmSummary, TableSummary } from './analysis-view.ts';
import { betweenInWords, decisionInWords, lookLines } from './looks.ts';
import {
  basisPointsInWords,
  counted,
  countInWords,
  differenceInWords,
  evidenceOfNeeded,
  instantInWords,
  metricInWords,
  shareInWords,
  unitName,
} from './numbers.ts';
import type { MetricUnit } from './numbers.ts';

/** The whole answer, a screen or two. */
export function analysisInWords(analysis: Analysis): string {
  return [
    ...inputLines(analysis),
    '',
    ...(isNothingCompared(analysis) ? nothingLines(analysis) : judgementLines(analysis)),
    ...section('Split', splitLines(analysis)),
    ...section(
      'Notes',
      analysis.notes.map((note) => `  - ${note}`),
    ),
  ].join('\n');
}

function judgementLines(analysis: Analysis): string[] {
  return [
    ...lookLines(analysis),
    '',
    ...verdictLines(analysis),
    '',
    ...evidenceLines(analysis),
    ...section('Missing for a verdict', missingLines(analysis)),
  ];
}

/** Whether no cohort of a table had units of both arms. */
function isNothingCompared({ input, judgement }: Analysis): boolean {
  return input.kind === 'table' && input.matched.candidate === 0 && judgement.terminal === null;
}

function nothingLines({ input }: Analysis): string[] {
  const isApart = input.kind === 'table' && input.isApart;
  return [
    'Verdict',
    '  NO VERDICT, and none to come: no cohort has units of both arms.',
    isApart
      ? '  The arms were open on different days, before and after: whatever else changed between them would be taken for the candidate’s.'
      : '  Units are compared with those of the same time: try a longer --cohort.',
  ];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

function inputLines({ input, policySource, judgement, unit }: Analysis): string[] {
  const policy = `  policy    ${policySource}`;
  if (input.kind === 'records') {
    return [
      `${input.path}: ${countInWords(input.records)} cohort records, ${countInWords(judgement.cohorts)} cohorts`,
      policy,
    ];
  }
  const { candidate, control, metric } = input;
  const how = input.isCohortChosen ? ' (by the traffic; --cohort sets it)' : '';
  return [
    `${input.path}: ${countInWords(input.units)} ${input.unit}s, ${instantInWords(input.from)} to ${instantInWords(input.to)} UTC`,
    `  arms      candidate "${candidate.name}" ${countInWords(candidate.units)}, control "${control.name}" ${countInWords(control.units)}`,
    `  metric    ${metric.column} (${metric.isGain ? 'more is better' : 'more is worse'}): candidate ${meanInWords(candidate, unit)}, control ${meanInWords(control, unit)}`,
    `  cohorts   ${countInWords(judgement.cohorts)} of ${lengthInWords(input.cohortMs)}${how}`,
    `  exposure  ${exposureInWords(judgement, input)}`,
    policy,
  ];
}

const meanInWords = ({ mean }: ArmSummary, unit: MetricUnit): string =>
  mean === null ? 'no outcome' : metricInWords(mean, unit);

/** Exposures are listed up to this many. */
const EXPOSURES_TOLD = 6;

function exposureInWords({ split: { segments } }: Judgement, { exposureSource }: TableSummary): string {
  const shares = segments
    .filter(({ control, candidate }) => control + candidate > 0)
    .map(({ exposureBp }) => basisPointsInWords(exposureBp));
  const told = shares.length > EXPOSURES_TOLD ? [...shares.slice(0, EXPOSURES_TOLD), '…'] : shares;
  const how = { declared: 'as declared', column: 'by the column', inferred: 'measured from the units' }[exposureSource];
  return `${told.join(', then ')} (${how})`;
}

function verdictLines(analysis: Analysis): string[] {
  const { judgement } = analysis;
  const last = judgement.looks.at(-1);
  if (last === undefined) return ['Verdict', '  none: there is nothing to look at'];
  const at = `at look ${last.cohort} of ${countInWords(judgement.cohorts)}${last.until === null ? '' : ` (${instantInWords(last.until)} UTC)`}`;
  return ['Verdict', ...verdictSentences(judgement, last, at).map((line) => `  ${line}`), ...beyondLines(analysis)];
}

function verdictSentences(judgement: Judgement, last: LookView, at: string): string[] {
  if (judgement.terminal === 'promoted') {
    return [`PROMOTED ${at}: every required stream is certified to be within its margin.`];
  }
  if (judgement.terminal === 'rolled-back')
    return [`ROLLED BACK ${at}: harm is certified on ${last.reasons.join(', ')}.`];
  const passed = judgement.step === 0 ? '' : `; ${judgement.step} of ${judgement.steps} steps passed`;
  if (last.reasons[0] === 'srm') {
    return [
      `NO VERDICT, and none to come: the split is broken ${at}${passed}.`,
      'Who is in which arm depends on something else than chance; until it is found, no difference means anything.',
    ];
  }
  if (last.decision === 'advance')
    return [
      `NO VERDICT on the whole: the last look ${at} advanced to step ${judgement.step + 1} of ${judgement.steps}.`,
    ];
  if (last.decision === 'escalate') return [`NO VERDICT by the deadline ${at}${passed}: a person would be called.`];
  return [
    `NO VERDICT after ${counted(judgement.looks.length, 'look')}${passed}; the last says ${decisionInWords(last)}.`,
  ];
}

function beyondLines({ judgement, unit }: Analysis): string[] {
  if (judgement.beyond === null) return [];
  const behind = judgement.cohorts - judgement.looks.length;
  return [
    `  The gate’s run ends there. With the ${counted(behind, 'cohort')} behind it:`,
    ...Object.entries(judgement.beyond).map(
      ([id, finding]) =>
        `    ${id}: worse by ${differenceInWords(finding.mean, unit)}${unitName(unit)}, between ${betweenInWords(finding, unit)}${unitName(unit)}, ${countInWords(finding.units)} units`,
    ),
  ];
}

function evidenceLines({ judgement: { streams }, unit }: Analysis): string[] {
  return ['Evidence', ...streams.flatMap((stream) => streamLines(stream, unit))];
}

function streamLines(stream: StreamFinding, unit: MetricUnit): string[] {
  const { id, difference, ratio, harm, safe } = stream;
  const lines: string[] = [];
  if (difference !== null) {
    const known =
      difference.units === 0
        ? 'nothing matched'
        : `worse by ${differenceInWords(difference.mean, unit)}${unitName(unit)}`;
    lines.push(
      `  ${id}: ${known}, between ${betweenInWords(difference, unit)}${unitName(unit)}; ${counted(difference.units, 'matched unit')}`,
    );
  } else if (ratio !== null) {
    const rates = [ratio.candidateRate, ratio.controlRate].map((rate) => (rate === null ? 'none' : shareInWords(rate)));
    const upper = ratio.upper === null ? 'any' : ratio.upper.toPrecision(3);
    lines.push(
      `  ${id}: ${rates[0]} of candidate units, ${rates[1]} of control; ratio ${ratio.ratio?.toPrecision(3) ?? 'unknown'}, between ${ratio.lower.toPrecision(3)} and ${upper}`,
    );
  }
  const margin = (value: number) =>
    stream.kind === 'count'
      ? `ratio ${Number(value.toPrecision(4))}`
      : `${differenceInWords(value, unit)}${unitName(unit)}`;
  if (harm !== null) {
    const most = harm.lnMax > Math.max(harm.ln, 0) ? ` (most ${evidenceInWords(harm.lnMax)})` : '';
    lines.push(`    harm beyond ${margin(harm.margin)}: ${evidenceOfNeeded(harm.lnNeeded, harm.ln)}${most}`);
  }
  if (safe !== null) {
    const required = stream.isRequired ? '' : ' (not required)';
    lines.push(`    safe within ${margin(safe.margin)}: ${evidenceOfNeeded(safe.lnNeeded, safe.ln)}${required}`);
  }
  return lines;
}

function missingLines(analysis: Analysis): string[] {
  const { judgement } = analysis;
  if (judgement.terminal !== null || judgement.looks.length === 0)
    return judgement.awaits === null ? [] : [`  ${awaitsInWords(judgement)}`];
  const lines = judgement.awaits === null ? [] : [awaitsInWords(judgement)];
  if (judgement.streams.every(({ isRequired }) => !isRequired)) {
    lines.push('no stream is required for an advance: this policy can roll back and never promote');
  }
  for (const stream of judgement.streams) if (stream.isRequired) lines.push(...streamMissing(stream, analysis));
  lines.push(...floorLines(judgement));
  return lines.map((line) => `  ${line}`);
}

function awaitsInWords({ awaits }: Judgement): string {
  if (awaits === null) return '';
  return awaits.why === 'missing'
    ? `cohort ${awaits.cohort} is missing: the cohorts behind it wait for it`
    : `cohort ${awaits.cohort} is pending: nothing is known of it yet, and the cohorts behind it wait`;
}

/** Beyond that, how often the past would have to come again says more than a count. */
const TIMES_TOLD = 3;

function streamMissing({ id, safe, difference, forecast }: StreamFinding, { input, unit }: Analysis): string[] {
  if (safe === null || safe.ln >= safe.lnNeeded) return [];
  const certificate = `the certificate that ${id} is within ${differenceInWords(safe.margin, unit)}${unitName(unit)}`;
  if (forecast === null || difference === null) return [certificate];
  const { unitsMore, unitsMoreP90 } = forecast;
  if (unitsMore === null) {
    const seen = `${id} is worse by ${differenceInWords(difference.mean, unit)}${unitName(unit)} so far`;
    return [`${certificate}: as things go it never comes, since ${seen}; a better candidate or a wider margin`];
  }
  const times = unitsMore / difference.units;
  const again = times > TIMES_TOLD ? ` (${countInWords(times)} times this past)` : '';
  const days = input.kind === 'table' ? daysInWords(unitsMore, difference.units, input) : '';
  const p90 = unitsMoreP90 === null ? '' : `; nine in ten such pasts need no more than ${countInWords(unitsMoreP90)}`;
  return [
    `${certificate}: about ${countInWords(unitsMore)} more matched units${again} if all goes on as it did${days}${p90}`,
  ];
}

function daysInWords(unitsMore: number, units: number, { from, to, cohortMs }: TableSummary): string {
  const spanMs = Math.max(epochMs(to) - epochMs(from), cohortMs);
  const days = (unitsMore / units) * (spanMs / DAY_MS);
  return `, ${days < 0.1 ? 'a few hours' : `${Number(days.toPrecision(2))} days`} at the rate of this past`;
}

function floorLines({ floors, step, steps }: Judgement): string[] {
  const parts = [
    floors.cohorts < floors.minCohorts ? `${floors.cohorts} of ${floors.minCohorts} cohorts` : '',
    floors.units < floors.minUnits ? `${countInWords(floors.units)} of ${countInWords(floors.minUnits)} units` : '',
    floors.span < floors.minSpan ? `${floors.span} of ${floors.minSpan} cohorts of evidence` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? [] : [`step ${step + 1} of ${steps} has ${parts.join(' and ')}`];
}

function splitLines({ judgement: { split }, input }: Analysis): string[] {
  if (input.kind === 'table' && input.exposureSource === 'inferred') return [];
  const shares = split.segments
    .filter(({ control, candidate }) => control + candidate > 0)
    .map(({ exposureBp, control, candidate }) => {
      const units = control + candidate;
      return `  ${basisPointsInWords(exposureBp)} ordered, ${shareInWords(candidate / units)} measured (${countInWords(candidate)} of ${countInWords(units)})`;
    });
  const most = split.lnMax > Math.max(split.ln, 0) ? ` (most ${evidenceInWords(split.lnMax)})` : '';
  return [...shares.slice(0, EXPOSURES_TOLD), `  broken: ${evidenceOfNeeded(split.lnNeeded, split.ln)}${most}`];
}
