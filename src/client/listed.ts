/**
 * The list of processes for a key press: one call, spoken without the SDK, whose client takes a quarter of a second of processor time to
 * load before it asks anything (measured on Node.js 20; this asks and answers in a twentieth). It reads three fields of each entry and knows
 * nothing else. Source: temporal.api.workflowservice.v1, ListWorkflowExecutions; the wire forms of gRPC and of protocol buffers.
 */
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, SecureClientSessionOptions } from 'node:http2';
import type { TemporalSettings } from './connect.ts';

export interface ListedProcess {
  readonly id: string;
  /** In words; '' where the process says nothing. */
  readonly waitsFor: string;
}

const METHOD = '/temporal.api.workflowservice.v1.WorkflowService/ListWorkflowExecutions';
/** More than a shell shows without asking. */
const LISTED_MAX = 200;
const WAITS_FOR = 'HoldfastWaitingFor';
/** Field numbers: of the request, of the answer, of a WorkflowExecutionInfo, of what is in it, of an entry of a map, of a Payload. */
const REQUEST = { namespace: 1, pageSize: 2, query: 4 } as const;
const ANSWER = { executions: 1 } as const;
const EXECUTION = { execution: 1, searchAttributes: 11 } as const;
const WORKFLOW_ID = 1;
const INDEXED_FIELDS = 1;
const ENTRY = { key: 1, value: 2 } as const;
const PAYLOAD_DATA = 2;

/**
 * Processes that fit a query of the workflow list, the newest first, 200 at most.
 * @returns none where nobody answers in time, or with anything but a list: whoever asks can do without.
 */
export async function listedProcesses(
  settings: TemporalSettings,
  query: string,
  deadlineMs: number,
): Promise<readonly ListedProcess[]> {
  const { address, namespace, apiKey } = settings;
  const session = connect(`${settings.tls ? 'https' : 'http'}://${address}`, tlsOf(settings.tls));
  const headers = {
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: METHOD,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
    [constants.HTTP2_HEADER_TE]: 'trailers',
    'temporal-namespace': namespace,
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  const request = Buffer.concat([
    textField(REQUEST.namespace, namespace),
    Buffer.from([REQUEST.pageSize << 3, ...varint(LISTED_MAX)]),
    textField(REQUEST.query, query),
  ]);
  try {
    return processesIn(await exchange(session, headers, request, deadlineMs));
  } catch {
    return [];
  } finally {
    session.destroy();
  }
}

function tlsOf(tls: TemporalSettings['tls']): SecureClientSessionOptions {
  if (tls === undefined || tls === null || typeof tls === 'boolean') return {};
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = tls;
  return {
    ...(serverNameOverride === undefined ? {} : { servername: serverNameOverride }),
    ...(serverRootCACertificate === undefined ? {} : { ca: Buffer.from(serverRootCACertificate) }),
    ...(clientCertPair === undefined
      ? {}
      : { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  };
}

/** Length of the head of a message: a byte that says whether it is compressed, four of its length. */
const HEAD_BYTES = 5;

function exchange(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  message: Buffer,
  deadlineMs: number,
): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
    const failed = (error: unknown): void => {
      clearTimeout(late);
      reject(error);
    };
    const chunks: Buffer[] = [];
    session.once('error', failed);
    const stream = session.request(headers);
    stream.on('error', failed);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      clearTimeout(late);
      resolve(Buffer.concat(chunks).subarray(HEAD_BYTES));
    });
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([head, message]));
  });
}

function processesIn(answer: Buffer): ListedProcess[] {
  return bytesOf(answer, ANSWER.executions).map((info) => {
    const [execution = NONE] = bytesOf(info, EXECUTION.execution);
    const [attributes = NONE] = bytesOf(info, EXECUTION.searchAttributes);
    const [id = NONE] = bytesOf(execution, WORKFLOW_ID);
    return { id: id.toString(), waitsFor: attributeIn(attributes, WAITS_FOR) };
  });
}

const NONE = Buffer.alloc(0);

function attributeIn(attributes: Buffer, name: string): string {
  for (const entry of bytesOf(attributes, INDEXED_FIELDS)) {
    const [key = NONE] = bytesOf(entry, ENTRY.key);
    const [payload = NONE] = bytesOf(entry, ENTRY.value);
    const [data = NONE] = bytesOf(payload, PAYLOAD_DATA);
    if (key.toString() === name && data.length > 0) return String(JSON.parse(data.toString()));
  }
  return '';
}

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Every value of one field of bytes, in order. @throws RangeError where the message is cut off or of another form */
function bytesOf(message: Buffer, field: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at);
    const wire = tag.value & 7;
    at = tag.end;
    if (wire === WIRE.varint) at = readVarint(message, at).end;
    else if (wire === WIRE.fixed64) at += 8;
    else if (wire === WIRE.fixed32) at += 4;
    else if (wire === WIRE.bytes) {
      const { value: length, end } = readVarint(message, at);
      at = end + length;
      if (at > message.length) throw new RangeError('the message is cut off');
      if (tag.value >> 3 === field) found.push(message.subarray(end, at));
    } else throw new RangeError(`wire type ${wire} is not known`);
  }
  return found;
}

/** Beyond 2^31, as in counts that nobody reads here, only the end counts. */
function readVarint(message: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from; at < message.length; at += 1) {
    const byte = message[at] ?? 0;
    value |= (byte & 0x7f) << (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new RangeError('the message is cut off');
}

function textField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(field << 3) | WIRE.bytes, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
