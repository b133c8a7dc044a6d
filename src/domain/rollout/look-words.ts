/** One look of the gate for people: a table with fixed columns, and a sentence. */
import { alignedTable, grouped } from '../aligned-table.ts';
import type { DifferenceFinding } from '../gate/difference-bounds.ts';
import { effectiveHarmMargin, effectiveSafeMargin, histogramSize, mergeHistograms } from '../statistics/index.ts';
import type {
  CountStreamPolicy,
  CountTuple,
  DiffHistogram,
  DifferenceStreamPolicy,
  GatePolicy,
  GateState,
  LookRecord,
  StreamPolicy,
} from '../statistics/index.ts';
import { differenceFinding } from './difference-finding.ts';

/** e-values as people read them: `×7.4`; beyond a million only the order of size. */
export function evidenceInWords(lnE: number): string {
  if (lnE > Math.log(1e6)) return `×1e${Math.floor(lnE / Math.LN10)}`;
  const e = Math.exp(lnE);
  return `×${e >= 100 ? e.toFixed(0) : e.toPrecision(2)}`;
}

const NOTHING = '–';
const perThousand = (value: number): string => (value * 1000).toFixed(1);

/** What all judged evidence of a stream of differences says. Null before the first unit. */
function differenceSeen(policy: GatePolicy, state: GateState, stream: StreamPolicy): DifferenceFinding | null {
  const kept = state.state[stream.id];
  const histogram: DiffHistogram = kept !== undefined && 'epochs' in kept ? mergeHistograms(...kept.epochs) : [];
  if (stream.kind !== 'difference' || histogramSize(histogram) === 0) return null;
  return differenceFinding(policy, stream, histogram);
}

/** Events of the candidate for each of stable's, at equal numbers of requests. */
function ratioSeen(state: GateState, stream: CountStreamPolicy): string {
  const kept = state.state[stream.id];
  const windows: CountTuple[] = kept !== undefined && 'windows' in kept ? Object.values(kept.windows) : [];
  const [mine, all, myExposures, exposures] = [0, 1, 2, 3].map((part) =>
    windows.reduce((sum, window) => sum + (window[part] ?? 0), 0),
  ) as [number, number, number, number];
  if (all === 0) return 'none';
  const ratio = mine / myExposures / ((all - mine) / (exposures - myExposures));
  return Number.isFinite(ratio) ? `×${ratio.toPrecision(2)}` : `${mine} : ${all - mine}`;
}

/**
 * Aligned columns, one row a metric: what it compares (differences per 1,000 units, negative is better; ratios of event rates), how sure
 * it is, what it must stay below, and what is made of it; then the evidence for either verdict beside what each needs.
 */
export function lookTable(policy: GatePolicy, state: GateState, record: LookRecord): string {
  const rows = policy.streams.map((stream) => metricRow(policy, state, record, stream));
  const metrics = [['metric', 'differs', 'between', 'margin', 'units', 'assessment'], ...rows];
  const evidence = [
    ['evidence', 'that it is safe', 'that it harms'],
    ...policy.streams.map(evidenceRow(policy, record)),
  ];
  return [alignedTable(metrics, 'lrllll'), '', alignedTable(evidence, 'lll'), ...stepLine(policy, state, record)].join(
    '\n',
  );
}

function metricRow(policy: GatePolicy, state: GateState, record: LookRecord, stream: StreamPolicy): string[] {
  const assessment = assessmentOf(policy, record, stream);
  const units = unitsOf(policy, state, record, stream);
  if (stream.kind === 'count') {
    const limit = stream.requiredForAdvance === true ? stream.safeRatio : null;
    return [stream.id, ratioSeen(state, stream), '', `< ×${limit ?? stream.harmRatio}`, units, assessment];
  }
  const seen = differenceSeen(policy, state, stream);
  const margin = `< ${perThousand(marginOf(policy, record, stream))}`;
  if (seen === null) return [stream.id, NOTHING, NOTHING, margin, units, assessment];
  const between = `${perThousand(seen.lower)} … ${perThousand(seen.upper)}`;
  return [stream.id, perThousand(seen.mean), between, margin, units, assessment];
}

