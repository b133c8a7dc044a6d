/** How people label what the world leaves open, as a model declares it. */
import { z } from 'zod';
import { durationSchema, nameSchema, rateSchema } from './model-scalars.ts';

/** Tasks of one campaign: what a person may be asked in one go, and what one message can carry. */
export const CAMPAIGN_TASKS_MAX = 100;

export const labelingSchema = z.strictObject({
  question: z.string().min(1).max(500).describe('What people are asked about one request, as they will read it'),
  every: durationSchema.describe('Event time from one campaign to the next; each asks about the requests of that span'),
  size: z.int().min(1).max(CAMPAIGN_TASKS_MAX).describe('Tasks of one campaign, gold tasks included'),
  answersPerTask: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe('How many people must agree on a label; where they do not, one more is asked'),
  goldShare: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe('Share of the tasks whose outcome is known already; nobody is told which: they check the annotators'),
  minGoldAccuracy: rateSchema
    .default(0.7)
    .describe('Share of gold tasks an annotator must answer rightly; one below it does not count'),
  minGoldAnswers: z
    .int()
    .min(1)
    .max(50)
    .default(5)
    .describe('Gold tasks an annotator must have answered before that share is judged'),
  role: nameSchema.describe('A role of people: who may answer'),
  adjudicators: nameSchema
    .optional()
    .describe('A role of people: who settles what the annotators disagree on; default: the majority does'),
  deadline: durationSchema
    .default('P3D')
    .describe('Workflow time after which a campaign closes; what is unanswered then stays without a label'),
});

/** How people label, with every default filled in. */
export type Labeling = z.infer<typeof labelingSchema>;

/** Gold tasks that a campaign of this size asks for. */
export const goldTasks = ({ size, goldShare }: Pick<Labeling, 'size' | 'goldShare'>): number =>
  Math.round(size * goldShare);
