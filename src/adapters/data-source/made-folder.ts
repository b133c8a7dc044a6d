/**
 * Folders that are made once, whole or not at all, by whichever process comes first. The others wait for it: making one takes
 * both processors, so three processes that start together would make each other three times as slow. The lock only saves work;
 * it is the rename that keeps a folder whole, so a lock that is broken too early does no harm.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOUR_MS } from '../../domain/time.ts';

const DRAFT = '.draft-';
const ABANDONED_AFTER_MS = HOUR_MS; // the largest sources take minutes
const SIGN_OF_LIFE_MS = 1000;
const DEAD_AFTER_MS = 10 * SIGN_OF_LIFE_MS;
const LOOK_AGAIN_MS = 100;

/**
 * @param complete file that a folder has once it is made
 * @param fill makes the content in a draft folder; called again by the next process if this one dies
 */
export async function makeFolder(
  folder: string,
  complete: string,
  fill: (draft: string) => Promise<void>,
): Promise<void> {
  const made = (): boolean => existsSync(join(folder, complete));
  if (made()) return;
  await mkdir(dirname(folder), { recursive: true });
  const lock = `${folder}.lock`;
  while (!(await takeLock(lock))) {
    await sleep(LOOK_AGAIN_MS);
    if (made()) return;
  }
  const life = setInterval(() => void signOfLife(lock), SIGN_OF_LIFE_MS);
  try {
    await removeAbandonedDrafts(dirname(folder));
    if (!made()) await fillDraft(folder, made, fill);
  } finally {
    clearInterval(life);
    await rm(lock, { force: true });
  }
}

async function fillDraft(folder: string, made: () => boolean, fill: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${folder}${DRAFT}${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(draft);
  try {
    await fill(draft);
    await rename(draft, folder);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    if (!made()) throw cause; // otherwise another process was first
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close();
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    if ((await ageMs(lock)) > DEAD_AFTER_MS) await rm(lock, { force: true });
    return false;
  }
}

async function signOfLife(lock: string): Promise<void> {
  const now = new Date();
  await utimes(lock, now, now).catch(() => undefined); // broken by another, who then does the same work
}

/** A process that is killed cannot tidy up after itself. */
async function removeAbandonedDrafts(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!name.includes(DRAFT) || (await ageMs(path)) <= ABANDONED_AFTER_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** 0 for what has just gone. */
async function ageMs(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found === null ? 0 : Date.now() - found.mtimeMs;
}
