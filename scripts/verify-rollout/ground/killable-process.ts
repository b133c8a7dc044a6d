import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentWith } from '../../../src/config.ts';
import type { ChildSpec } from '../../../src/platform/child.ts';

const LOOK_AGAIN_MS = 20;
const PAUSE_MS = 50;
const STARTS_MAX = 60;
const LOG_TAIL_LINES = 12;

/** Whoever ends early, at a time limit for example, takes them along. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

/**
 * One process of the proving ground. Whenever it dies it is started again, as often as it takes: the supervisor of the product gives up
 * what dies ten times in a minute, and here dying is the purpose.
 */
export class KillableProcess {
  readonly #spec: ChildSpec;
  readonly #log: string;
  #process: ChildProcess | null = null;
  #serving: Promise<void> = Promise.resolve();
  #isWanted = false;

  /** @param logsDir What it prints goes to a file there. */
  constructor(spec: ChildSpec, logsDir: string) {
    this.#spec = spec;
    this.#log = `${logsDir}/${spec.name}.log`;
  }

  get name(): string {
    return this.#spec.name;
  }

  /** Starts it. @throws with the tail of its log when it does not serve in the end */
  async start(): Promise<void> {
    this.#isWanted = true;
    this.#serving = this.#serve();
    await this.#serving;
  }

  /** Resolves when it serves; after a death, when it serves again. */
  async serving(): Promise<void> {
    let known: Promise<void> | null = null;
    while (known !== this.#serving) {
      known = this.#serving;
      await known;
    }
  }

  /** `kill -9`. @returns when it serves again */
  async kill(): Promise<void> {
    const victim = this.#process;
    if (victim === null || hasEnded(victim)) throw new Error(`${this.name} does not run now`);
    const gone = once(victim, 'exit');
    victim.kill('SIGKILL');
    await gone;
    await this.serving();
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#serving.catch(() => undefined);
    const child = this.#process;
    if (child === null || hasEnded(child)) return;
    const gone = once(child, 'exit');
    child.kill(this.#spec.stopSignal);
    const insist = setTimeout(() => child.kill('SIGKILL'), this.#spec.stopPatienceMs);
    await gone;
    clearTimeout(insist);
  }

  async #serve(): Promise<void> {
    for (let start = 1; this.#isWanted; start++) {
      if (await this.#run()) return;
      if (start >= STARTS_MAX) throw new Error(`${this.name} does not come up:\n${this.tail()}`);
      await sleep(PAUSE_MS);
    }
  }

  /** One life, up to the moment it serves. False when it died before. */
  async #run(): Promise<boolean> {
    await this.#spec.beforeStart?.();
    const child = this.#spawn();
    const deadline = Date.now() + this.#spec.readyPatienceMs;
    while (!hasEnded(child)) {
      if (await this.#spec.ready().catch(() => false)) {
        child.once('exit', () => {
          if (!this.#isWanted) return;
          this.#serving = this.#serve();
          this.#serving.catch(() => undefined);
        });
        return !hasEnded(child);
      }
      if (Date.now() > deadline) child.kill('SIGKILL');
      await sleep(LOOK_AGAIN_MS);
    }
    return false;
  }

  #spawn(): ChildProcess {
    const { command, args, env, cwd, user } = this.#spec;
    const log = openSync(this.#log, 'a');
    try {
      const child = spawn(command, args, {
        ...user,
        ...(cwd === undefined ? {} : { cwd }),
        env: environmentWith(env),
        stdio: ['ignore', log, log],
      });
      child.once('error', () => undefined);
      alive.add(child);
      child.once('exit', () => void alive.delete(child));
      this.#process = child;
      return child;
    } finally {
      closeSync(log);
    }
  }

  tail(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
