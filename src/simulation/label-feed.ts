import type { EpochMs } from '../domain/time.ts';
import { isoInstant } from '../domain/time.ts';
import type { Batch } from './batches.ts';
import type { TrafficFaults } from './faults.ts';

/** The way of outcomes to the gateway: what a dead feed withholds arrives when it lives again, and not before. */
export class LabelFeed {
  readonly #faults: TrafficFaults;
  readonly #withheld: string[] = [];
  #since: EpochMs | null;

  /** @param since Event time from which an earlier run had withheld outcomes; null: none */
  constructor(faults: TrafficFaults, since: EpochMs | null) {
    this.#faults = faults;
    this.#since = since;
  }

  /** Event time from which outcomes have not been sent yet; null: nothing is owed. */
  get since(): EpochMs | null {
    return this.#since;
  }

  /** What of a batch arrives now. */
  arriving({ start, outcomes }: Pick<Batch, 'start' | 'outcomes'>): readonly string[] {
    if (this.#faults.labelsStopped) {
      this.#since ??= start;
      this.#withheld.push(...outcomes);
      return [];
    }
    const late = this.#withheld.splice(0).map((text) => becameKnown(text, start));
    this.#since = null;
    return [...late, ...outcomes];
  }
}

/** An outcome is known from when it arrives: what nobody could see then has informed nobody. */
function becameKnown(text: string, at: EpochMs): string {
  return JSON.stringify({ ...(JSON.parse(text) as object), knownAt: isoInstant(at) });
}
