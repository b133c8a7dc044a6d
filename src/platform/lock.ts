/**
 * One supervisor per state directory. The lock file names it and every child it has started, so that after a `kill -9` the next start
 * knows what was left running and ends it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../contracts/errors.ts';
import { endProcess, identityOf } from './processes.ts';

const processSchema = z.object({ pid: z.int().min(2), identity: z.string() });
const childSchema = processSchema.extend({ name: z.string(), stopSignal: z.string(), stopPatienceMs: z.number() });
const lockSchema = z.object({ supervisor: processSchema, children: z.array(childSchema) });
type LockedChild = z.infer<typeof childSchema>;

const lockPath = (stateDir: string): string => join(stateDir, 'platform.lock');

/** Process id of the supervisor that holds the state directory now; null when none does. */
export function runningSupervisor(stateDir: string): number | null {
  const held = read(stateDir)?.supervisor;
  return held !== undefined && identityOf(held.pid) === held.identity ? held.pid : null;
}

/** Why another start is refused while a supervisor holds the state directory; null when none does. */
export function runningRefusal(stateDir: string): HoldfastError | null {
  const holder = runningSupervisor(stateDir);
  if (holder === null) return null;
  return new HoldfastError('PLATFORM_RUNNING', `the platform in ${stateDir} runs already, as process ${holder}`);
}

export class PlatformLock {
  readonly #stateDir: string;
  readonly #children = new Map<string, LockedChild>();

  private constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /**
   * Takes the state directory and ends what a killed supervisor has left in it.
   * @returns the lock, and the names of the processes that were ended.
   * @throws PLATFORM_RUNNING when a living supervisor holds it, PLATFORM_STATE_DIR_UNUSABLE.
   */
  static async take(stateDir: string): Promise<{ lock: PlatformLock; ended: string[] }> {
    requireWritable(stateDir);
    const refusal = runningRefusal(stateDir);
    if (refusal !== null) throw refusal;
    const ended = await endLeftovers(stateDir);
    const lock = new PlatformLock(stateDir);
    try {
      writeFileSync(lockPath(stateDir), lock.#text(), { flag: 'wx' });
    } catch (cause) {
      throw new HoldfastError('PLATFORM_RUNNING', `the platform in ${stateDir} is being started by another process`, {
        cause,
      });
    }
    return { lock, ended };
  }

  add(name: string, pid: number, stopSignal: NodeJS.Signals, stopPatienceMs: number): void {
    const identity = identityOf(pid);
    if (identity === null) return;
    this.#children.set(name, { name, pid, identity, stopSignal, stopPatienceMs });
    this.#write();
  }

  remove(name: string): void {
    if (this.#children.delete(name)) this.#write();
  }

  release(): void {
    rmSync(lockPath(this.#stateDir), { force: true });
  }

  #text(): string {
    const supervisor = { pid: process.pid, identity: identityOf(process.pid) ?? '' };
    return `${JSON.stringify({ supervisor, children: [...this.#children.values()] }, null, 2)}\n`;
  }

  #write(): void {
    const path = lockPath(this.#stateDir);
    writeFileSync(`${path}.new`, this.#text());
    renameSync(`${path}.new`, path);
  }
}

/** @throws PLATFORM_STATE_DIR_UNUSABLE */
export function requireWritable(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true });
    const probe = join(stateDir, `.write-probe-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new HoldfastError('PLATFORM_STATE_DIR_UNUSABLE', `the state folder ${stateDir} cannot be written (${code})`, {
      cause,
    });
  }
}

function read(stateDir: string): z.infer<typeof lockSchema> | null {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(lockPath(stateDir), 'utf8')));
  } catch {
    return null;
  }
}

/** Last started, first ended: clients before their servers. A process number that belongs to somebody else by now is left alone. */
export async function endLeftovers(stateDir: string): Promise<string[]> {
  const left = (read(stateDir)?.children ?? [])
    .filter(({ pid, identity }) => identityOf(pid) === identity)
    .toReversed();
  for (const { pid, stopSignal, stopPatienceMs } of left) {
    await endProcess(pid, stopSignal as NodeJS.Signals, stopPatienceMs);
  }
  rmSync(lockPath(stateDir), { force: true });
  return left.map(({ name, pid }) => `${name} (process ${pid})`);
}
