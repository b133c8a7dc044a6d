import { z } from 'zod';
import { createHttpRouter, httpRouterSchema } from './http.ts';
import { createInMemoryRouter, inMemoryRouterSchema } from './in-memory.ts';
import type { TrafficRouter } from './port.ts';

export const trafficRouterSchema = z.discriminatedUnion('kind', [httpRouterSchema, inMemoryRouterSchema]);
export type TrafficRouterOptions = z.infer<typeof trafficRouterSchema>;

/** The traffic router of a kind; the options are checked by `trafficRouterSchema` before. */
export function createTrafficRouter(options: TrafficRouterOptions): TrafficRouter {
  switch (options.kind) {
    case 'http':
      return createHttpRouter(options);
    case 'in-memory':
      return createInMemoryRouter(options.gateways);
    default:
      return options satisfies never;
  }
}
