/**
 * Who listens on a port. An answer there may come from another program, for example a second platform that was started in the same second;
 * taking it for our own would join two installations.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';
const STATE_COLUMN = 3;
const INODE_COLUMN = 9;
/** Of `/proc/<pid>/stat` behind the name in parentheses, which may contain spaces. */
const SESSION_FIELD = 3;

/**
 * Whether a process, or one it has started, listens on a port of this machine.
 * @param leader A process that leads its own session, as the children of the supervisor do.
 * @returns null where the system does not tell: anywhere but on Linux, and of other people's processes.
 */
export function sessionListensOn(leader: number, port: number): boolean | null {
  const sockets = listeningSockets(port);
  if (sockets === null) return null;
  let unseen = false;
  for (const pid of membersOf(leader)) {
    const open = openFiles(pid);
    if (open === null) unseen = true;
    else if (open.some((file) => sockets.has(file))) return true;
  }
  return unseen ? null : false;
}

/** Names by which open files show the sockets that listen on a port. */
function listeningSockets(port: number): ReadonlySet<string> | null {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = new Set<string>();
  const tables = ['tcp', 'tcp6'].map((name) => read(`/proc/net/${name}`));
  if (tables.every((table) => table === null)) return null;
  for (const line of tables.flatMap((table) => table?.split('\n').slice(1) ?? [])) {
    const columns = line.trim().split(/\s+/);
    if (columns[STATE_COLUMN] === LISTENING && columns[1]?.endsWith(suffix) === true)
      sockets.add(`socket:[${columns[INODE_COLUMN]}]`);
  }
  return sockets;
}

function membersOf(leader: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    return stat !== null && stat.slice(stat.lastIndexOf(')') + 2).split(' ')[SESSION_FIELD] === String(leader);
  });
}

function openFiles(pid: number): string[] | null {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`)];
      } catch {
        // Closed meanwhile.
        return [];
      }
    });
  } catch (error) {
    // A process that has ended listens on nothing; of others we may not be told.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : null;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
