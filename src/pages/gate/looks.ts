/** The looks of a judgement as a table, and the words for one look's answer. Pure. */
import type { DifferenceFinding } from '../../domain/gate/difference-bounds.ts';
import type { LookView, StreamFinding } from '../../domain/gate/judgement.ts';
import { isSameAnswer } from '../../domain/gate/looks-shown.ts';
import { evidenceInWords, reasonsInWords } from '../../domain/rollout/look-words.ts';
import type { Analysis } from './analysis-view.ts';
import {
  aligned,
  basisPointsInWords,
  countInWords,
  differenceInWords,
  instantInWords,
  neededInWords,
  unitName,
} from './numbers.ts';
import type { MetricUnit } from './numbers.ts';

/** The stream that the table follows: the first that an advance needs, or the first difference. */
function followed({ judgement: { streams } }: Analysis): StreamFinding | null {
  const differences = streams.filter(({ kind }) => kind === 'difference');
  return differences.find(({ isRequired }) => isRequired) ?? differences[0] ?? streams[0] ?? null;
}

/** A column of the table of looks. */
interface Column {
  readonly head: string;
  readonly isRight: boolean;
  readonly cell: (look: LookView) => string;
}

/** The looks that are shown, one a line. */
export function lookLines(analysis: Analysis): string[] {
  const { looks, streams } = analysis.judgement;
  const stream = followed(analysis);
  if (stream === null || looks.length === 0) return ['No look: cohort 1 is missing.'];
  const columns = columnsFor(analysis, stream);
  const rows: string[][] = [columns.map(({ head }) => head)];
  const gaps = new Map<number, string>();
  let before = -1;
  for (const [index, look] of looks.entries()) {
    if (look.bounds === null) continue;
    const hidden = looks.slice(before + 1, index);
    if (hidden.some((between) => !isSameAnswer(between, look))) {
      gaps.set(rows.length, `  ⋮ ${countInWords(hidden.length)} looks (--looks all shows them)`);
    }
    rows.push(columns.map(({ cell }) => cell(look)));
    before = index;
  }
  const right = [...columns.entries()].flatMap(([index, { isRight }]) => (isRight ? [index] : []));
  const lines = aligned(rows, right).flatMap((line, row) => [...(gaps.has(row) ? [gaps.get(row)!] : []), `  ${line}`]);
  const isHidden = looks.some(({ bounds }) => bounds === null) && gaps.size === 0;
  const title = streams.length > 1 ? `Looks (evidence of ${stream.id})` : 'Looks';
  return [title, ...lines, ...(isHidden ? ['  Looks between two of the same answer gave that answer.'] : [])];
}

function columnsFor(
  { judgement: { looks, steps }, unit }: Analysis,
  { id, kind, harm, safe }: StreamFinding,
): Column[] {
  const needed = (evidence: StreamFinding['harm']) => (evidence === null ? '' : ` ${neededInWords(evidence.lnNeeded)}`);
  const right = (head: string, cell: Column['cell']): Column => ({ head, isRight: true, cell });
  const left = (head: string, cell: Column['cell']): Column => ({ head, isRight: false, cell });
  const ln = (value: number | null | undefined) =>
    value === undefined || value === null ? '–' : evidenceInWords(value);
  return [
    right('look', ({ cohort }) => String(cohort)),
    ...(looks[0]?.until === null ? [] : [left('until (UTC)', ({ until }) => instantInWords(until ?? ''))]),
    ...(steps === 1 ? [] : [right('step', ({ step }) => String(step + 1))]),
    right('exposed', ({ exposureBp }) => basisPointsInWords(exposureBp)),
    right('units', ({ units }) => countInWords(units[id] ?? 0)),
    ...(kind === 'count'
      ? []
      : [
          right(`worse by${unitName(unit)}`, ({ bounds }) => {
            const seen = bounds?.[id];
            return seen === undefined || seen.units === 0 ? '–' : differenceInWords(seen.mean, unit);
          }),
          left('between', ({ bounds }) => (bounds?.[id] === undefined ? '–' : betweenInWords(bounds[id], unit))),
        ]),
    right(`harm${needed(harm)}`, ({ streams }) => ln(streams?.[id]?.lnHarm)),
    right(`safe${needed(safe)}`, ({ streams }) => ln(streams?.[id]?.lnSafe)),
    left('decision', decisionInWords),
  ];
}

export function betweenInWords({ lower, upper }: DifferenceFinding, unit: MetricUnit): string {
  return `${differenceInWords(lower, unit)} … ${differenceInWords(upper, unit)}`;
}

/** Reasons that are words of the gate; the others are streams. */
const GATE_WORDS = new Set(['data-pending', 'cohort-void', 'srm', 'deadline', 'approval', 'floors', 'evidence']);

/** A look's answer and why. */
export function decisionInWords({ decision, reasons }: LookView): string {
  // That evidence is still wanting is what continuing means.
  if (reasons.length === 0 || reasons[0] === 'evidence') return decision;
  if (GATE_WORDS.has(reasons[0] ?? '')) return `${decision}: ${reasonsInWords(reasons)}`;
  return decision === 'rollback'
    ? `rollback: harm of ${reasons.join(', ')}`
    : `${decision}: harm of ${reasons.join(', ')} suspected`;
}
