/** Telling people: each channel of a model once, with what has been taken on record, so that a retry repeats nothing that arrived. */
import { Context } from '@temporalio/activity';
import { HoldfastError } from '../contracts/errors.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import type { Channel, Notice } from '../contracts/notifications.ts';
import type { NotificationActivities } from '../contracts/workflows.ts';
import type { Message } from '../adapters/notifier/port.ts';
import { durationMs } from '../domain/time.ts';
import { messageOf } from '../pages/message.ts';
import { modelContext } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';

/** Activities that tell people. */
export function createNotificationActivities(ports: NotificationPorts): NotificationActivities {
  return { notify: (notice) => notify(ports, notice, Context.current().info.workflowNamespace ?? 'default') };
}

type NotificationPorts = Pick<ActivityPorts, 'records' | 'notifier' | 'uiUrl'>;

async function notify(ports: NotificationPorts, notice: Notice, namespace: string): Promise<{ refused: string[] }> {
  const { records, uiUrl } = ports;
  const { model } = notice;
  const { declaration } = await records.transaction(model, modelContext);
  const channels = (declaration.notifications?.channels ?? []).filter((channel) => wants(channel, notice));
  const message = messageOf(notice, uiUrl, namespace);
  const refused: string[] = [];
  let unavailable: unknown = null;
  for (const channel of channels) {
    try {
      await tellOnce(ports, channel, message);
    } catch (error) {
      if (error instanceof HoldfastError && error.kind === 'terminal') refused.push(`${channel.id}: ${error.message}`);
      else unavailable = error;
    }
  }
  // The others have been told: trying again tells only whoever has not.
  if (unavailable !== null) throw unavailable;
  return { refused };
}

/** What nobody has answered goes to every channel, also to those that are asked for nothing else. */
function wants({ topics, onlyUnanswered }: Channel, { topic }: Notice): boolean {
  if (topic === 'escalation' || topic === 'test') return true;
  return !onlyUnanswered && (topics === undefined || topics.some((wanted) => wanted === topic));
}

/** Dies the process between the two, the message is sent again under the same id. */
async function tellOnce({ records, notifier }: NotificationPorts, channel: Channel, message: Message): Promise<void> {
  const { model, id } = message;
  const key = `notice/${id}/${channel.id}`;
  if ((await records.transaction(model, (tx) => tx.get('memory', key))) !== null) return;
  await (await notifier(channel)).send(message);
  await records.transaction(model, (tx) => tx.put('memory', key, { value: 'sent' }));
}

/** Whether a model tells anybody, and after how long without an answer again; what carries no such field tells nobody. */
export function escalationOf({ notifications }: Pick<ModelDeclaration, 'notifications'>): {
  readonly notifications?: { readonly escalateAfterMs: number | null };
} {
  if (notifications === undefined) return {};
  const { escalateAfter } = notifications;
  return { notifications: { escalateAfterMs: escalateAfter === undefined ? null : durationMs(escalateAfter) } };
}
