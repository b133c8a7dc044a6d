import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { HoldfastError } from '../../contracts/errors.ts';
import type { Notifier } from './port.ts';

export interface EmailOptions {
  readonly kind: 'email';
  /** smtp://user:password@host:port, or smtps:// for TLS from the first byte. */
  readonly server: string;
  readonly from: string;
  readonly to: readonly string[];
}

const DEADLINE_MS = 10_000;
/** SMTP: what begins with 5 is refused for good. Source: RFC 5321, 4.2.1. */
const isForGood = (code: number | undefined): boolean => code !== undefined && code >= 500;

/** Mail over SMTP. The Message-ID follows from the notice's id, so that a mailbox shows a repetition once. */
export function createEmailNotifier({ server, from, to }: EmailOptions): Notifier {
  const transport = createTransport({
    url: server,
    connectionTimeout: DEADLINE_MS,
    greetingTimeout: DEADLINE_MS,
    socketTimeout: DEADLINE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ id, text }) {
      const messageId = `<${createHash('sha256').update(id).digest('hex').slice(0, 32)}@holdfast>`;
      const [subject = ''] = text;
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject,
          messageId,
          text: `${text.join('\n')}\n`,
          headers: { 'Holdfast-Id': id },
        });
      } catch (error) {
        throw failureOf(error);
      }
    },
  };
}

function failureOf(error: unknown): HoldfastError {
  const { responseCode, response, message, code } = error as Error & {
    readonly responseCode?: number;
    readonly response?: string;
    readonly code?: string;
  };
  const words = response ?? (code === undefined ? message : `${code}: ${message}`);
  return isForGood(responseCode)
    ? new HoldfastError('NOTIFIER_REFUSED', `the mail server answered ${words}`, { cause: error })
    : new HoldfastError('NOTIFIER_UNAVAILABLE', `the mail server does not take it: ${words}`, { cause: error });
}
