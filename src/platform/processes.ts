/** Questions about processes that are not, or no longer, our children: after a `kill -9` all that is left of them is a number on disk. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Command line of a process, arguments separated by spaces; null when there is none. */
export function commandLine(pid: number): string | null {
  return fromProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim() ?? fromPs(pid, 'command=');
}

/**
 * What tells two processes with the same number apart: the moment it was started, in the kernel's own terms.
 * @returns null when there is no such process.
 */
export function identityOf(pid: number): string | null {
  if (!isAlive(pid)) return null;
  const stat = fromProc(pid, 'stat');
  // Field 22, start time in clock ticks; the second field, the name in parentheses, may contain spaces.
  if (stat !== null) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  return fromPs(pid, 'lstart=');
}

/** Asks with `signal`, insists with SIGKILL after `patienceMs`; returns when the process is gone. */
export async function endProcess(pid: number, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  if (!send(pid, signal)) return;
  if (await gone(pid, patienceMs)) return;
  send(pid, 'SIGKILL');
  await gone(pid, patienceMs);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function gone(pid: number, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (isAlive(pid)) {
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** In a container without an init process, orphans stay as zombies for ever: they hold nothing and serve nobody. */
function isZombie(pid: number): boolean {
  const stat = fromProc(pid, 'stat');
  return stat !== null && stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

function fromProc(pid: number, file: 'cmdline' | 'stat'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}

function fromPs(pid: number, column: string): string | null {
  try {
    return execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() || null;
  } catch {
    return null;
  }
}
