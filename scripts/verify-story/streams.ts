/** The streams of a run that this audit can measure itself: the loss and its slices, cohort by cohort. */
import type { CandidateRecord, EvidenceRecord, PolicyRecord } from '../../src/contracts/records.ts';
import type { SlicePolicy } from '../../src/contracts/rollout-policy.ts';
import { epochMs } from '../../src/domain/time.ts';
import type { Archive, CohortSums, Measurement } from './archive.ts';
import type { JudgedLook } from './judged.ts';
import type { Story } from './story.ts';

/** By name of the stream, then by cohort. */
export type MeasuredStreams = ReadonlyMap<string, ReadonlyMap<number, CohortSums>>;

export const LOSS = 'loss';
const LABELLED_SHARE_MIN = 0.5;
/** The gate keeps each difference to the nearest multiple of this. */
const QUANTUM = 1 / 10_000;

/** @throws for a label that acting on the prediction changes: pairs say nothing of it, and this audit measures pairs */
export async function measureStreams(
  story: Story,
  archive: Archive,
  { bundle, rolloutId }: CandidateRecord,
  looks: readonly JudgedLook[],
  policy: PolicyRecord,
): Promise<MeasuredStreams> {
  if (policy.affectsLabel) throw new Error(`${bundle} was judged on matched units, which this audit does not measure`);
  const cohorts = looks.flatMap(({ decision }) => decision.cohort ?? []);
  const base: Omit<Measurement, 'where'> = {
    candidate: bundle,
    generations: generationsOf(story, rolloutId ?? ''),
    origin: epochMs(story.declaration.source.backfillUntil),
    cohortMs: policy.cohortMs,
    maturityMs: policy.maturityMs,
    firstCohort: Math.min(...cohorts),
    lastCohort: Math.max(...cohorts),
    loss: lossOf(policy),
    absenceIsZero: policy.absence === 'zero',
    asOf: null,
  };
  const streams = new Map<string, Map<number, CohortSums>>();
  const watermark = epochMs(looks.at(-1)?.decision.watermark ?? '1970-01-01');
  let late: readonly number[] | null = null;
  for (const [name, where] of [[LOSS, 'true'] as const, ...policy.rollout.slices.map(sliceOf)]) {
    const inTime = await archive.measure({ ...base, where });
    const measured = new Map(inTime.map((sums) => [sums.cohort, sums]));
    // Where the label feed was broken by the end of the window, what has come since counts; the whole decides for its slices.
    late ??= inTime.filter(({ units, scored }) => units < scored * LABELLED_SHARE_MIN).map(({ cohort }) => cohort);
    const since = late.length === 0 ? [] : await archive.measure({ ...base, where, asOf: watermark });
    for (const sums of since) if (late.includes(sums.cohort)) measured.set(sums.cohort, sums);
    streams.set(name, measured);
  }
  return streams;
}

function generationsOf(story: Story, rolloutId: string): number[] {
  const lines = [...story.ledgers.values()].flat();
  return lines
    .filter(({ accepted, kind, decisionId }) => accepted && kind === 'split' && decisionId.startsWith(`${rolloutId}/`))
    .map(({ generation }) => generation);
}

function lossOf({ rollout }: PolicyRecord): Measurement['loss'] {
  if (rollout.loss === 'brier') return (p, y) => `(${p} - ${y}) * (${p} - ${y})`;
  const [low, high] = rollout.lossRange ?? [0, 1];
  return (p, y) => `least(1, (${p} - ${y}) * (${p} - ${y}) / ${(high - low) ** 2})`;
}

function sliceOf({ id, where }: SlicePolicy): readonly [string, string] {
  const conditions = Object.entries(where).map(([input, condition]) => {
    const value = `json_extract_string(inputs, '$."${input.replaceAll("'", "''")}"')`;
    if (Array.isArray(condition)) {
      return `${value} in (${condition.map((one) => `'${String(one).replaceAll("'", "''")}'`).join(', ')})`;
    }
    const { min, max } = condition as { readonly min?: number; readonly max?: number };
    const number = `try_cast(${value} as double)`;
    return `coalesce(${number} >= ${min ?? '-1e308'} and ${number} <= ${max ?? '1e308'}, false)`;
  });
  return [`${LOSS}/${id}`, conditions.length === 0 ? 'true' : conditions.join(' and ')];
}

/** Recorded counts that are not those of the log. */
export function differingCounts(evidence: readonly EvidenceRecord[], streams: MeasuredStreams): string[] {
  return evidence.flatMap((record) => {
    const measured = streams.get(record.stream);
    if (measured === undefined) return [];
    const { units, sum } = recordedSums(record);
    const found = measured.get(record.cohort) ?? { units: 0, sum: 0 };
    const isSame = found.units === units && units === record.units;
    if (isSame && Math.abs(found.sum - sum) <= (units * QUANTUM) / 2 + 1e-9) return [];
    const said = `${units} units summing to ${sum}`;
    return [`${record.stream} of cohort ${record.cohort}: ${said}, the log has ${found.units} and ${found.sum}`];
  });
}

function recordedSums({ histogram }: EvidenceRecord): { units: number; sum: number } {
  const bars = histogram ?? [];
  return {
    units: bars.reduce((total, [, , count]) => total + count, 0),
    sum: bars.reduce((total, [num, den, count]) => total + (num / den) * count, 0),
  };
}
