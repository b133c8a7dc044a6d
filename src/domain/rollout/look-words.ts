/** One look of the gate for people: a table with fixed columns, and a sentence. */
import { confidenceBounds, effectiveHarmMargin, histogramSize, mergeHistograms } from '../statistics/index.ts';
import type { DiffHistogram, GatePolicy, GateState, LookRecord } from '../statistics/index.ts';

/** e-values as people read them: `×7.4`; beyond a million only the order of size. */
export function evidenceInWords(lnE: number): string {
  if (lnE > Math.log(1e6)) return `×1e${Math.floor(lnE / Math.LN10)}`;
  const e = Math.exp(lnE);
  return `×${e >= 100 ? e.toFixed(0) : e.toPrecision(2)}`;
}

function perThousand(value: number): string {
  return (value * 1000).toFixed(1);
}

function lossHistogram(state: GateState, stream: string): DiffHistogram {
  const kept = state.state[stream];
  return kept !== undefined && 'epochs' in kept ? mergeHistograms(...kept.epochs) : [];
}

function meanOf(histogram: DiffHistogram): number {
  const units = histogramSize(histogram);
  return units === 0 ? 0 : histogram.reduce((sum, [num, den, count]) => sum + (num / den) * count, 0) / units;
}

/** Aligned columns, one row a stream: what it compares, how sure it is, how much evidence each verdict has and needs. */
export function lookTable(policy: GatePolicy, state: GateState, record: LookRecord): string {
  const rows = [['stream', 'difference', 'between', 'units', 'harm', 'needs', 'safe', 'needs']];
  for (const stream of policy.streams) {
    const seen = record.streams?.[stream.id];
    const harm = seen === undefined ? '–' : evidenceInWords(seen.lnHarm);
    const safe = seen?.lnSafe === null || seen === undefined ? '–' : evidenceInWords(seen.lnSafe);
    const harmNeeds = `×${(1 / (policy.alpha * stream.weight)).toFixed(0)}`;
    const safeNeeds = stream.requiredForAdvance === true ? `×${(1 / (stream.beta ?? policy.beta)).toFixed(0)}` : '–';
    if (stream.kind === 'count') {
      rows.push([stream.id, 'ratio', `≤ ${stream.harmRatio}`, '', harm, harmNeeds, safe, safeNeeds]);
      continue;
    }
    const histogram = lossHistogram(state, stream.id);
    const { lower, upper } = confidenceBounds(histogram, policy.alpha * stream.weight, policy.grid);
    rows.push([
      stream.id,
      `${perThousand(meanOf(histogram))} ‰`,
      `${perThousand(lower)} … ${perThousand(upper)}`,
      String(histogramSize(histogram)),
      harm,
      harmNeeds,
      safe,
      safeNeeds,
    ]);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const REASONS: Readonly<Record<string, string>> = {
  'data-pending': 'evidence that is due has not arrived',
  'cohort-void': 'the cohort does not count: stable was not what served',
  srm: 'the measured split is not the ordered one',
  deadline: 'the deadline of the step has passed without a verdict',
  approval: 'only an approval is missing',
  floors: 'certified, and the step’s span or units are not covered yet',
  evidence: 'not enough evidence yet',
};

/** Why a look decided so: a word of the gate's, or the streams it names. */
export function reasonsInWords(reasons: readonly string[]): string {
  return reasons.map((reason) => REASONS[reason] ?? `stream ${reason}`).join(', ');
}

/** What the look found, in one sentence. */
export function lookInWords(policy: GatePolicy, state: GateState, record: LookRecord, lossStream: string): string {
  const histogram = lossHistogram(state, lossStream);
  const units = histogramSize(histogram);
  const reasons = reasonsInWords(record.reasons);
  if (units === 0) return `${record.decision}: no label has matured yet${reasons === '' ? '' : ` (${reasons})`}`;
  const stream = policy.streams.find(({ id }) => id === lossStream);
  const { lower, upper } = confidenceBounds(histogram, policy.alpha * (stream?.weight ?? 1), policy.grid);
  const limit = stream?.kind === 'difference' ? effectiveHarmMargin(stream) : 0;
  const difference = `${perThousand(meanOf(histogram))} per 1,000 (between ${perThousand(lower)} and ${perThousand(upper)}, ${units} units)`;
  switch (record.decision) {
    case 'advance':
      return `certified: the loss differs by ${difference}`;
    case 'rollback':
      return `harm certified on ${record.reasons.join(', ')}: the loss differs by ${difference}, tolerated is ${perThousand(limit)}`;
    case 'escalate':
      return `${reasons}: the loss differs by ${difference}`;
    case 'hold':
      return `holds, ${reasons}: the loss differs by ${difference}`;
    case 'continue':
      return `${reasons}: the loss differs by ${difference}`;
    default:
      return record.decision satisfies never;
  }
}
