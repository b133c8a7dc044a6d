import type { Notifier } from './port.ts';
import { post } from './post.ts';

export interface SlackOptions {
  readonly kind: 'slack';
  /** Address of the incoming webhook: whoever knows it can write there. */
  readonly url: string;
}

/** Limits of Slack: text of a section, and the id of a block. */
const SECTION_MAX = 3000;
const BLOCK_ID_MAX = 255;

/** An incoming webhook of Slack. The id travels as the block's: Slack itself drops nothing. */
export function createSlackNotifier({ url }: SlackOptions): Notifier {
  return {
    async send({ id, text }) {
      const [subject = '', ...rest] = text.map(escaped);
      const shown = [`*${subject}*`, ...rest].join('\n').slice(0, SECTION_MAX);
      const section = { type: 'section', block_id: id.slice(-BLOCK_ID_MAX), text: { type: 'mrkdwn', text: shown } };
      await post('Slack', url, JSON.stringify({ text: subject, blocks: [section] }), {});
    },
  };
}

/** The three characters that Slack's markup reserves. Source: Slack, "Formatting text for app surfaces". */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
