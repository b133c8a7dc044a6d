/** A page of the documentation carried out in a fresh clone, as its reader would: one terminal for what runs on, another for the rest. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingLine, withNames } from './page.ts';
import type { Names, Step } from './page.ts';

/** A reader waits for the show; a machine that does other things as well needs longer. */
const PATIENCE_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 3_000;
/** Commands that only look may be asked again until they show what the page shows. */
const ONLY_LOOKS = /^npx holdfast (inbox|status|explain|watch)\b/;
/** What runs on in a terminal of its own, until Ctrl-C. */
const RUNS_ON = /^npm start\b/;
/** What is typed there after Ctrl-C. */
const AFTER_THE_SHOW = /^npm run reset\b/;
/* oxlint-disable-next-line no-control-regex -- escape sequences of a terminal begin with a control character */
const ESCAPES = /\u001B\[[0-9;?]*[A-Za-z]/g;

export class Session {
  readonly #folder: string;
  readonly #names: Names = new Map();
  #show: { readonly recorder: ChildProcess; readonly cast: string } | null = null;

  /** @param folder Clone of the repository, where everything is typed */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws where the page does not tell the truth, with what was seen instead */
  async carryOut(step: Step): Promise<void> {
    const fault = await this.#faultOf(step);
    if (fault !== null) throw new Error(fault);
  }

  /** Presses Ctrl-C where something still runs. */
  async end(): Promise<void> {
    const { recorder } = this.#show ?? {};
    this.#show = null;
    if (recorder === undefined || recorder.exitCode !== null) return;
    const ended = once(recorder, 'exit');
    recorder.kill('SIGINT');
    await ended;
  }

  async #faultOf({ commands, expected }: Step): Promise<string | null> {
    if (AFTER_THE_SHOW.test(commands)) await this.end();
    if (RUNS_ON.test(commands)) this.#begin(commands);
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(LOOK_AGAIN_MS)) {
      const { exitCode, output } = RUNS_ON.test(commands) ? this.#shown() : await this.#type(commands);
      const missing = missingLine(expected ?? [], output, this.#names);
      if (missing === null && exitCode === 0) return null;
      const mayChange = RUNS_ON.test(commands) ? exitCode === 0 : ONLY_LOOKS.test(commands);
      if (mayChange && Date.now() < deadline) continue;
      const what = missing === null ? `ended with ${exitCode}` : `does not show “${missing}”`;
      return `${what}:\n${output.trim().split('\n').slice(-20).join('\n')}`;
    }
  }

  #begin(commands: string): void {
    const cast = join(this.#folder, 'show.cast');
    const words = [resolve('scripts/terminal/record.py'), cast, '110', '40', '/bin/sh', '-c', `exec ${commands}`];
    const recorder = spawn('python3', words, { cwd: this.#folder, stdio: ['ignore', 'inherit', 'inherit'] });
    this.#show = { recorder, cast };
  }

  /** Everything the show has shown so far, without colours and movements. */
  #shown(): { exitCode: number; output: string } {
    const { recorder, cast } = this.#show ?? {};
    const lines = cast !== undefined && existsSync(cast) ? readFileSync(cast, 'utf8').trim().split('\n').slice(1) : [];
    const texts = lines.flatMap((line) => textOf(line));
    return { exitCode: recorder?.exitCode ?? 0, output: texts.join('').replaceAll(ESCAPES, '').replaceAll('\r', '') };
  }

  async #type(commands: string): Promise<{ exitCode: number; output: string }> {
    const child = spawn('/bin/sh', ['-ec', withNames(commands, this.#names)], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { exitCode: code ?? 1, output };
  }
}

/** The last line may be half written. */
function textOf(line: string): string[] {
  try {
    return [(JSON.parse(line) as [number, string, string])[2]];
  } catch {
    return [];
  }
}
