import type { Notice } from '../../contracts/notifications.ts';

/** A message ready to be sent: the notice, and where to look. */
export interface Message extends Notice {
  /** Every line of the text, the subject first. */
  readonly text: readonly string[];
  /** Page of the process that speaks; null where no address of the web UI is known. */
  readonly link: string | null;
}

/** Tells people outside of Holdfast. */
export interface Notifier {
  /**
   * Sends a message; resolves when the receiver has taken it. At least once: whoever calls again after a failure may repeat what arrived,
   * under the same id, by which the receiver can drop it.
   * @throws NOTIFIER_UNAVAILABLE (retryable); NOTIFIER_REFUSED when sending it again cannot help
   */
  send(message: Message): Promise<void>;
}
