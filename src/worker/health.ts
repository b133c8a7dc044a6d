import { createServer } from 'node:http';
import type { Server } from 'node:http';

/** `GET /readyz` for process managers: 200 when `isReady`, else 503. Listens on every address: a probe comes from outside a container. */
export async function serveHealth(port: number, isReady: () => boolean): Promise<Server> {
  const server = createServer((request, response) => {
    const known = request.url === '/readyz' && request.method === 'GET';
    const ready = isReady();
    response.writeHead(known ? (ready ? 200 : 503) : 404, { 'content-type': 'application/json' });
    response.end(known ? `{"ready":${ready}}\n` : '{"error":"ask for GET /readyz"}\n');
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return server;
}
