/** Who is told what, as a model declares it, and what travels to them. */
import { z } from 'zod';
import { durationSchema, nameSchema } from './model-scalars.ts';

/** What people are told of. */
export const NOTICE_TOPICS = [
  'approval',
  'hold',
  'rollback',
  'deadlineNear',
  'deadlinePassed',
  'escalation',
  'incident',
  'case',
  'labels',
  'test',
] as const;
export type NoticeTopic = (typeof NOTICE_TOPICS)[number];

/** Variables that hold secrets begin so: a model file can name these and no others. */
export const SECRET_PREFIX = 'HOLDFAST_SECRET_';
const secretNameSchema = z
  .string()
  .regex(/^HOLDFAST_SECRET_[A-Z0-9_]{1,60}$/)
  .describe('Name of an environment variable of the worker that begins with HOLDFAST_SECRET_; never the secret itself');

const channelFields = {
  id: nameSchema.describe('Name of the channel, once in the file'),
  topics: z
    .array(z.enum(NOTICE_TOPICS).exclude(['escalation', 'test']))
    .min(1)
    .optional()
    .describe('What is told here; default: everything'),
  onlyUnanswered: z
    .boolean()
    .default(false)
    .describe('Whether this channel is told only of what nobody has answered within escalateAfter'),
};

const channelSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('slack').describe('An incoming webhook of Slack'),
    ...channelFields,
    urlFrom: secretNameSchema.describe('Variable with the address of the incoming webhook, which is itself a secret'),
  }),
  z.strictObject({
    kind: z.literal('email').describe('Mail over SMTP'),
    ...channelFields,
    to: z.array(z.email()).min(1).max(50).describe('Who gets the mail'),
    from: z.email().describe('Sender of the mail'),
    serverFrom: secretNameSchema.describe('Variable with the server: smtp://user:password@host:port, or smtps://'),
  }),
  z.strictObject({
    kind: z.literal('webhook').describe('A POST of JSON with an HMAC-SHA256 signature over timestamp and body'),
    ...channelFields,
    url: z.url({ protocol: /^https?$/ }).describe('Address that takes it'),
    secretFrom: secretNameSchema.describe('Variable with the secret that the signature is made with'),
  }),
]);
export type Channel = z.infer<typeof channelSchema>;

export const notificationsSchema = z.strictObject({
  channels: z.array(channelSchema).min(1).max(20).describe('Where people are told'),
  escalateAfter: durationSchema
    .optional()
    .describe('Workflow time without an answer after which what waits for a person is told again, to every channel'),
});

/** What people are told: at most eight lines, the address included. */
export interface Notice {
  readonly topic: NoticeTopic;
  /** The same id is the same news: a receiver may drop it when it comes again. */
  readonly id: string;
  readonly model: string;
  /** Workflow id of the process that speaks. */
  readonly process: string;
  readonly subject: string;
  /** What changes, why now, risk, way back, until when: a sentence each. */
  readonly lines: readonly string[];
  /** The command that answers, as it can be typed; null where there is nothing to answer. */
  readonly command: string | null;
}

/** Lines of a message, the subject first. The link and the command come last, where a thumb finds them. */
export const NOTICE_LINES_MAX = 8;
