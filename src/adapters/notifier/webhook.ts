import { createHmac } from 'node:crypto';
import type { Notifier } from './port.ts';
import { post } from './post.ts';

export interface WebhookOptions {
  readonly kind: 'webhook';
  readonly url: string;
  readonly secret: string;
}

/**
 * JSON with a signature: `Holdfast-Signature: v1=<HMAC-SHA256 of "timestamp.body", hex>`. The receiver computes the same over
 * `Holdfast-Timestamp` (seconds) and the body as it came, refuses an old timestamp, and drops an id (`Holdfast-Id`) that it has had.
 */
export function createWebhookNotifier({ url, secret }: WebhookOptions): Notifier {
  return {
    async send({ topic, id, model, process, subject, lines, command, link }) {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const body = JSON.stringify({ id, topic, model, process, subject, lines, command, link });
      const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
      await post('the webhook', url, body, {
        'holdfast-id': id,
        'holdfast-timestamp': timestamp,
        'holdfast-signature': `v1=${signature}`,
      });
    },
  };
}
