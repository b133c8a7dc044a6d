/** Labels as outcomes to the gateways: the first that answers takes them, as it takes those of the world. */
import { z } from 'zod';
import { HoldfastError } from '../../contracts/errors.ts';
import { PEOPLE_REVISION } from '../../contracts/serving.ts';
import type { LabelDesk, LabelReceipt, PeopleLabel } from './port.ts';

export const httpLabelDeskSchema = z.strictObject({
  kind: z.literal('http'),
  urls: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .describe('Base address of every gateway'),
  timeoutMs: z.int().min(1).default(5_000).describe('Deadline of one call to one gateway, milliseconds'),
});
export type HttpLabelDeskOptions = z.infer<typeof httpLabelDeskSchema>;

const answerSchema = z.looseObject({
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.array(z.looseObject({ index: z.int(), code: z.string(), message: z.string() })),
});

/**
 * A desk before the gateways at `urls`, asked in that order. One that took labels and died before it said so may make another take them,
 * too: the archive keeps one outcome for each request and revision.
 */
export function createHttpLabelDesk({ urls, timeoutMs }: HttpLabelDeskOptions): LabelDesk {
  return {
    deliver: async (model, labels) => {
      if (labels.length === 0) return { accepted: 0, duplicates: 0, refused: [] };
      const outcomes = labels.map((label) => ({ ...label, revision: PEOPLE_REVISION }));
      const failures: string[] = [];
      for (const url of urls) {
        try {
          return await post(`${url.replace(/\/$/, '')}/v1/models/${model}/outcomes`, { outcomes }, labels, timeoutMs);
        } catch (error) {
          failures.push(String(error instanceof HoldfastError ? error.message : error));
        }
      }
      throw new HoldfastError('GATEWAY_UNREACHABLE', `no gateway takes labels: ${failures.join('; ')}`);
    },
  };
}

async function post(
  url: string,
  body: object,
  labels: readonly PeopleLabel[],
  timeoutMs: number,
): Promise<LabelReceipt> {
  let response: Response;
  let text: string;
  try {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(timeoutMs);
    response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
    text = await response.text();
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    throw new HoldfastError('GATEWAY_UNREACHABLE', `POST ${url}: ${String(cause)}`, { cause: error });
  }
  const parsed = response.ok ? answerSchema.safeParse(parseJson(text)) : null;
  if (parsed?.success !== true)
    throw new HoldfastError('GATEWAY_UNREACHABLE', `POST ${url} answered ${response.status}: ${text.slice(0, 300)}`);
  const { accepted, duplicates, rejected } = parsed.data;
  const refused = rejected.map(({ index, code, message }) => {
    return { requestId: labels[index]?.requestId ?? '', reason: `${code}: ${message}` };
  });
  return { accepted, duplicates, refused };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
