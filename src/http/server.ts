/** The HTTP edge: takes orders, evidence and questions of people and programs, and gives them to the client. It decides nothing. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HoldfastError } from '../contracts/errors.ts';
import { errorAnswer, readText, sendAnswer } from './exchange.ts';
import type { Answer, PageAnswer } from './exchange.ts';
import { command, COMMAND_BYTES_MAX } from './orders.ts';
import type { Behind, OrderedProcess, Speaker } from './orders.ts';
import { PROCESSES } from './processes.ts';
import { report } from './report.ts';
import { evidence, EVIDENCE_BYTES_MAX, inFlight, rollouts } from './rollout.ts';
import type { Tokens } from './tokens.ts';

export interface EdgeOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Without tokens, an address of this machine only. */
  readonly host: string;
  readonly tokens: Tokens;
  /** Null until Temporal and the records answer. */
  readonly behind: () => Behind | null;
  readonly report?: (level: 'info' | 'error', message: string, fields: object) => void;
}

export interface Edge {
  readonly url: string;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 1000;
const LOOPBACK = /^(127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)$/;
const MODEL_PATH = /^\/v1\/models\/([a-z0-9-]{1,63})\/rollout$/;
const REPORT_PATH = /^\/reports\/(.+)$/;
const PROCESS_PATH = /^\/v1\/([a-z]+)\/(.+)$/;

/**
 * Starts the edge.
 * @throws CONFIG_INVALID where it would listen to other machines without knowing who speaks
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { host, port, tokens } = options;
  if (tokens.size === 0 && !LOOPBACK.test(host))
    throw new HoldfastError(
      'CONFIG_INVALID',
      `HOLDFAST_HTTP_HOST is ${host} and no token is configured: anybody could say they are anybody`,
      { remedy: 'Set HOLDFAST_HTTP_TOKENS or HOLDFAST_HTTP_TOKENS_FILE, or listen on 127.0.0.1' },
    );
  const server = createServer((request, response) => void exchange(options, request, response));
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, port, host);
  return {
    url: urlOf(server),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeIdleConnections();
      }),
  };
}

async function exchange(options: EdgeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer | PageAnswer;
  try {
    answer = await route(options, request);
  } catch (error) {
    answer = errorAnswer(error);
    if (answer.status >= 500)
      options.report?.('error', 'A request failed', { path: pathOf(request), error: String(error) });
  }
  sendAnswer(request, response, answer);
}

async function route(options: EdgeOptions, request: IncomingMessage): Promise<Answer | PageAnswer> {
  const { tokens, behind } = options;
  const { method = 'GET' } = request;
  const path = pathOf(request);
  if (method === 'GET' && path === '/healthz') return { status: 200, body: { healthy: true } };
  if (method === 'GET' && path === '/readyz') {
    const ready = behind() !== null;
    return { status: ready ? 200 : 503, body: { ready, names: tokens.size === 0 ? 'claims' : 'authenticated' } };
  }
  const speaker = speakerOf(tokens, request);
  const found = behind();
  if (found === null) throw new HoldfastError('EDGE_NOT_READY', 'Temporal or the records have not answered yet');
  const [, named] = REPORT_PATH.exec(path) ?? [];
  if (method === 'GET' && named !== undefined) return report(found, decoded(named), request.headers.accept);
  const [, model] = MODEL_PATH.exec(path) ?? [];
  if (method === 'GET' && model !== undefined) return inFlight(found, model);
  const [, place = '', rest] = PROCESS_PATH.exec(path) ?? [];
  if (rest === undefined || !Object.hasOwn(PROCESSES, place)) throw unknownRoute(method, path);
  return ofProcess(found, PROCESSES[place] as OrderedProcess, rest, request, speaker);
}

/** One process, by what stands in the path behind its place. */
async function ofProcess(
  found: Behind,
  process: OrderedProcess,
  rest: string,
  request: IncomingMessage,
  speaker: Speaker,
): Promise<Answer> {
  const { method = 'GET' } = request;
  if (method === 'GET') return { status: 200, body: await process.status(found.client, idOf(process, rest)) };
  const slash = rest.lastIndexOf('/');
  const [named, verb] = [rest.slice(0, Math.max(0, slash)), rest.slice(slash + 1)];
  if (method !== 'POST' || named === '') throw unknownRoute(method, pathOf(request));
  const id = idOf(process, named);
  if (process === rollouts && verb === 'evidence') {
    const by = new URLSearchParams((request.url ?? '').split('?', 2)[1] ?? '').get('by');
    return evidence(found, id, await readText(request, EVIDENCE_BYTES_MAX), by, speaker);
  }
  if (!Object.hasOwn(process.commands, verb)) throw unknownRoute(method, pathOf(request));
  return command(found, process, id, verb, await readText(request, COMMAND_BYTES_MAX), speaker);
}

/** @throws TOKEN_UNKNOWN; REQUEST_INVALID for a name of this machine that a page elsewhere has made up */
function speakerOf(tokens: Tokens, { headers }: IncomingMessage): Speaker {
  const given = headers['idempotency-key'];
  const key = typeof given === 'string' && given !== '' ? given : null;
  if (tokens.size === 0) {
    const host = (headers.host ?? '').replace(/:\d+$/, '');
    if (LOOPBACK.test(host)) return { authenticatedAs: null, key };
    throw new HoldfastError('REQUEST_INVALID', `host is ${JSON.stringify(host)}; without tokens, ask 127.0.0.1`);
  }
  const authenticatedAs = tokens.nameOf(headers.authorization);
  if (authenticatedAs !== null) return { authenticatedAs, key };
  const said = headers.authorization === undefined ? 'no token was sent' : 'the token is none that is known here';
  throw new HoldfastError('TOKEN_UNKNOWN', said);
}

/** `flight-delay/9f3a2c41-1`, with or without `rollout/` before it, as it is or percent-encoded. */
function idOf({ kind }: OrderedProcess, part: string): string {
  const id = decoded(part);
  return id.startsWith(`${kind}/`) ? id : `${kind}/${id}`;
}

/** @throws REQUEST_INVALID */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HoldfastError('REQUEST_INVALID', `${part.slice(0, 200)} is not percent-encoded`);
  }
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] ?? '/';

const unknownRoute = (method: string, path: string): HoldfastError =>
  new HoldfastError('ROUTE_UNKNOWN', `${method} ${path.slice(0, 200)} is no operation of the edge`, {
    remedy: `Ask for GET /v1/models/{model}/rollout, ${GETS.join(', ')} or GET /reports/{digest}, or ${POSTS.join(', or ')}`,
  });

const GETS = Object.keys(PROCESSES).map((place) => `GET /v1/${place}/{id}`);
const POSTS = Object.entries(PROCESSES).map(([place, process]) => {
  const verbs = [...(process === rollouts ? ['evidence'] : []), ...Object.keys(process.commands)];
  return `POST /v1/${place}/{id}/ and one of ${verbs.join(', ')}`;
});

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