/** What must be certified for an advance; of a metric that can only stop, what it must not be certified above. */
function marginOf(policy: GatePolicy, record: LookRecord, stream: DifferenceStreamPolicy): number {
  const safe = stream.requiredForAdvance === true ? declaredSafeMargin(policy, stream, record.step) : null;
  return safe ?? stream.harmMargin;
}

/** Safe margin of a step as people declared it; null where there is none. The test's nulls are shifted by half a quantum. */
export function declaredSafeMargin(policy: GatePolicy, stream: DifferenceStreamPolicy, step: number): number | null {
  const safe = effectiveSafeMargin(policy, stream, step);
  return safe === null ? null : safe + (effectiveHarmMargin(stream) - stream.harmMargin);
}

/** Matured units and what the step needs of them. */
function unitsOf(policy: GatePolicy, state: GateState, record: LookRecord, stream: StreamPolicy): string {
  const progress = state.progress.streams[stream.id];
  // An advance has begun the next step's count: what it was based on is in the rollout's.
  const [units] = (record.decision === 'advance' ? progress?.inRollout : progress?.inStep) ?? [0];
  if (stream.requiredForAdvance !== true) return grouped(units);
  return `${grouped(units)}/${grouped(policy.steps[record.step]?.minUnits ?? 0)}`;
}

/** Reasons that void what is compared between arms, whatever it says. */
const VOIDING: ReadonlySet<string> = new Set(['srm', 'foreign-split']);

/** What is made of one stream at a look: `successful`, `failed`, `inconclusive`, `error`, or `watched` where it can only stop. */
export function assessmentOf(policy: GatePolicy, record: LookRecord, stream: StreamPolicy): string {
  const isNamed = record.reasons.includes(stream.id);
  if (record.decision === 'rollback' && isNamed) return 'failed';
  if (record.decision === 'hold' && isNamed) {
    return record.reasons.includes('data-pending') ? 'error' : 'inconclusive';
  }
  const isVoid = stream.requiresExposureIntegrity !== false && record.reasons.some((reason) => VOIDING.has(reason));
  if (record.decision === 'hold' && isVoid) return 'error';
  if (stream.requiredForAdvance !== true) return 'watched';
  const lnSafe = record.streams?.[stream.id]?.lnSafe ?? null;
  return lnSafe !== null && lnSafe >= -Math.log(stream.beta ?? policy.beta) ? 'successful' : 'inconclusive';
}

function evidenceRow(policy: GatePolicy, record: LookRecord): (stream: StreamPolicy) => string[] {
  const needs = (level: number): string => `×${(1 / level).toFixed(0)}`;
  return (stream) => {
    const seen = record.streams?.[stream.id];
    const { lnSafe = null, lnHarm } = seen ?? {};
    const safe = lnSafe === null ? NOTHING : `${evidenceInWords(lnSafe)} of ${needs(stream.beta ?? policy.beta)}`;
    const harm =
      lnHarm === undefined ? NOTHING : `${evidenceInWords(lnHarm)} of ${needs(policy.alpha * stream.weight)}`;
    return [stream.id, safe, harm];
  };
}

/** How much of the step's span is covered; nothing after an advance, which begins the next step. */
function stepLine(policy: GatePolicy, state: GateState, record: LookRecord): string[] {
  const span = policy.steps[record.step]?.minSpan ?? 0;
  const required = policy.streams.filter(({ requiredForAdvance }) => requiredForAdvance === true);
  if (record.decision === 'advance' || span === 0 || required.length === 0) return [];
  const matured = Math.min(...required.map(({ id }) => state.progress.streams[id]?.inStep[1] ?? 0));
  return ['', `matured cohorts of this step: ${matured}, needs ${span}`];
}

const REASONS: Readonly<Record<string, string>> = {
  'cohort-void': 'the cohort does not count: stable was not what served',
  srm: 'the measured split is not the ordered one',
  'foreign-split': 'somebody else has written the split',
  deadline: 'the deadline of the step has passed without a verdict',
  approval: 'only an approval is missing',
  floors: 'certified, and the step’s span or units are not covered yet',
  evidence: 'not enough evidence yet',
};

