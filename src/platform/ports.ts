import { createServer, connect } from 'node:net';

const HOST = '127.0.0.1';
/** Above the ports that are asked for by name: how far to look for a free one. */
const TRIES = 50;

/** Can we listen on this port of the local host now? */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== null;
}

/** Is somebody answering on this port? Cheap and immediate, other than a client that backs off for a second. */
export async function isPortOpen(port: number, host = HOST, timeoutMs = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: timeoutMs });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true)).once('timeout', answer(false)).once('error', answer(false));
  });
}

/**
 * A free port: the preferred one, else one of the following, else any.
 * @param taken Ports promised to others but not yet listened on.
 */
export async function freePort(preferred = 0, taken: ReadonlySet<number> = new Set()): Promise<number> {
  const last = preferred === 0 ? -1 : Math.min(preferred + TRIES, 65_535);
  for (let port = preferred; port <= last; port += 1) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  for (;;) {
    const port = await listenOnce(0);
    if (port !== null && !taken.has(port)) return port;
  }
}

async function listenOnce(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
