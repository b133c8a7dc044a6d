/** Telling again what nobody has answered. */
import { condition, isCancellation } from '@temporalio/workflow';
import type { Notice } from '../contracts/notifications.ts';
import { epochMs } from '../domain/time.ts';
import type { Display } from './display.ts';
import type { Notices } from './notices.ts';
import { workflowNow } from './workflow-time.ts';

export interface Escalation {
  /**
   * Looks whether a person is waited for since another moment; call after everything that may have changed it.
   * @param afterMs Workflow time after which nobody has answered, milliseconds; null: never
   */
  look(afterMs: number | null): void;
}

/**
 * @param display Knows since when a person is waited for
 * @param unanswered What is told when nobody has answered since then; null where there is nothing to answer any more
 */
export function createEscalation(
  display: Display,
  notices: Pick<Notices, 'tell'>,
  unanswered: (since: string, afterMs: number) => Notice | null,
): Escalation {
  let awaited: string | null = null;
  const awaitAnswer = async (since: string, afterMs: number): Promise<void> => {
    const leftMs = Math.max(1, epochMs(since) + afterMs - workflowNow());
    if (await condition(() => display.waitsSince !== since, leftMs, { summary: 'until nobody has answered' })) return;
    const news = unanswered(since, afterMs);
    if (news !== null) notices.tell(news);
  };
  return {
    look(afterMs) {
      const { waitsSince } = display;
      if (waitsSince === awaited) return;
      awaited = waitsSince;
      if (waitsSince !== null && afterMs !== null) {
        awaitAnswer(waitsSince, afterMs).catch((error: unknown) => {
          if (!isCancellation(error)) throw error;
        });
      }
    },
  };
}
