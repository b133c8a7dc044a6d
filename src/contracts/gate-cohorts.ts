/** Cohort records as they travel in files, one JSON object a line: integer counts, from which every verdict can be judged again. */
import { z } from 'zod';
import type { Cohort } from '../domain/statistics/index.ts';
import type { ModelFault } from './model-fault.ts';
import { parseShape } from './model-shape.ts';

const count = z.int().min(0);
const tripleSchema = z.tuple([z.number(), z.number().gt(0), count]);

const cohortSchema = z.strictObject({
  cohort: z.int().min(1).describe('Number of the cohort, from 1 without gaps'),
  step: count.describe('Step of the ladder it belongs to, from 0'),
  exposureBp: count.max(10_000).describe('Share of units assigned to the candidate, in basis points'),
  status: z.enum(['ok', 'pending', 'void']).describe('pending: nothing is known of it yet; void: it does not count'),
  pending: z.array(z.string()).optional().describe('Streams whose evidence for it is not complete yet'),
  assigned: z.strictObject({ control: count, candidate: count }).describe('New units per arm'),
  differences: z
    .record(z.string(), z.array(tripleSchema))
    .optional()
    .describe('Per stream the matched differences as [numerator, denominator, count]'),
  counts: z
    .record(z.string(), z.tuple([count, count, count, count]))
    .optional()
    .describe('Per stream [candidate events, events, candidate exposures, exposures]'),
});

/** Judges one parsed line. @returns the record, or what is wrong with its shape */
export function checkCohort(content: unknown): { value: Cohort; faults: null } | { value: null; faults: ModelFault[] } {
  return parseShape(cohortSchema, content);
}
