/**
 * Units of a past comparison become cohort records: grouped by instant of assignment and by exposure, matched within cohort and
 * stratum. Pure, and the same for the same units whatever their order: matching is by hash, counting by integers.
 */
import { matchBlock, mergeHistograms } from '../statistics/index.ts';
import type { Cohort, CountTuple, DiffHistogram, Unit } from '../statistics/index.ts';
import { cohortOf, cohortStart, DAY_MS, HOUR_MS } from '../time.ts';
import type { CohortCalendar, EpochMs } from '../time.ts';
import { exposureSegments } from './exposure-segments.ts';
import type { UnitSet } from './unit-intake.ts';

/** Orders units within an arm; part of the judgement, so that it can be repeated anywhere. */
export const OFFLINE_SALT = 'holdfast-offline';
const BP_WHOLE = 10_000;

/** A stream and the loss column it is made of. */
export interface StreamSource {
  readonly id: string;
  readonly kind: 'difference' | 'count';
  /** Position in `UnitSet.losses`. */
  readonly loss: number;
  /** Of difference streams: 0 for exact losses of 0 and 1. */
  readonly quantum: number;
  /** Loss of a unit without outcome per arm; null leaves it out. */
  readonly absent: { readonly candidate: number; readonly control: number } | null;
  /** Count streams of missing outcomes: a unit without outcome is the event. */
  readonly countsAbsence: boolean;
}

/** Where the exposure of cohorts comes from: declared for all, a column, or measured from the units. */
export type ExposureSource =
  | { readonly kind: 'declared'; readonly bp: number }
  | { readonly kind: 'column' | 'inferred' };

/** One matched block as a mean: for the design effect. */
export interface BlockMean {
  readonly stream: string;
  readonly units: number;
  readonly mean: number;
  /** UTC day of its cohort, counted from 1970. */
  readonly day: number;
}

/** A cohort record with the event time it ends at. */
export interface FormedCohort {
  readonly record: Cohort;
  readonly until: EpochMs;
}

export interface FormedCohorts {
  readonly cohorts: readonly FormedCohort[];
  readonly blocks: readonly BlockMean[];
  readonly matched: { readonly candidate: number; readonly control: number };
}

/** Lengths to choose from: those that divide a day or are whole days. */
const LENGTHS_MS = [HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS];
/** Fewer units of the smaller arm make a cohort of its own pointless. */
const UNITS_MIN = 20;
/** More looks than anybody reads, and than memory should hold. */
export const COHORTS_MAX = 100_000;

/** Shortest length whose cohorts hold twenty units of the smaller arm on average; the longest where none does. */
export function cohortLengthFor(firstAt: EpochMs, lastAt: EpochMs, smallerArm: number): number {
  const fits = (lengthMs: number) => smallerArm / (Math.floor((lastAt - firstAt) / lengthMs) + 1) >= UNITS_MIN;
  return LENGTHS_MS.find(fits) ?? LENGTHS_MS.at(-1)!;
}

/** Cohorts begin at midnight UTC of the first day, so that their borders are those of the clock. */
export function calendarOf(firstAt: EpochMs, lengthMs: number): CohortCalendar {
  const midnight = Math.floor(firstAt / DAY_MS) * DAY_MS;
  const first = cohortOf({ origin: midnight, lengthMs }, firstAt);
  return { origin: cohortStart({ origin: midnight, lengthMs }, first), lengthMs };
}

interface FormingOptions {
  readonly calendar: CohortCalendar;
  readonly candidate: string;
  readonly streams: readonly StreamSource[];
  readonly exposure: ExposureSource;
  readonly maxMatch: number;
  readonly salt: string;
}

/** Units of one cohort: positions in the set. */
interface Group {
  readonly slot: number;
  readonly bp: number | null;
  readonly members: number[];
  firstAt: EpochMs;
}

/**
 * Forms all cohorts from the first unit's to the last one's; intervals without units are cohorts without evidence. Step 0 throughout:
 * which step of a ladder an exposure is, the judge says.
 */
export function formCohorts(units: UnitSet, o: FormingOptions): FormedCohorts {
  const groups = groupsOf(units, o.calendar, o.exposure.kind === 'column');
  const arms = groups.map(({ members }) => {
    const candidate = members.filter((index) => units.arms[index] === o.candidate).length;
    return { control: members.length - candidate, candidate };
  });
  const shares = sharesOf(groups, arms, o.exposure);
  const blocks: BlockMean[] = [];
  const matched = { candidate: 0, control: 0 };
  const cohorts = groups.map((group, index): FormedCohort => {
    const { differences, counts } = evidenceOf(units, group, o, blocks, matched);
    const record: Cohort = {
      cohort: index + 1,
      step: 0,
      exposureBp: shares[index]!,
      status: 'ok',
      assigned: arms[index]!,
      differences,
      counts,
    };
    return { record, until: cohortStart(o.calendar, group.slot + 1) };
  });
  return { cohorts, blocks, matched };
}

