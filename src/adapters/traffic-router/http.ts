/** Traffic router over the HTTP interface of the gateways. */
import { z } from 'zod';
import { ERRORS, HoldfastError } from '../../contracts/errors.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import { trafficStateSchema } from '../../contracts/serving.ts';
import type { TrafficState } from '../../contracts/serving.ts';
import type { TrafficRouter } from './port.ts';

export const httpRouterSchema = z.strictObject({
  kind: z.literal('http'),
  urls: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .describe('Base address of every gateway'),
  timeoutMs: z.int().min(1).default(5_000).describe('Deadline of one call to one gateway, milliseconds'),
});
export type HttpRouterOptions = z.infer<typeof httpRouterSchema>;

const refusalSchema = z.looseObject({
  error: z.looseObject({ code: z.string(), message: z.string(), details: z.unknown() }),
});
const STATUS_SERVER_ERROR = 500;

/** A router to the gateways at `urls`, in that order. */
export function createHttpRouter({ urls, timeoutMs }: HttpRouterOptions): TrafficRouter {
  const everywhere = async (method: string, path: string, body?: unknown): Promise<unknown[]> => {
    const calls = urls.map((url) => call(`${url.replace(/\/$/, '')}/v1/models/${path}`, method, body, timeoutMs));
    return allOrWorst(urls, await Promise.allSettled(calls));
  };
  return {
    register: async (model, registration) => void (await everywhere('PUT', model, registration)),
    apply: async (model, put) => void (await everywhere('PUT', `${model}/traffic`, put)),
    fallback: async (model, put) => void (await everywhere('PUT', `${model}/fallback`, put)),
    observe: async (model) => (await everywhere('GET', `${model}/traffic`)).map(stateOf),
  };
}

function stateOf(answer: unknown): TrafficState {
  const parsed = trafficStateSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new HoldfastError(
    'GATEWAY_REFUSED',
    `the state of traffic is not of the known form: ${z.prettifyError(parsed.error)}`,
  );
}

/** One refusal decides over any number of failures that may pass: trying again would not help it. */
function allOrWorst(urls: readonly string[], results: ReadonlyArray<PromiseSettledResult<unknown>>): unknown[] {
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ gateway: urls[index] ?? '', error: asHoldfastError(result.reason) }] : [],
  );
  const worst = failures.find(({ error }) => error.kind === 'terminal') ?? failures[0];
  if (worst === undefined) return results.map((result) => (result.status === 'fulfilled' ? result.value : null));
  const message = failures.map(({ gateway, error }) => `gateway ${gateway}: ${error.message}`).join('; ');
  const details = failures.map(({ gateway, error }) => ({ gateway, code: error.code, details: error.details }));
  throw new HoldfastError(worst.error.code, message, { details, cause: worst.error });
}

const asHoldfastError = (reason: unknown): HoldfastError =>
  reason instanceof HoldfastError
    ? reason
    : new HoldfastError('GATEWAY_UNREACHABLE', String(reason), { cause: reason });

async function call(url: string, method: string, body: unknown, timeoutMs: number): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    response = await fetch(url, { method, signal: AbortSignal.timeout(timeoutMs), ...content });
    text = await response.text();
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    throw new HoldfastError('GATEWAY_UNREACHABLE', `${method} ${url}: ${String(cause)}`, { cause: error });
  }
  if (response.ok) return JSON.parse(text) as unknown;
  throw refusalOf(response.status, text);
}

function refusalOf(status: number, text: string): HoldfastError {
  const refusal = refusalSchema.safeParse(parseJson(text));
  if (status >= STATUS_SERVER_ERROR || !refusal.success) {
    const code = status >= STATUS_SERVER_ERROR ? 'GATEWAY_UNREACHABLE' : 'GATEWAY_REFUSED';
    return new HoldfastError(code, `answered ${status}: ${text.slice(0, 300)}`);
  }
  const { code, message, details } = refusal.data.error;
  if (code in ERRORS) return new HoldfastError(code as ErrorCode, message, { details });
  return new HoldfastError('GATEWAY_REFUSED', `${code}: ${message}`, { details });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
