/** Stands where a gateway would and keeps what it is sent, in order. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listener {
  readonly url: string;
  readonly heard: Array<{ readonly path: string; readonly body: Record<string, unknown> }>;
  /** Status of the next answers, one each; 200 afterwards. */
  readonly statuses: number[];
  close(): Promise<void>;
}

export async function startListener(): Promise<Listener> {
  const heard: Listener['heard'] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statuses.shift() ?? 200;
      if (status === 200) {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
        heard.push({ path: (request.url ?? '').split('/').at(-1) ?? '', body });
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ rejected: [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    statuses,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
