/** What a rollout tells people without being asked, and what it tells again when nobody answers. */
import type { Notice } from '../contracts/notifications.ts';
import type { RolloutInput } from '../contracts/workflows.ts';
import { newsOf, unanswered } from '../domain/rollout/notices.ts';
import type { RolloutNotice } from '../domain/rollout/notices.ts';
import type { Display } from './display.ts';
import { createEscalation } from './escalation.ts';
import { createNotices } from './notices.ts';
import type { Notices } from './notices.ts';
import type { RolloutDesk } from './rollout-doors.ts';

export interface RolloutNews extends Omit<Notices, 'tell'> {
  /** Tells what is new in the state. A model without channels costs nothing. */
  look(): void;
}

/** @param display Knows since when a person is waited for */
export function createRolloutNews(input: RolloutInput, desk: RolloutDesk, display: Display): RolloutNews {
  const notices = createNotices(input);
  const { rolloutId, model } = input;
  const noticeOf = ({ key, ...news }: RolloutNotice): Notice => ({
    ...news,
    id: `${rolloutId}/${key}`,
    model,
    process: rolloutId,
  });
  const escalation = createEscalation(display, notices, (since, afterMs) => {
    const news = unanswered(input, desk.state, since, afterMs);
    return news === null ? null : noticeOf(news);
  });
  return {
    leave: () => notices.leave(),
    settled: () => notices.settled(),
    look() {
      const { state } = desk;
      const wanted = state.brief?.notifications;
      if (wanted === undefined) return;
      for (const news of newsOf(input, state)) notices.tell(noticeOf(news));
      escalation.look(wanted.escalateAfterMs);
    },
  };
}
