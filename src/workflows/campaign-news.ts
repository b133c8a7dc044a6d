/** What a campaign tells people without being asked, and what it tells again when nobody answers. */
import type { CampaignInput } from '../contracts/label-campaign.ts';
import type { Notice } from '../contracts/notifications.ts';
import type { CampaignState } from '../domain/collection/campaign.ts';
import { campaignNews, unansweredCampaign } from '../domain/collection/campaign-words.ts';
import type { CampaignNotice } from '../domain/collection/campaign-words.ts';
import type { Display } from './display.ts';
import { createEscalation } from './escalation.ts';
import { createNotices } from './notices.ts';
import type { Notices } from './notices.ts';

export interface CampaignNews extends Omit<Notices, 'tell'> {
  /** Tells what is new. A model without channels costs nothing. */
  look(): void;
}

/** @param display Knows since when people are waited for */
export function createCampaignNews(input: CampaignInput, state: () => CampaignState, display: Display): CampaignNews {
  const { model, campaignId } = input;
  const notices = createNotices(input);
  const noticeOf = ({ key, ...news }: CampaignNotice): Notice => {
    return { ...news, id: `${campaignId}/${key}`, model, process: campaignId };
  };
  const escalation = createEscalation(display, notices, (since, afterMs) => {
    const news = unansweredCampaign(model, campaignId, state(), since, afterMs);
    return news === null ? null : noticeOf(news);
  });
  return {
    leave: () => notices.leave(),
    settled: () => notices.settled(),
    look() {
      const wanted = state().brief?.notifications;
      if (wanted === undefined) return;
      for (const news of campaignNews(model, campaignId, state())) notices.tell(noticeOf(news));
      escalation.look(wanted.escalateAfterMs);
    },
  };
}
