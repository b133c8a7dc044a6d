/** What the thread that asks and the one that measures share: numbers side by side, read without a message. */
import { Worker } from 'node:worker_threads';

/**
 * Places of the numbers. `eventTime`: of the requests that are sent now, epoch milliseconds; `zeroAt`: since when nobody may be served by
 * the candidate, 0 while somebody may: both written by who measures. `candidateAt`: when its last answer was there; `afterZero`: its
 * answers to what was asked later than `zeroAt`.
 */
export const LoadCell = {
  eventTime: 0,
  zeroAt: 1,
  answered: 2,
  failed: 3,
  byCandidate: 4,
  candidateAt: 5,
  afterZero: 6,
} as const;
export type LoadCell = (typeof LoadCell)[keyof typeof LoadCell];

export interface LoadPlan {
  readonly model: string;
  readonly urls: readonly string[];
  readonly board: SharedArrayBuffer;
  readonly perSecond: number;
}

/** Wall time in milliseconds with their fractions; the same in every thread of this process. */
export const now = (): number => performance.timeOrigin + performance.now();

/** Requests at a steady rate while it lasts. */
export class Load {
  readonly #cells: Float64Array;
  readonly #worker: Worker;
  readonly #begun = now();
  readonly #ended: Promise<void>;

  constructor(plan: Omit<LoadPlan, 'board'>, eventTime: number) {
    const board = new SharedArrayBuffer(Object.keys(LoadCell).length * Float64Array.BYTES_PER_ELEMENT);
    this.#cells = new Float64Array(board);
    this.#cells[LoadCell.eventTime] = eventTime;
    const workerData: LoadPlan = { ...plan, board };
    this.#worker = new Worker(new URL('./load.js', import.meta.url), { workerData });
    this.#ended = new Promise((resolve, reject) => {
      this.#worker.on('error', reject);
      this.#worker.on('exit', () => resolve());
    });
  }

  at(cell: LoadCell): number {
    return this.#cells[cell] ?? 0;
  }

  set eventTime(eventTime: number) {
    this.#cells[LoadCell.eventTime] = eventTime;
  }

  set zeroAt(at: number) {
    this.#cells[LoadCell.zeroAt] = at;
  }

  /** Answered requests a second, since it began. */
  get perSecond(): number {
    return (this.at(LoadCell.answered) / (now() - this.#begun)) * 1000;
  }

  async stop(): Promise<void> {
    this.#worker.postMessage('stop');
    await this.#ended;
  }
}
