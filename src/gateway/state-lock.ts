/** One process per state folder: two would write the same log. The lock is a listening socket, so it ends with the process, however it ends. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';

export interface StateLock {
  release(): Promise<void>;
}

/** @throws GATEWAY_STATE_LOCKED when a living process on this machine holds the folder. */
export async function lockState(stateDir: string): Promise<StateLock> {
  // Socket paths are limited to about a hundred characters, folders are not.
  const name = createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 16);
  const path = join(tmpdir(), `holdfast-gateway-${name}.sock`);
  let server = await listen(path);
  if (server === null && !(await answers(path))) {
    await rm(path, { force: true });
    server = await listen(path);
  }
  if (server === null)
    throw new HoldfastError('GATEWAY_STATE_LOCKED', `state folder ${stateDir} is in use by another gateway process`);
  const held = server;
  held.unref();
  return { release: () => new Promise((done) => held.close(() => done())) };
}

async function listen(path: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });
}

async function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
