/** Kinds of serving checks. */
import { z } from 'zod';
import type { ServingCheck } from './port.ts';

export const servingCheckSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('gateway-process'),
    heapMbMax: z.int().min(64).max(65_536).default(2_048).describe('Heap of the serving process, megabytes'),
    startMsMax: z
      .int()
      .min(1)
      .default(20_000)
      .describe('Until it serves, and then until the bundle is loaded, milliseconds'),
    answerMsMax: z.int().min(1).default(5_000).describe('Deadline of one answer, milliseconds'),
    checkMsMax: z.int().min(1).default(300_000).describe('Deadline of all answers together, milliseconds'),
  }),
  z.strictObject({ kind: z.literal('in-memory') }),
]);
export type ServingCheckOptions = z.infer<typeof servingCheckSchema>;

/** What a check needs of the process that has it done. */
export interface CheckPlace {
  /** Reads an object by its digest. */
  readonly get: (digest: string) => Promise<Uint8Array>;
  /** Variables of a serving process; they say where its objects are. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The serving check of a kind; the options are checked by `servingCheckSchema` before. */
export async function createServingCheck(options: ServingCheckOptions, place: CheckPlace): Promise<ServingCheck> {
  switch (options.kind) {
    case 'gateway-process': {
      const { createGatewayProcessCheck } = await import('./gateway-process.ts');
      return createGatewayProcessCheck({ ...place, ...options });
    }
    case 'in-memory': {
      const { createInMemoryServingCheck } = await import('./in-memory.ts');
      return createInMemoryServingCheck(place.get);
    }
    default:
      return options satisfies never;
  }
}