/** Why a look decided so: words of the gate's, or the streams it names. */
export function reasonsInWords(reasons: readonly string[]): string {
  const [first = '', ...others] = reasons;
  if (first === 'data-pending') {
    return `evidence${others.length === 0 ? '' : ` of ${others.join(', ')}`} that is due has not arrived`;
  }
  return reasons.map((reason) => REASONS[reason] ?? `stream ${reason}`).join(', ');
}

/** What the look found, in one sentence. */
export function lookInWords(policy: GatePolicy, state: GateState, record: LookRecord, lossStream: string): string {
  const named = record.decision === 'rollback' ? record.reasons[0] : undefined;
  const stream = policy.streams.find(({ id }) => id === (named ?? lossStream));
  const finding = findingInWords(policy, state, stream, lossStream);
  switch (record.decision) {
    case 'advance':
      return `certified${marginInWords(policy, state, record, stream)}: ${finding}`;
    case 'rollback':
      return `harm certified on ${record.reasons.join(', ')}: ${finding}${harmLimitInWords(stream)}`;
    case 'hold':
      return `holds, ${holdInWords(record.reasons)}: ${finding}`;
    case 'escalate':
    case 'continue':
      return `${reasonsInWords(record.reasons)}: ${finding}`;
    default:
      return record.decision satisfies never;
  }
}

/** An advance is allowed to a loss that is worse, or may be: then it is said how much worse it is certain not to be. */
function marginInWords(
  policy: GatePolicy,
  state: GateState,
  record: LookRecord,
  stream: StreamPolicy | undefined,
): string {
  if (stream?.kind !== 'difference') return '';
  const seen = differenceSeen(policy, state, stream);
  if (seen === null || seen.upper < 0) return '';
  return ` below the margin of ${perThousand(marginOf(policy, record, stream))}`;
}

/** What is known of a stream; of the loss, where a step is judged by counts and no loss is logged, what is known of those. */
function findingInWords(
  policy: GatePolicy,
  state: GateState,
  stream: StreamPolicy | undefined,
  lossStream: string,
): string {
  if (stream?.kind === 'count') return countsInWords(state, stream);
  const seen = stream === undefined ? null : differenceSeen(policy, state, stream);
  if (seen !== null) return differenceInWords(seen, stream?.id === lossStream ? 'the loss' : (stream?.id ?? ''));
  const counted = policy.streams.find(
    (each): each is CountStreamPolicy => each.kind === 'count' && each.requiredForAdvance === true,
  );
  return counted === undefined ? 'no label has matured yet' : countsInWords(state, counted);
}

function countsInWords(state: GateState, stream: CountStreamPolicy): string {
  const units = state.progress.streams[stream.id]?.inRollout[0] ?? 0;
  const ratio = ratioSeen(state, stream);
  if (ratio === 'none') return `nothing of ${stream.id} has been counted yet`;
  return `${stream.id} at ${ratio} of the stable bundle’s rate (${grouped(units)} units)`;
}

/** A stream that is named without a word before it is suspected. */
function holdInWords(reasons: readonly string[]): string {
  const isSuspicion = reasons.every((reason) => reason !== 'data-pending' && REASONS[reason] === undefined);
  return isSuspicion ? `harm is suspected on ${reasons.join(', ')}` : reasonsInWords(reasons);
}

function harmLimitInWords(stream: StreamPolicy | undefined): string {
  if (stream === undefined) return '';
  return `, harm is above ${stream.kind === 'count' ? `×${stream.harmRatio}` : perThousand(stream.harmMargin)}`;
}

/** `the loss is better by 14.6 per 1,000 (13.9 to 15.2; 260,580 units)`. */
function differenceInWords({ mean, lower, upper, units }: DifferenceFinding, what: string): string {
  const size = perThousand(Math.abs(mean));
  const shown = `${grouped(units)} units`;
  if (upper < 0)
    return `${what} is better by ${size} per 1,000 (${perThousand(-upper)} to ${perThousand(-lower)}; ${shown})`;
  if (lower > 0)
    return `${what} is worse by ${size} per 1,000 (${perThousand(lower)} to ${perThousand(upper)}; ${shown})`;
  const side = mean < 0 ? 'better' : 'worse';
  const range = `${perThousand(-lower)} better to ${perThousand(upper)} worse`;
  return `${what} looks ${side} by ${size} per 1,000 (${range}; ${shown})`;
}
