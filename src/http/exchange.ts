/** One HTTP request and its answer at the edge: bodies within a limit, everything as JSON, errors with code, message and remedy. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HoldfastError } from '../contracts/errors.ts';
import type { ErrorCode } from '../contracts/errors.ts';

export interface Answer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: object;
}

/** What a browser is shown, or sent to. */
export interface PageAnswer {
  readonly status: 200 | 303;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  REQUEST_INVALID: 400,
  TOKEN_UNKNOWN: 401,
  NAME_NOT_AUTHENTICATED: 403,
  PROCESS_NOT_FOUND: 404,
  ROUTE_UNKNOWN: 404,
  REPORT_NOT_FOUND: 404,
  COMMAND_REFUSED: 409,
  BODY_TOO_LARGE: 413,
  RECORD_STORE_UNAVAILABLE: 503,
  TEMPORAL_UNAVAILABLE: 503,
  EDGE_NOT_READY: 503,
  CALL_TIMEOUT: 504,
};
const STATUS_UNEXPECTED = 500;

/** What a request may carry; a page of another site can send neither without asking first, and is refused then. */
const JSON_TYPES = ['application/json', 'application/x-ndjson'];

/** @throws REQUEST_INVALID for another content type, BODY_TOO_LARGE */
export async function readText(request: IncomingMessage, bytesMax: number): Promise<string> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!JSON_TYPES.includes(type))
    throw new HoldfastError(
      'REQUEST_INVALID',
      `content-type is ${JSON.stringify(type)}; send ${JSON_TYPES.join(' or ')}`,
    );
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new HoldfastError('BODY_TOO_LARGE', `the body is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function errorAnswer(error: unknown): Answer {
  const { code, message, remedy, details } =
    error instanceof HoldfastError ? error : new HoldfastError('EDGE_INTERNAL', String(error), { cause: error });
  return { status: STATUS[code] ?? STATUS_UNEXPECTED, body: { error: { code, message, remedy, details } } };
}

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer | PageAnswer): void {
  const { status } = answer;
  const [text, headers] =
    'html' in answer
      ? [answer.html, { 'content-type': 'text/html; charset=utf-8', ...answer.headers }]
      : [`${JSON.stringify(answer.body)}\n`, { 'content-type': 'application/json' }];
  const content = Buffer.from(text, 'utf8');
  response.writeHead(status, {
    ...headers,
    'content-length': content.length,
    'cache-control': 'no-store',
    ...(status === STATUS.TOKEN_UNKNOWN ? { 'www-authenticate': 'Bearer' } : {}),
    // A body that was not read to its end would be taken for the next request.
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(content);
}
