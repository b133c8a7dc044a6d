/** Receivers of messages on this machine: an HTTP server and an SMTP server, both real, that answer as the test wants. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import type { Message } from '../../../src/adapters/notifier/port.ts';

export const MESSAGE: Message = {
  topic: 'approval',
  id: 'rollout/shop/9f3a2c41-1/approval/3/2001-01-03T04:00:00Z',
  model: 'shop',
  process: 'rollout/shop/9f3a2c41-1',
  subject: 'shop: an approval is asked — fresh <fast> & safe, canary at 5 %',
  lines: ['What changes: exposure rises from 5 % to 25 %'],
  command: 'npx holdfast approve rollout/shop/9f3a2c41-1 --evidence 5d41402abc4b2a76 --as NAME --reason "…"',
  link: 'http://127.0.0.1:8233/namespaces/default/workflows/rollout%2Fshop%2F9f3a2c41-1',
  text: [
    'shop: an approval is asked — fresh <fast> & safe, canary at 5 %',
    'What changes: exposure rises from 5 % to 25 %',
    'See: http://127.0.0.1:8233/namespaces/default/workflows/rollout%2Fshop%2F9f3a2c41-1',
    'To answer: npx holdfast approve rollout/shop/9f3a2c41-1 --evidence 5d41402abc4b2a76 --as NAME --reason "…"',
  ],
};

export interface HttpReceiver {
  readonly url: string;
  readonly posts: ReadonlyArray<{ readonly headers: IncomingHttpHeaders; readonly body: string }>;
  /** What the next posts are answered with; 200 when empty. */
  readonly answers: number[];
  close(): Promise<void>;
}

export async function startHttpReceiver(): Promise<HttpReceiver> {
  const posts: Array<{ headers: IncomingHttpHeaders; body: string }> = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      posts.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 200).end('as told');
    });
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    posts,
    answers,
    close: () => new Promise((closed) => void server.close(() => closed())),
  };
}

export interface MailReceiver {
  /** With the account that it lets in. */
  readonly url: string;
  /** The same server with a wrong password. */
  readonly wrongUrl: string;
  readonly mails: ReadonlyArray<{ readonly to: readonly string[]; readonly source: string }>;
  /** Replies to the next mails, by code; taken when empty. */
  readonly answers: number[];
  close(): Promise<void>;
}

export async function startMailReceiver(): Promise<MailReceiver> {
  const mails: Array<{ to: string[]; source: string }> = [];
  const answers: number[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'open' ? done(null, { user: username }) : done(new Error('no such account')),
    onData(stream, session, done) {
      let source = '';
      stream.on('data', (part: Buffer) => void (source += part.toString()));
      stream.on('end', () => {
        const answer = answers.shift();
        if (answer !== undefined) {
          done(Object.assign(new Error('as told'), { responseCode: answer }));
          return;
        }
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), source });
        done();
      });
    },
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://holdfast:open@127.0.0.1:${port}`,
    wrongUrl: `smtp://holdfast:shut@127.0.0.1:${port}`,
    mails,
    answers,
    close: () => new Promise((closed) => server.close(() => closed())),
  };
}

/** A port on which nobody answers. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => void server.close(closed));
  return port;
}
