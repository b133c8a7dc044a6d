import type { Message, Notifier } from './port.ts';

/** Keeps what was sent, for development and tests. */
export function createInMemoryNotifier(): Notifier & { readonly sent: readonly Message[] } {
  const sent: Message[] = [];
  return {
    sent,
    send: async (message) => void sent.push(message),
  };
}
