import type { RowBatch } from '../adapters/data-source/port.ts';
import type { EpochMs } from '../domain/time.ts';

type TimeColumn = 'at' | 'knownAt';

/** Walks forward over batches of rows in order of one time column, so that two such streams can be merged by time. */
export class RowCursor {
  readonly #batches: AsyncIterator<RowBatch>;
  readonly #column: TimeColumn;
  readonly #render: (batch: RowBatch, row: number) => string;
  #batch: RowBatch | null = null;
  #row = 0;
  #ended = false;

  /** @param render Text of one row, made when it is taken. */
  constructor(batches: AsyncIterable<RowBatch>, column: TimeColumn, render: (batch: RowBatch, row: number) => string) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.#column = column;
    this.#render = render;
  }

  /** Time of the next row; null at the end. */
  async nextTime(): Promise<EpochMs | null> {
    while (!this.#ended && (this.#batch === null || this.#row >= this.#batch.rows)) {
      const { done, value } = await this.#batches.next();
      this.#batch = done === true ? null : value;
      this.#row = 0;
      this.#ended = done === true;
    }
    return this.#batch?.[this.#column][this.#row] ?? null;
  }

  /** Rows before an instant that have not been taken yet, as text. */
  async takeBefore(limit: EpochMs): Promise<string[]> {
    const taken: string[] = [];
    for (;;) {
      const time = await this.nextTime();
      if (time === null || time >= limit || this.#batch === null) return taken;
      const times = this.#batch[this.#column];
      while (this.#row < this.#batch.rows && (times[this.#row] ?? limit) < limit) {
        taken.push(this.#render(this.#batch, this.#row));
        this.#row += 1;
      }
    }
  }

  /** Passes over rows before an instant. */
  async skipBefore(limit: EpochMs): Promise<void> {
    for (;;) {
      const time = await this.nextTime();
      if (time === null || time >= limit || this.#batch === null) return;
      const times = this.#batch[this.#column];
      while (this.#row < this.#batch.rows && (times[this.#row] ?? limit) < limit) this.#row += 1;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
