import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Channel of NOTIFY; the payload is the model's name. */
export const CHANGE_CHANNEL = 'holdfast_change';
const RECONNECT_MS = 500;

/** Those who wait for a change of a model. Waking them without a change is harmless; not waking them is only slow. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  async wait(model: string, timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const waiters = this.#waiting.get(model) ?? new Set();
      this.#waiting.set(model, waiters);
      const wake = (): void => {
        clearTimeout(timer);
        waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      waiters.add(wake);
    });
  }

  wake(model: string): void {
    for (const wake of this.#waiting.get(model) ?? []) wake();
  }

  wakeAll(): void {
    for (const model of this.#waiting.keys()) this.wake(model);
  }
}

/** One listening connection for all waiters of a process; it is opened by the first and comes back by itself after a loss. */
export class ChangeFeed {
  readonly #url: string;
  readonly #waiters = new Waiters();
  readonly #stop = new AbortController();
  #client: Client | null = null;
  #listening: Promise<void> | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async wait(model: string, timeoutMs: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#listening ??= this.#listen();
    await this.#waiters.wait(model, timeoutMs);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#waiters.wakeAll();
    await this.#client?.end().catch(() => undefined);
    await this.#listening;
  }

  async #listen(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const client = new Client({ connectionString: this.#url, keepAlive: true, connectionTimeoutMillis: 5_000 });
      const lost = new Promise<void>((resolve) => {
        client.once('end', resolve);
        client.on('error', () => resolve());
      });
      client.on('notification', ({ payload }) => this.#waiters.wake(payload ?? ''));
      this.#client = client;
      try {
        await client.connect();
        await client.query(`listen ${CHANGE_CHANNEL}`);
        // What changed between the wait and this moment was not heard.
        this.#waiters.wakeAll();
        await lost;
      } catch {
        // Silence only delays: every wait has its own deadline, and whoever asks next meets the error itself.
      }
      this.#waiters.wakeAll();
      await client.end().catch(() => undefined);
      await sleep(RECONNECT_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}
