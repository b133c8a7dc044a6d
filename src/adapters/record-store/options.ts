import { z } from 'zod';

export const postgresOptionsSchema = z.strictObject({
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//)
    .describe('postgres://user:password@host:port/database'),
  connectionsMax: z
    .int()
    .min(1)
    .max(200)
    .default(10)
    .describe('Open connections of this process, the listening one apart'),
});
export type PostgresOptions = z.output<typeof postgresOptionsSchema>;
