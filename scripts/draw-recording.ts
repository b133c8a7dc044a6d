/**
 * Records `npm start` from its first line to the first promotion and draws the film of it: `npm run draw:recording -- [recording.cast]`.
 * A real run in a terminal of its own, about four minutes on two idle cores; the approval it asks for is given from another process, as a
 * person would. The recording is kept in the folder for temporary files; with one given, draws that one.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { removePostgresHome } from '../src/platform/postgres-home.ts';
import { filmSvg } from './draw-recording/film.ts';
import { lengthOf, play } from './draw-recording/frames.ts';

const PICTURE = 'docs/first-promotion.svg';
const KEPT = join(tmpdir(), 'holdfast-first-promotion.cast');
const BYTES_MAX = 300_000;
const [COLUMNS, ROWS] = [112, 30];
/** Frames are looked at once in this many seconds of the recording, and the film lasts so long. */
const FRAME_SECONDS = 2.5;
const FILM_SECONDS = 36;
const REST_SECONDS = 5;
const PATIENCE_MS = 15 * 60_000;
/** A person reads before the yes, and whoever watches the film reads what is asked. */
const READS_MS = 15_000;
/** What the screen shows after the promotion, before the film ends. */
const AFTERWARDS_MS = 12_000;

const cli = ['--enable-source-maps', resolve('dist/src/cli/main.js')];

/** From a folder of its own, which is left out of what is shown: the film names no path of this machine. */
async function record(folder: string): Promise<string> {
  const state = join(folder, '.holdfast');
  const show = [process.execPath, ...cli, 'demo', '--model', resolve('models/flight-delay.yaml')];
  const terminal = [resolve('scripts/terminal/record.py'), KEPT, String(COLUMNS), String(ROWS), ...show];
  const recorder = spawn('python3', terminal, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(recorder, 'exit');
  try {
    await untilPromoted(state, () => recorder.exitCode === null);
    await sleep(AFTERWARDS_MS);
    const shown = readFileSync(KEPT, 'utf8').replaceAll(`${folder}/`, '');
    writeFileSync(KEPT, shown);
    return shown;
  } finally {
    recorder.kill('SIGINT');
    await ended;
    removePostgresHome(state);
  }
}

/** Approves what asks. @throws when the show ends, or nobody is promoted in time */
async function untilPromoted(state: string, isRunning: () => boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(2_000)) {
    if (!isRunning()) throw new Error('the show has ended before its first promotion');
    const { waiting = [] } = (await ask(['inbox', '--as', 'ana', '--json', '--state-dir', state])) as Inbox;
    const approval = waiting[0]?.commands.find((line) => line.startsWith('npx holdfast approve'));
    if (approval !== undefined) {
      await sleep(READS_MS);
      const [, id, evidence] = /approve (\S+) --evidence (\S+)/.exec(approval) ?? [];
      const given = [
        'approve',
        id ?? '',
        '--evidence',
        evidence ?? '',
        '--as',
        'ana',
        '--reason',
        'better at every step',
      ];
      await ask([...given, '--json', '--state-dir', state]);
    }
    const said = await ask(['explain', 'promotion/flight-delay', '--json', '--state-dir', state]);
    if (JSON.stringify(said).includes('first-model promoted')) return;
  }
  throw new Error(`nobody is promoted after ${PATIENCE_MS / 60_000} minutes`);
}

interface Inbox {
  readonly waiting?: ReadonlyArray<{ readonly commands: readonly string[] }>;
}

/** What a command answers; an empty object while nothing answers yet. */
async function ask(words: readonly string[]): Promise<object> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...cli, ...words], { timeout: 60_000 });
    return JSON.parse(stdout) as object;
  } catch {
    return {};
  }
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-recording-'));
// The user that PostgreSQL runs as under root must get in, or the film begins with a notice about that.
chmodSync(folder, 0o755);
try {
  const [given] = process.argv.slice(2);
  const cast = given === undefined ? await record(folder) : readFileSync(given, 'utf8');
  const seconds = lengthOf(cast);
  const moments = Array.from(
    { length: Math.floor(seconds / FRAME_SECONDS) },
    (_, index) => (index + 1) * FRAME_SECONDS,
  );
  const film = await play(cast, moments);
  const title = 'npm start: from the first line to the first promotion';
  const picture = filmSvg(film, title, FILM_SECONDS, REST_SECONDS);
  if (picture.length > BYTES_MAX) throw new Error(`${picture.length} bytes; ${BYTES_MAX} are allowed`);
  writeFileSync(PICTURE, picture);
  process.stdout.write(
    `wrote ${PICTURE}: ${film.frames.length} frames of ${seconds.toFixed(0)} s, ${picture.length} bytes\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
