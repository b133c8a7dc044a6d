import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../../src/contracts/errors.ts';

const TRY_AGAIN_MS = 150;

/** Whoever works with what is killed now and then tries again until it answers; what is still silent then has not come back. */
export class Patience {
  /** How often each failure was met, by its code or its first words: all of them passed. */
  readonly met = new Map<string, number>();
  readonly #limitMs: number;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Repeats `act` until it answers. @throws with the last failure after the limit, or at once for a {@link Contradiction} */
  async persist<T>(what: string, act: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#limitMs;
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (error instanceof Contradiction) throw error;
        const words = error instanceof HoldfastError ? error.code : String(error).split('\n', 1).join().slice(0, 80);
        this.met.set(words, (this.met.get(words) ?? 0) + 1);
        if (Date.now() > deadline) throw new Error(`${what}: still ${String(error)}`, { cause: error });
        await sleep(TRY_AGAIN_MS);
      }
    }
  }
}

/** An answer that no repetition would mend: the product has said what it must not say. */
export class Contradiction extends Error {
  override readonly name = 'Contradiction';
}
