/** One HTTP request and its answer: bodies within a limit, errors as JSON with code, message and remedy. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HoldfastError } from '../contracts/errors.ts';
import type { ErrorCode } from '../contracts/errors.ts';

export interface Answer {
  readonly status: number;
  /** JSON value, or the bytes of newline-delimited JSON. */
  readonly body: unknown;
  /** Called once the answer has left, or the connection has gone. */
  readonly sent?: () => void;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  REQUEST_INVALID: 400,
  EVENT_TIME_OUT_OF_RANGE: 400,
  DRILLS_DISABLED: 403,
  MODEL_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
  SEGMENT_UNKNOWN: 404,
  EFFECTIVE_FROM_PASSED: 409,
  GENERATION_STALE: 409,
  WATERMARK_NOT_TAKEN: 409,
  BODY_TOO_LARGE: 413,
  BUNDLE_NOT_LOADABLE: 422,
  GATEWAY_NOT_READY: 503,
  LOG_UNAVAILABLE: 503,
};
const STATUS_UNEXPECTED = 500;

/** @throws BODY_TOO_LARGE, REQUEST_INVALID when the body is not JSON. */
export async function readJson(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new HoldfastError('BODY_TOO_LARGE', `the body is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8'));
  } catch (error) {
    throw new HoldfastError('REQUEST_INVALID', `the body is not JSON: ${(error as Error).message}`);
  }
}

export function errorAnswer(error: unknown): Answer {
  if (!(error instanceof HoldfastError)) {
    return {
      status: STATUS_UNEXPECTED,
      body: { error: { code: 'GATEWAY_INTERNAL', message: String(error), remedy: null, details: null } },
    };
  }
  const { code, message, remedy, details } = error;
  return { status: STATUS[code] ?? STATUS_UNEXPECTED, body: { error: { code, message, remedy, details } } };
}

/** Newline-delimited JSON of values that are JSON texts already. */
export function ndjson(lines: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [typeof line === 'string' ? Buffer.from(line, 'utf8') : line, NEWLINE]));
}
const NEWLINE = Buffer.from('\n');

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, body, sent } = answer;
  const lines = Buffer.isBuffer(body);
  const content = lines ? body : Buffer.from(JSON.stringify(body), 'utf8');
  // A caller that has gone already closes nothing any more.
  if (response.closed) sent?.();
  else if (sent !== undefined) response.once('close', sent);
  response.writeHead(status, {
    'content-type': lines ? 'application/x-ndjson' : 'application/json',
    'content-length': content.length,
    // A body that was not read to its end would be taken for the next request.
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(content);
}
