/** The logs and ledgers of gateways over their HTTP interface. */
import { z } from 'zod';
import { ERRORS, HoldfastError } from '../../contracts/errors.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { LedgerEntry, LogRecord, SegmentInfo } from '../../contracts/serving.ts';
import type { GatewayLog } from './port.ts';

export const httpLogSchema = z.strictObject({
  kind: z.literal('http'),
  urls: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .describe('Base address of every gateway'),
  timeoutMs: z
    .int()
    .min(1)
    .default(30_000)
    .describe('Deadline of one call to one gateway, milliseconds; segments are large'),
});
export type HttpLogOptions = z.infer<typeof httpLogSchema>;

const healthSchema = z.looseObject({ gateway: z.string().min(1) });
const refusalSchema = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string() }) });
const STATUS_SERVER_ERROR = 500;

/** Reads from the gateways at `urls`. Each says its own name, so an address may move. */
export function createHttpLog({ urls, timeoutMs }: HttpLogOptions): GatewayLog {
  const gatewaysByName = async (): Promise<Map<string, string>> => {
    const bases = urls.map((url) => url.replace(/\/$/, ''));
    const names = await Promise.all(bases.map((base) => nameOf(base, timeoutMs)));
    const byName = new Map(names.map((name, index) => [name, bases[index] ?? '']));
    if (byName.size === urls.length) return byName;
    throw new HoldfastError(
      'GATEWAY_NAMES_CLASH',
      `gateways ${urls.join(', ')} say their names are ${names.join(', ')}`,
    );
  };
  const eachGateway = async <Item>(read: (base: string, gateway: string) => Promise<Item[]>) => {
    const gateways = [...(await gatewaysByName())];
    return Promise.all(gateways.map(async ([gateway, base]) => ({ gateway, items: await read(base, gateway) })));
  };
  return {
    async segments(model, after) {
      const listed = await eachGateway(async (base, gateway) => {
        const text = await fetchText(`${base}/v1/models/${model}/log/segments?after=${after[gateway] ?? 0}`, timeoutMs);
        return JSON.parse(text) as SegmentInfo[];
      });
      return listed.map(({ gateway, items }) => ({ gateway, segments: items }));
    },
    async read(model, { gateway, segment }) {
      const base = (await gatewaysByName()).get(gateway);
      if (base === undefined)
        throw new HoldfastError('GATEWAY_UNREACHABLE', `no configured gateway says its name is ${gateway}`);
      return linesOf<LogRecord>(await fetchText(`${base}/v1/models/${model}/log/segments/${segment}`, timeoutMs));
    },
    async ledger(model, after) {
      const listed = await eachGateway(async (base, gateway) =>
        linesOf<LedgerEntry>(
          await fetchText(`${base}/v1/models/${model}/ledger?after=${after[gateway] ?? 0}`, timeoutMs),
        ),
      );
      return listed.map(({ gateway, items }) => ({ gateway, entries: items }));
    },
  };
}

async function nameOf(base: string, timeoutMs: number): Promise<string> {
  const parsed = healthSchema.safeParse(JSON.parse(await fetchText(`${base}/healthz`, timeoutMs)));
  if (parsed.success) return parsed.data.gateway;
  throw new HoldfastError(
    'GATEWAY_REFUSED',
    `${base} does not say its name at /healthz: it is no gateway of this release`,
  );
}

function linesOf<Line>(text: string): Line[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

async function fetchText(url: string, timeoutMs: number): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    throw new HoldfastError('GATEWAY_UNREACHABLE', `GET ${url}: ${String(cause)}`, { cause: error });
  }
  if (response.ok) return text;
  if (response.status >= STATUS_SERVER_ERROR) {
    throw new HoldfastError('GATEWAY_UNREACHABLE', `GET ${url} answered ${response.status}: ${text.slice(0, 300)}`);
  }
  throw refusalOf(url, text);
}

function refusalOf(url: string, text: string): HoldfastError {
  let answer: unknown = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // Not one of ours: said below.
  }
  const refusal = refusalSchema.safeParse(answer);
  if (!refusal.success) return new HoldfastError('GATEWAY_REFUSED', `GET ${url}: ${text.slice(0, 300)}`);
  const { code, message } = refusal.data.error;
  if (code in ERRORS) return new HoldfastError(code as ErrorCode, `GET ${url}: ${message}`);
  return new HoldfastError('GATEWAY_REFUSED', `GET ${url}: ${code}: ${message}`);
}
