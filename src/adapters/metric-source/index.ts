/** Kinds of metric sources. What is pushed needs none: it is on record before anybody is told. */
import { z } from 'zod';
import type { MetricSource } from './port.ts';

export const metricSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('prometheus'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Address of the server, for metrics that name none; user and password may stand in it'),
    deadlineMs: z
      .int()
      .min(1)
      .max(60_000)
      .default(5_000)
      .describe('Deadline of one reading, all its queries together, milliseconds'),
  }),
  z.strictObject({ kind: z.literal('in-memory') }),
]);
export type MetricSourceOptions = z.infer<typeof metricSourceSchema>;

/** The metric source of a kind; the options are checked by `metricSourceSchema` before. */
export async function createMetricSource(options: MetricSourceOptions): Promise<MetricSource> {
  switch (options.kind) {
    case 'prometheus': {
      const { createPrometheusSource } = await import('./prometheus.ts');
      return createPrometheusSource(options);
    }
    case 'in-memory': {
      const { createInMemoryMetricSource } = await import('./in-memory.ts');
      return createInMemoryMetricSource();
    }
    default:
      return options satisfies never;
  }
}
