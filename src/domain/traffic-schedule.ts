/**
 * The split schedule of one model and the law of changing it, shared by every traffic router of ours.
 *
 * Exposure is a function of event time: for a request at t the last entry with effectiveFrom null or <= t decides. A rise must therefore
 * arrive before the first request it applies to; a fall may take effect at once, for whatever comes next.
 */
import { canonicalJson } from './canonical-json.ts';
import { epochMs, isoInstant } from './time.ts';

export interface ScheduledSplit {
  readonly effectiveFrom: string | null;
  readonly stable: string;
  readonly candidate: string | null;
  readonly exposure: number;
  readonly salt: string;
  readonly mirror: boolean;
}

export interface TrafficChange {
  readonly generation: number;
  readonly decisionId: string;
  readonly entry: ScheduledSplit;
}

export interface FallbackChange {
  readonly generation: number;
  readonly decisionId: string;
  readonly bundle: string | null;
}

/** What a gateway has accepted so far; plain JSON. */
export interface TrafficSchedule {
  /** The change that was accepted last; null before the first. */
  readonly last: TrafficChange | null;
  readonly entries: readonly ScheduledSplit[];
  readonly lastFallback: FallbackChange | null;
}

export type RefusalCode = 'GENERATION_STALE' | 'EFFECTIVE_FROM_PASSED';

export type ChangeAnswer =
  | { readonly answer: 'accepted'; readonly schedule: TrafficSchedule }
  | { readonly answer: 'repeated' }
  | { readonly answer: 'refused'; readonly code: RefusalCode; readonly reason: string };

export const EMPTY_SCHEDULE: TrafficSchedule = { last: null, entries: [], lastFallback: null };

/** Entry that decides at an event time (epoch milliseconds); null before the first. */
export function entryAt(entries: readonly ScheduledSplit[], at: number): ScheduledSplit | null {
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index];
    if (entry !== undefined && hasStarted(entry, at)) return entry;
  }
  return null;
}

/**
 * Judges a change of the split.
 * Fence: the generation must be above the present one; the present one with the same content is `repeated`, anything else is refused.
 * One exception: the same decision with a later effectiveFrom, while the earlier has not come, postpones itself. It exposes nobody sooner, and a
 * change that one gateway took and another found too late could not be completed otherwise.
 * Time: an entry that raises exposure or brings another candidate must name an effectiveFrom not before `clock`.
 * Accepting ends the entries that have not started at `clock` and keeps those that have.
 * @param clock first event time (epoch milliseconds) of which no request has been answered yet; null before the first request.
 */
export function judgeTraffic(schedule: TrafficSchedule, change: TrafficChange, clock: number | null): ChangeAnswer {
  const fenced = judgeGeneration(schedule.last, change);
  if (fenced !== null && !postpones(schedule.last, change, clock)) return fenced;
  const started = schedule.entries.filter((entry) => clock !== null && hasStarted(entry, clock));
  const present = clock === null ? entryAt(schedule.entries, Number.NEGATIVE_INFINITY) : entryAt(started, clock);
  const { effectiveFrom } = change.entry;
  if (clock !== null && raises(present, change.entry) && (effectiveFrom === null || epochMs(effectiveFrom) < clock)) {
    return refusePassed(change.entry, clock);
  }
  const kept = effectiveFrom === null ? [] : clock === null ? schedule.entries.filter(isImmediate) : started;
  return { answer: 'accepted', schedule: { ...schedule, last: change, entries: [...kept, change.entry] } };
}

/** Judges a change of the overriding fallback: the same fence, a generation of its own, no time of effect: it is at once. */
export function judgeFallback(schedule: TrafficSchedule, change: FallbackChange): ChangeAnswer {
  const fenced = judgeGeneration(schedule.lastFallback, change);
  return fenced ?? { answer: 'accepted', schedule: { ...schedule, lastFallback: change } };
}

function judgeGeneration(
  last: TrafficChange | FallbackChange | null,
  change: TrafficChange | FallbackChange,
): ChangeAnswer | null {
  if (last === null || change.generation > last.generation) return null;
  if (change.generation === last.generation && canonicalJson(change) === canonicalJson(last))
    return { answer: 'repeated' };
  return {
    answer: 'refused',
    code: 'GENERATION_STALE',
    reason:
      `generation ${change.generation} of decision ${change.decisionId} is not above the present ${last.generation} ` +
      `(decision ${last.decisionId}); read the present state and decide again with a higher one`,
  };
}

function postpones(last: TrafficChange | null, change: TrafficChange, clock: number | null): boolean {
  if (last === null || last.generation !== change.generation) return false;
  const before = last.entry.effectiveFrom;
  const after = change.entry.effectiveFrom;
  if (before === null || after === null || epochMs(after) <= epochMs(before)) return false;
  if (clock !== null && epochMs(before) < clock) return false;
  const postponed = { ...last, entry: { ...last.entry, effectiveFrom: after } };
  return canonicalJson(postponed) === canonicalJson(change);
}

/** Whether an entry exposes, or prepares to expose, more than the present one: a higher share, or another candidate. */
function raises(present: ScheduledSplit | null, next: ScheduledSplit): boolean {
  if (next.candidate === null) return false;
  const sameCandidate = present !== null && present.candidate === next.candidate && present.salt === next.salt;
  if (sameCandidate) return next.exposure > present.exposure;
  return next.exposure > 0 || next.effectiveFrom !== null;
}

function refusePassed(entry: ScheduledSplit, clock: number): ChangeAnswer {
  const asked = entry.effectiveFrom === null ? 'null, at once,' : entry.effectiveFrom;
  return {
    answer: 'refused',
    code: 'EFFECTIVE_FROM_PASSED',
    reason:
      `entry.effectiveFrom is ${asked} and the event clock is at ${isoInstant(clock)}: a rise of exposure or another candidate needs an instant ` +
      'at or after the clock, so that no request of its time has been answered without it',
  };
}

const isImmediate = (entry: ScheduledSplit): boolean => entry.effectiveFrom === null;

function hasStarted(entry: ScheduledSplit, at: number): boolean {
  return entry.effectiveFrom === null || epochMs(entry.effectiveFrom) <= at;
}
