/** Where the people of the proving ground are told: it takes every message and keeps count of those that come again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Delivered {
  readonly process: string;
  readonly topic: string;
  readonly subject: string;
  times: number;
}

export interface Mailbox {
  readonly url: string;
  /** Messages by their id. */
  readonly delivered: ReadonlyMap<string, Delivered>;
  close(): Promise<void>;
}

/** A receiver of the product's webhooks. */
export async function openMailbox(): Promise<Mailbox> {
  const delivered = new Map<string, Delivered>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(parts).toString()) as Delivered & { readonly id: string };
      const known = delivered.get(message.id);
      if (known === undefined) delivered.set(message.id, { ...message, times: 1 });
      else known.times += 1;
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    delivered,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
