/** Kinds of notifiers, each loaded when a model asks for it. */
import { z } from 'zod';
import type { Notifier } from './port.ts';

const url = z.url({ protocol: /^https?$/ });

export const notifierSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('slack'), url: url.describe('Incoming webhook') }),
  z.strictObject({
    kind: z.literal('email'),
    server: z.url({ protocol: /^smtps?$/ }).describe('smtp://user:password@host:port, or smtps://'),
    from: z.email().describe('Sender'),
    to: z.array(z.email()).min(1).describe('Receivers'),
  }),
  z.strictObject({
    kind: z.literal('webhook'),
    url,
    secret: z.string().min(16).describe('What the signature is made with: 16 characters or more'),
  }),
  z.strictObject({ kind: z.literal('in-memory') }),
]);
export type NotifierOptions = z.infer<typeof notifierSchema>;

/** The notifier of a kind; the options are checked by `notifierSchema` before. */
export async function createNotifier(options: NotifierOptions): Promise<Notifier> {
  switch (options.kind) {
    case 'slack': {
      const { createSlackNotifier } = await import('./slack.ts');
      return createSlackNotifier(options);
    }
    case 'email': {
      const { createEmailNotifier } = await import('./email.ts');
      return createEmailNotifier(options);
    }
    case 'webhook': {
      const { createWebhookNotifier } = await import('./webhook.ts');
      return createWebhookNotifier(options);
    }
    case 'in-memory': {
      const { createInMemoryNotifier } = await import('./in-memory.ts');
      return createInMemoryNotifier();
    }
    default:
      return options satisfies never;
  }
}
