import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentWith } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { ChildSpec } from './child.ts';
import { sessionListensOn } from './listeners.ts';
import type { PlatformLock } from './lock.ts';
import { endProcess } from './processes.ts';

export type ChildState = 'starting' | 'serving' | 'restarting' | 'away' | 'finished' | 'stopped' | 'given up';

export interface ChildStatus {
  readonly name: string;
  readonly state: ChildState;
  readonly pid: number | null;
  readonly restarts: number;
  readonly log: string;
}

const READY_POLL_MS = 25;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 10_000;
/** A child that served this long has not "died again": its count of deaths starts anew. */
const STEADY_MS = 60_000;
/** With the backoff above: about 40 s of trying. */
const DEATHS_MAX = 10;
/** A first start that dies this often will not come up by trying again; a person waits for the answer. */
const FIRST_DEATHS_MAX = 3;
const LOG_BYTES_MAX = 20 * 1024 * 1024;
const LOG_TAIL_LINES = 4;

interface WatchedChildEvents {
  notice: [text: string];
  failed: [error: HoldfastError];
}

/** One child from its first start to its last end. */
export class WatchedChild extends EventEmitter<WatchedChildEvents> {
  readonly #spec: ChildSpec;
  readonly #log: string;
  readonly #lock: PlatformLock;
  readonly #stopped = new AbortController();
  #process: ChildProcess | null = null;
  #state: ChildState = 'starting';
  #restarts = 0;
  #deaths = 0;
  #watching: Promise<void> = Promise.resolve();
  /** Aborted when the child may come back; null while nobody keeps it away. */
  #away: AbortController | null = null;

  constructor(spec: ChildSpec, logsDir: string, lock: PlatformLock) {
    super();
    this.#spec = spec;
    this.#log = join(logsDir, `${spec.name}.log`);
    this.#lock = lock;
  }

  get layer(): ChildSpec['layer'] {
    return this.#spec.layer;
  }

  get status(): ChildStatus {
    const pid = this.#process?.pid ?? null;
    return { name: this.#spec.name, state: this.#state, pid, restarts: this.#restarts, log: this.#log };
  }

  /** Resolves when the child will not run again. */
  get finished(): Promise<void> {
    return this.#watching;
  }

  /** Returns when the child serves for the first time; from then on it is kept alive. */
  async start(): Promise<void> {
    for (let deaths = 1; ; deaths += 1) {
      const outcome = await this.#run();
      if (outcome === 'serving' || this.#stopped.signal.aborted) break;
      if (outcome === 'silent' || deaths >= FIRST_DEATHS_MAX) {
        this.#state = 'given up';
        await this.#end();
        throw this.#failure(
          outcome === 'silent' ? `did not answer within ${this.#spec.readyPatienceMs / 1000} s` : 'ended at once',
        );
      }
      await this.#pause(BACKOFF_FIRST_MS * 2 ** deaths);
    }
    this.#watching = this.#watch();
  }

  kill(signal: NodeJS.Signals): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error(`${this.#spec.name} does not run now (${this.#state})`);
    process.kill(pid, signal);
    return pid;
  }

  /** Kills the child as a crash would and keeps it away until `bringBack`. Returns the process id it was sent to. */
  takeAway(): number {
    const pid = this.kill('SIGKILL');
    this.#away ??= new AbortController();
    return pid;
  }

