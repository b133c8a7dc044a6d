/**
 * The split schedule of one model as it serves: what was accepted, with its bundles at hand, and the ledger that makes it durable.
 * The ledger is the truth: the schedule is read from it at every start.
 */
import type { LedgerEntry, PutFallback, PutTraffic, SplitEntry } from '../contracts/serving.ts';
import { EMPTY_SCHEDULE, judgeFallback, judgeTraffic } from '../domain/traffic-schedule.ts';
import type { ChangeAnswer, RefusalCode, TrafficSchedule } from '../domain/traffic-schedule.ts';
import { epochMs, isoInstant } from '../domain/time.ts';
import type { LoadedBundle } from './bundles.ts';
import type { Ledger } from './ledger.ts';

/** A bundle named by the schedule; `loaded` is null while it cannot be had, and then the fallback answers for it. */
export interface NamedBundle {
  readonly digest: string;
  loaded: LoadedBundle | null;
}

export interface ServingEntry {
  readonly split: SplitEntry;
  /** Epoch milliseconds; -Infinity for an entry that took effect at once. */
  readonly startMs: number;
  readonly stable: NamedBundle;
  readonly candidate: NamedBundle | null;
}

export type PutAnswer =
  | { readonly answer: 'accepted' | 'repeated' }
  | { readonly answer: 'refused'; readonly code: RefusalCode; readonly reason: string };

export interface ServingSchedule {
  /** Entry that decides at an event time; null before the first. */
  entryAt(at: number): ServingEntry | null;
  /** Bundle that overrides every split; null where none does. */
  override(): NamedBundle | null;
  accepted(): TrafficSchedule;
  /** Judges a change at the event clock, writes it down and applies it, in one turn. Refusals are written down too. */
  putTraffic(change: PutTraffic, clock: number | null): PutAnswer;
  putFallback(change: PutFallback, clock: number | null): PutAnswer;
  /** Digests that entries and override name and that are not loaded yet. */
  missingBundles(): readonly string[];
  /** Gives the schedule a bundle that it names. */
  provide(bundle: LoadedBundle): void;
  readonly counts: { accepted: number; refused: number };
}

/** Reads the schedule out of the ledger. Bundles are provided afterwards. */
export function openServingSchedule(ledger: Ledger): ServingSchedule {
  return new LedgeredSchedule(ledger);
}

class LedgeredSchedule implements ServingSchedule {
  readonly counts = { accepted: 0, refused: 0 };
  readonly #ledger: Ledger;
  readonly #bundles = new Map<string, NamedBundle>();
  #schedule: TrafficSchedule = EMPTY_SCHEDULE;
  #entries: readonly ServingEntry[] = [];
  #override: NamedBundle | null = null;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    for (const line of ledger.after(0)) if (line.accepted) this.#take(replay(this.#schedule, line));
  }

  entryAt(at: number): ServingEntry | null {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index];
      if (entry !== undefined && entry.startMs <= at) return entry;
    }
    return null;
  }

  override(): NamedBundle | null {
    return this.#override;
  }

  accepted(): TrafficSchedule {
    return this.#schedule;
  }

  putTraffic(change: PutTraffic, clock: number | null): PutAnswer {
    return this.#put('split', change, change.entry, judgeTraffic(this.#schedule, change, clock), clock);
  }

  putFallback(change: PutFallback, clock: number | null): PutAnswer {
    return this.#put('fallback', change, { bundle: change.bundle }, judgeFallback(this.#schedule, change), clock);
  }

  missingBundles(): readonly string[] {
    return [...this.#bundles.values()].filter(({ loaded }) => loaded === null).map(({ digest }) => digest);
  }

  provide(bundle: LoadedBundle): void {
    this.#named(bundle.digest).loaded = bundle;
  }

  #put(
    kind: LedgerEntry['kind'],
    change: PutTraffic | PutFallback,
    entry: LedgerEntry['entry'],
    answer: ChangeAnswer,
    clock: number | null,
  ): PutAnswer {
    if (answer.answer === 'repeated') return answer;
    const reason = answer.answer === 'refused' ? `${answer.code}: ${answer.reason}` : null;
    if (answer.answer === 'refused') this.counts.refused++;
    // A sender that repeats a refused change for ever must not fill the disk: the same refusal in a row is one line.
    if (answer.answer === 'accepted' || !refusedJustNow(this.#ledger.last(), kind, change, answer.code)) {
      this.#ledger.append({
        kind,
        accepted: reason === null,
        reason,
        generation: change.generation,
        decisionId: change.decisionId,
        entry,
        eventTime: clock === null ? null : isoInstant(clock),
      });
    }
    if (answer.answer === 'refused') return { answer: 'refused', code: answer.code, reason: answer.reason };
    this.counts.accepted++;
    this.#take(answer.schedule);
    return { answer: 'accepted' };
  }

  #take(schedule: TrafficSchedule): void {
    this.#schedule = schedule;
    this.#entries = schedule.entries.map((split) => ({
      split,
      startMs: split.effectiveFrom === null ? Number.NEGATIVE_INFINITY : epochMs(split.effectiveFrom),
      stable: this.#named(split.stable),
      candidate: split.candidate === null ? null : this.#named(split.candidate),
    }));
    const bundle = schedule.lastFallback?.bundle ?? null;
    this.#override = bundle === null ? null : this.#named(bundle);
  }

  #named(digest: string): NamedBundle {
    const known = this.#bundles.get(digest);
    if (known !== undefined) return known;
    const named: NamedBundle = { digest, loaded: null };
    this.#bundles.set(digest, named);
    return named;
  }
}

function refusedJustNow(
  last: LedgerEntry | null,
  kind: LedgerEntry['kind'],
  change: PutTraffic | PutFallback,
  code: RefusalCode,
): boolean {
  const { generation, decisionId } = change;
  const sameChange = last?.kind === kind && last.generation === generation && last.decisionId === decisionId;
  return sameChange && (last.reason?.startsWith(`${code}:`) ?? false);
}

/** Repeats an accepted line under the clock it was accepted at, by the same law, so memory and disk cannot differ. */
function replay(schedule: TrafficSchedule, line: LedgerEntry): TrafficSchedule {
  const { generation, decisionId, entry } = line;
  const clock = line.eventTime === null ? null : epochMs(line.eventTime);
  const answer =
    'stable' in entry
      ? judgeTraffic(schedule, { generation, decisionId, entry }, clock)
      : judgeFallback(schedule, { generation, decisionId, bundle: entry.bundle });
  return answer.answer === 'accepted' ? answer.schedule : schedule;
}