/** Groups by interval, and within one by exposure in the order in which each was first seen: a change opens a new cohort. */
function groupsOf(units: UnitSet, calendar: CohortCalendar, byExposure: boolean): Group[] {
  const groups = new Map<string, Group>();
  let last = 1;
  for (const [index, at] of units.at.entries()) {
    const slot = cohortOf(calendar, at);
    const bp = byExposure ? (units.exposureBp?.[index] ?? 0) : null;
    const key = `${slot}:${bp}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { slot, bp, members: [index], firstAt: at });
    else {
      known.members.push(index);
      known.firstAt = Math.min(known.firstAt, at);
    }
    last = Math.max(last, slot);
  }
  const taken = new Set(Array.from(groups.values(), ({ slot }) => slot));
  const all = [...groups.values()];
  for (let slot = 1; slot <= last; slot++) {
    if (!taken.has(slot)) all.push({ slot, bp: null, members: [], firstAt: cohortStart(calendar, slot) });
  }
  all.sort((a, b) => a.slot - b.slot || a.firstAt - b.firstAt || (a.bp ?? 0) - (b.bp ?? 0));
  return all;
}

/** Exposure of each group, in basis points. */
function sharesOf(
  groups: readonly Group[],
  arms: ReadonlyArray<{ control: number; candidate: number }>,
  exposure: ExposureSource,
): number[] {
  if (exposure.kind === 'declared') return groups.map(() => exposure.bp);
  if (exposure.kind === 'column') {
    // An interval without units says nothing of its exposure: the one before goes on.
    let last = groups.find(({ bp }) => bp !== null)?.bp ?? 0;
    return groups.map(({ bp }) => (last = bp ?? last));
  }
  return exposureSegments(arms).flatMap(({ from, to, control, candidate }) => {
    const measured = Math.round((BP_WHOLE * candidate) / Math.max(1, control + candidate));
    // A share that rounds to nobody or everybody is not that while both arms have units.
    const bp = Math.min(Math.max(measured, Math.min(candidate, 1)), BP_WHOLE - Math.min(control, 1));
    return Array.from({ length: to - from + 1 }, () => bp);
  });
}

function evidenceOf(
  units: UnitSet,
  { members, slot }: Group,
  o: FormingOptions,
  blocks: BlockMean[],
  matched: { candidate: number; control: number },
): { differences: Record<string, DiffHistogram>; counts: Record<string, CountTuple> } {
  const differences: Record<string, DiffHistogram> = {};
  const counts: Record<string, CountTuple> = {};
  const strata = strataOf(units, members);
  const day = Math.floor(cohortStart(o.calendar, slot) / DAY_MS);
  for (const stream of o.streams) {
    if (stream.kind === 'count') {
      counts[stream.id] = countTuple(units, members, stream, o.candidate);
      continue;
    }
    const histograms = strata.map((block) => {
      const { hist, used } = matchBlock(blockUnits(units, block, stream, o.candidate), {
        salt: o.salt,
        maxMatch: o.maxMatch,
        quantum: stream.quantum,
      });
      const mean = meanOf(hist);
      if (mean !== null) blocks.push({ stream: stream.id, day, ...mean });
      if (stream === o.streams[0]) {
        matched.candidate += used.candidate;
        matched.control += used.control;
      }
      return hist;
    });
    differences[stream.id] = histograms.length === 1 ? histograms[0]! : mergeHistograms(...histograms);
  }
  return { differences, counts };
}

function meanOf(histogram: DiffHistogram): { units: number; mean: number } | null {
  let [units, sum] = [0, 0];
  for (const [num, den, count] of histogram) {
    units += count;
    sum += (num / den) * count;
  }
  return units === 0 ? null : { units, mean: sum / units };
}

function strataOf(units: UnitSet, members: readonly number[]): number[][] {
  const strata = new Map<string, number[]>();
  for (const index of members) {
    const stratum = units.strata[index]!;
    const known = strata.get(stratum);
    if (known === undefined) strata.set(stratum, [index]);
    else known.push(index);
  }
  return [...strata.keys()].sort((a, b) => (a < b ? -1 : 1)).map((stratum) => strata.get(stratum)!);
}

function blockUnits(units: UnitSet, block: readonly number[], stream: StreamSource, candidate: string): Unit[] {
  const losses = units.losses[stream.loss]!;
  return block.flatMap((index): Unit[] => {
    const arm = units.arms[index] === candidate ? 'candidate' : 'control';
    const known = losses[index]!;
    const y = Number.isNaN(known) ? (stream.absent?.[arm] ?? null) : known;
    return y === null ? [] : [{ id: units.ids[index]!, arm, y }];
  });
}

/** One event a unit at most: any loss above 0, or an outcome that is missing. */
function countTuple(units: UnitSet, members: readonly number[], stream: StreamSource, candidate: string): CountTuple {
  const losses = units.losses[stream.loss]!;
  const tuple: [number, number, number, number] = [0, 0, 0, 0];
  for (const index of members) {
    const isCandidate = units.arms[index] === candidate;
    const known = losses[index]!;
    const isEvent = stream.countsAbsence ? Number.isNaN(known) : known > 0;
    if (isEvent && isCandidate) tuple[0] += 1;
    if (isEvent) tuple[1] += 1;
    if (isCandidate) tuple[2] += 1;
    tuple[3] += 1;
  }
  return tuple;
}
