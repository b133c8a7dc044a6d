/** One gateway in a process of its own, with a state folder that goes away with it. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Where the process finds what it needs, and what it may take. */
export interface ServingPlace {
  /** Variables of the process: where its objects are, and whatever else every process here gets. */
  readonly environment: NodeJS.ProcessEnv;
  /** File that Node runs, with its arguments; default: the product's own gateway. */
  readonly script?: readonly string[];
  readonly heapMbMax: number;
  /** Until it serves without any bundle, and then until the bundle is loaded, milliseconds. */
  readonly startMsMax: number;
  /** Of one answer, milliseconds. */
  readonly answerMsMax: number;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export interface ServingProcess {
  /**
   * @param body A question has none
   * @param deadlineMs Default: that of one answer
   * @throws NoAnswer in words: it died, or did not answer in time
   */
  call(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown, deadlineMs?: number): Promise<Reply>;
  /** Kills it and removes its folder. */
  end(): Promise<void>;
}

/** A process that is asked and says nothing. The message says why, for people. */
export class NoAnswer extends Error {}

const GATEWAY = fileURLToPath(new URL('../../gateway/main.js', import.meta.url));
const END_WITH_PARENT = new URL('./end-with-parent.js', import.meta.url).href;
const READY = '"msg":"Ready"';
/** Last words are short; all that a process says before is not kept. */
const WORDS_KEPT = 4_000;
/** A connection breaks a moment before the end of its process is known. */
const LAST_MOMENT_MS = 500;
/** In a dump of V8 this line says why; the last one is an address. */
const REASON = /^FATAL ERROR: .+|^\w*Error: .+/m;

/** @throws Error when the process does not come up without any bundle: that is no fault of a candidate. */
export async function startServingProcess(place: ServingPlace, signal: AbortSignal): Promise<ServingProcess> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-serving-'));
  const running = new RunningGateway(place, folder, signal);
  try {
    await running.up();
    return running;
  } catch (error) {
    await running.end();
    throw error;
  }
}

class RunningGateway implements ServingProcess {
  readonly #place: ServingPlace;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #exited: Promise<void>;
  readonly #ready: Promise<string>;
  #lastWords = '';

  constructor(place: ServingPlace, folder: string, signal: AbortSignal) {
    this.#place = place;
    this.#folder = folder;
    this.#signal = signal;
    const { environment, heapMbMax, script = [GATEWAY] } = place;
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${heapMbMax}`, '--import', END_WITH_PARENT, ...script],
      { env: { ...environment, ...settingsOf(folder) }, cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
    // Its end closes the pipe while we may be writing nothing to it at all.
    this.#child.stdin.once('error', () => undefined);
    this.#ready = this.#hear();
  }

  async up(): Promise<void> {
    const late = sleep(this.#place.startMsMax, null, { ref: false });
    const url = await Promise.race([this.#ready, this.#exited.then(() => null), late, aborted(this.#signal)]);
    this.#signal.throwIfAborted();
    if (url !== null) return;
    throw new Error(
      `the serving process did not come up within ${this.#place.startMsMax / 1000} s: ${this.#endInWords() ?? 'it still runs'}`,
    );
  }

  async call(
    method: 'GET' | 'PUT' | 'POST',
    path: string,
    body?: unknown,
    deadlineMs = this.#place.answerMsMax,
  ): Promise<Reply> {
    const late = AbortSignal.timeout(deadlineMs);
    try {
      const content = body === undefined ? {} : { body: JSON.stringify(body) };
      const signal = AbortSignal.any([late, this.#signal]);
      const response = await fetch(`${await this.#ready}${path}`, { method, signal, ...content });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      this.#signal.throwIfAborted();
      if (late.aborted) throw new NoAnswer(`no answer within ${deadlineMs / 1000} s`);
      await Promise.race([this.#exited, sleep(LAST_MOMENT_MS)]);
      throw new NoAnswer(this.#endInWords() ?? `the connection broke: ${(error as Error).message}`);
    }
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #hear(): Promise<string> {
    const { stdout, stderr } = this.#child;
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-WORDS_KEPT);
    });
    return new Promise((resolve) => {
      let unfinished = '';
      stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (unfinished + text).split('\n');
        unfinished = (lines.pop() ?? '').slice(-WORDS_KEPT);
        const ready = lines.find((line) => line.includes(READY));
        if (ready !== undefined) resolve((JSON.parse(ready) as { readonly url: string }).url);
      });
    });
  }

  #endInWords(): string | null {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return null;
    const how = signalCode ?? `exit code ${exitCode}`;
    const why = REASON.exec(this.#lastWords)?.[0] ?? this.#lastWords.trim().split('\n').at(-1) ?? '';
    return `the serving process died (${how})${why === '' ? '' : `: ${why}`}`;
  }
}

const settingsOf = (folder: string): Record<string, string> => ({
  HOLDFAST_STATE_DIR: folder,
  HOLDFAST_GATEWAY_NAME: 'serving-check',
  HOLDFAST_GATEWAY_HOST: '127.0.0.1',
  HOLDFAST_GATEWAY_PORT: '0',
  HOLDFAST_GATEWAY_CLOCK: 'stream',
  HOLDFAST_GATEWAY_DRILLS: 'false',
  // Nothing of this log is kept: what is measured is the bundle, not the disk.
  HOLDFAST_GATEWAY_SYNC_PREDICTIONS: 'false',
  HOLDFAST_LOG_LEVEL: 'info',
});

/** Resolves when the check is called off. */
function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}
