/** The product as a person starts it, in a process of its own: watched through what it prints and what it leaves on the disk. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../src/config.ts';

export interface StoryOptions {
  readonly modelPath: string;
  readonly untilDay: string;
  /** Reachable for the user that PostgreSQL runs as. */
  readonly stateDir: string;
  readonly summaryPath: string;
}

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
/** Others than those of a platform that may be running beside. */
const ANY_PORTS = { HOLDFAST_TEMPORAL_PORT: '0', HOLDFAST_TEMPORAL_UI_PORT: '0', HOLDFAST_GATEWAY_PORT: '0' };
/** What is shown of a run that failed. */
const LINES_SHOWN = 30;

export class StoryProcess {
  readonly lines: string[] = [];
  readonly #news = new EventEmitter<{ line: [string]; ended: [] }>();
  readonly #process: ChildProcess;
  readonly #stateDir: string;
  readonly #ended: Promise<number | string>;
  #over = false;

  /** Starts an unattended run. The reader must end it: by waiting for it, or by `kill`. */
  constructor({ modelPath, untilDay, stateDir, summaryPath }: StoryOptions) {
    mkdirSync(stateDir, { recursive: true, mode: 0o755 });
    this.#stateDir = stateDir;
    const asked = ['--model', modelPath, '--until', untilDay, '--summary', summaryPath, '--state-dir', stateDir];
    const args = ['--enable-source-maps', CLI, 'demo', '--headless', '--auto-approve', ...asked];
    const env = environmentWith(ANY_PORTS);
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    // Whoever ends early, at a time limit for example, takes the run along.
    const takeAlong = (): void => void this.#process.kill('SIGTERM');
    process.once('exit', takeAlong);
    this.#news.setMaxListeners(0);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#printed(line));
    }
    this.#ended = once(this.#process, 'close').then(() => {
      this.#over = true;
      process.off('exit', takeAlong);
      this.#news.emit('ended');
      return this.#process.exitCode ?? this.#process.signalCode ?? 'an unknown end';
    });
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** The first line that matches, printed already or still to come. @throws when the run ends without it */
  async line(pattern: RegExp): Promise<string> {
    const known = this.lines.find((line) => pattern.test(line));
    return known ?? this.#next(pattern);
  }

  #next(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const heard = (line: string): void => {
        if (pattern.test(line)) done(() => resolve(line));
      };
      const over = (): void =>
        done(() => reject(new Error(`the run ended without a line like ${String(pattern)}:\n${this.tail()}`)));
      const done = (settle: () => void): void => {
        this.#news.off('line', heard).off('ended', over);
        settle();
      };
      this.#news.on('line', heard).on('ended', over);
      if (this.#over) over();
    });
  }

  /** A line that matches beyond the first `known` of them. @throws when the run ends without it */
  async lineAgain(pattern: RegExp, known: number): Promise<void> {
    while (this.count(pattern) <= known) await this.#next(pattern);
  }

  /** @returns how often a line that matches has been printed. */
  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  /** Exit code, or the signal it died of. */
  ended(): Promise<number | string> {
    return this.#ended;
  }

  /** `kill -9` of one child of the supervisor, from outside, by the number that the supervisor has written down. */
  killChild(name: string): number {
    const { children } = JSON.parse(readFileSync(join(this.#stateDir, 'platform.lock'), 'utf8')) as {
      children: ReadonlyArray<{ readonly name: string; readonly pid: number }>;
    };
    const pid = children.find((child) => child.name === name)?.pid;
    if (pid === undefined)
      throw new Error(`${name} does not run now; there are ${children.map((one) => one.name).join(', ')}`);
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** `kill -9` of the run itself: its children stay behind. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends the run in order, as Ctrl-C does. */
  async stop(): Promise<void> {
    if (!this.#over) this.#process.kill('SIGTERM');
    await this.#ended;
  }

  tail(): string {
    return this.lines.slice(-LINES_SHOWN).join('\n');
  }

  #printed(line: string): void {
    this.lines.push(line);
    this.#news.emit('line', line);
  }
}