  /** Ends what `takeAway` began; the child is restarted. */
  bringBack(): void {
    this.#away?.abort();
    this.#away = null;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.bringBack();
    await this.#end();
    await this.#watching;
    if (this.#state !== 'finished') this.#state = 'stopped';
  }

  /** One life of the process, up to the moment it serves. */
  async #run(): Promise<'serving' | 'dead' | 'silent'> {
    await this.#spec.beforeStart?.();
    if (this.#stopped.signal.aborted) return 'dead';
    const child = this.#spawn();
    const deadline = Date.now() + this.#spec.readyPatienceMs;
    for (;;) {
      if (hasEnded(child)) return 'dead';
      if ((await this.#spec.ready().catch(() => false)) && this.#listens(child)) break;
      if (Date.now() >= deadline) return 'silent';
      await sleep(READY_POLL_MS);
    }
    if (hasEnded(child) && !this.#mayFinish(child)) return 'dead';
    this.#state = 'serving';
    return 'serving';
  }

  #listens(child: ChildProcess): boolean {
    const { port } = this.#spec;
    return port === undefined || child.pid === undefined || sessionListensOn(child.pid, port) !== false;
  }

  async #watch(): Promise<void> {
    let servingSince = Date.now();
    while (!this.#stopped.signal.aborted) {
      const child = this.#process;
      if (child !== null && !hasEnded(child)) await once(child, 'exit');
      this.#lock.remove(this.#spec.name);
      if (this.#stopped.signal.aborted) return;
      if (child !== null && this.#mayFinish(child)) {
        this.#state = 'finished';
        return;
      }
      const wasAway = await this.#whileAway();
      if (this.#stopped.signal.aborted) return;
      if (Date.now() - servingSince > STEADY_MS) this.#deaths = 0;
      if (!(await this.#comeBack(wasAway ? 'may come back' : `died (${endOf(child)})`))) return;
      servingSince = Date.now();
    }
  }

  /** Whether somebody kept it away, once nobody does any more. */
  async #whileAway(): Promise<boolean> {
    const away = this.#away?.signal;
    if (away === undefined || away.aborted) return false;
    this.#state = 'away';
    this.emit('notice', `${this.#spec.name} was taken away on purpose`);
    await once(away, 'abort');
    return true;
  }

  /** Tries again with growing pauses. False when it was stopped or given up. */
  async #comeBack(why: string): Promise<boolean> {
    this.#state = 'restarting';
    this.emit('notice', `${this.#spec.name} ${why}; restarting it`);
    for (;;) {
      this.#deaths += 1;
      if (this.#deaths > DEATHS_MAX) {
        this.#state = 'given up';
        this.emit('failed', this.#failure(`died ${DEATHS_MAX} times in a row and is not started again`));
        return false;
      }
      await this.#pause(Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (this.#deaths - 1)));
      if (this.#stopped.signal.aborted) return false;
      this.#restarts += 1;
      if ((await this.#run()) === 'serving') {
        this.emit('notice', `${this.#spec.name} serves again`);
        return true;
      }
      if (this.#stopped.signal.aborted) return false;
      this.emit('notice', `${this.#spec.name} did not come up (attempt ${this.#deaths} of ${DEATHS_MAX})`);
      await this.#end();
    }
  }

  #spawn(): ChildProcess {
    if (existsSync(this.#log) && statSync(this.#log).size > LOG_BYTES_MAX) renameSync(this.#log, `${this.#log}.1`);
    // The child writes its log itself: nothing is lost, and nothing blocks, when the supervisor is killed.
    const log = openSync(this.#log, 'a');
    try {
      const { command, args, env, cwd, user, name, stopSignal, stopPatienceMs } = this.#spec;
      const child = spawn(command, args, {
        ...user,
        ...(cwd === undefined ? {} : { cwd }),
        env: environmentWith(env),
        detached: true,
        stdio: ['ignore', log, log],
      });
      // A program that cannot be run at all is reported like one that ends at once.
      child.once('error', () => undefined);
      this.#process = child;
      if (child.pid !== undefined) this.#lock.add(name, child.pid, stopSignal, stopPatienceMs);
      return child;
    } finally {
      closeSync(log);
    }
  }

  async #end(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined || hasEnded(child)) return;
    await endProcess(child.pid, this.#spec.stopSignal, this.#spec.stopPatienceMs);
    this.#lock.remove(this.#spec.name);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
  }

  #mayFinish(child: ChildProcess): boolean {
    return this.#spec.mayFinish === true && child.exitCode === 0;
  }

  #failure(what: string): HoldfastError {
    const tail = existsSync(this.#log)
      ? readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n  ')
      : '';
    return new HoldfastError(
      'PLATFORM_START_FAILED',
      `${this.#spec.name} ${what}${tail === '' ? '' : `; the last lines of ${this.#log}:\n  ${tail}`}`,
    );
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

const endOf = (child: ChildProcess | null): string =>
  child?.signalCode ?? (child === null ? 'unknown' : `exit code ${child.exitCode}`);
