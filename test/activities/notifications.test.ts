import assert from 'node:assert/strict';
import { createNotificationActivities } from '../../src/activities/notifications.ts';
import { createInMemoryNotifier } from '../../src/adapters/notifier/in-memory.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { Channel, Notice } from '../../src/contracts/notifications.ts';
import { activityEnvironment } from './small-world.ts';
import { ladderOf } from '../workflows/rollout-stories.ts';

const NOTICE: Notice = {
  topic: 'approval',
  id: 'rollout/shop/9f3a2c41-1/approval/3',
  model: 'shop',
  process: 'rollout/shop/9f3a2c41-1',
  subject: 'shop: an approval is asked',
  lines: ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'],
  command: 'npx holdfast approve',
};
const channel = (id: string, more: Partial<Pick<Channel, 'topics' | 'onlyUnanswered'>> = {}): Channel => ({
  kind: 'webhook',
  id,
  url: 'https://hooks.example.org',
  secretFrom: 'HOLDFAST_SECRET_TEAM',
  onlyUnanswered: false,
  ...more,
});

/** A model with these channels; `failing` says how a channel fails at its next messages. */
async function desk(channels: Channel[], failing: Record<string, HoldfastError[]> = {}) {
  const records = createInMemoryRecordStore();
  const declaration = { ...ladderOf('shop'), notifications: { channels } };
  await records.transaction('shop', (tx) =>
    tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' }),
  );
  const sent: string[] = [];
  const activities = createNotificationActivities({
    records,
    uiUrl: 'http://ui.example.org/',
    notifier: async ({ id }) => ({
      async send(message) {
        const failure = failing[id]?.shift();
        if (failure !== undefined) throw failure;
        sent.push(`${id}: ${message.topic}`);
        last.send(message).catch(() => undefined);
      },
    }),
  });
  const last = createInMemoryNotifier();
  return {
    sent,
    last,
    notify: (notice: Notice) => activityEnvironment().run((given: Notice) => activities.notify(given), notice),
  };
}

describe('telling people', () => {
  it('sends no second message on a retry to a channel that has taken the first', async () => {
    const away = new HoldfastError('NOTIFIER_UNAVAILABLE', 'the mail server does not answer');
    const { sent, notify } = await desk([channel('team'), channel('mail')], { mail: [away] });
    await assert.rejects(notify(NOTICE), away);
    assert.deepEqual(sent, ['team: approval']);
    assert.deepEqual(await notify(NOTICE), { refused: [] });
    await notify(NOTICE);
    assert.deepEqual(sent, ['team: approval', 'mail: approval']);
  });

  it('says which channel refuses for good, and tells the others', async () => {
    const gone = new HoldfastError('NOTIFIER_REFUSED', 'Slack answered 404: no_team');
    const { sent, notify } = await desk([channel('slack'), channel('mail')], { slack: [gone] });
    assert.deepEqual(await notify(NOTICE), { refused: ['slack: Slack answered 404: no_team'] });
    assert.deepEqual(sent, ['mail: approval']);
  });

  it('tells a channel what it asks for, and every channel what nobody has answered', async () => {
    const { sent, notify } = await desk([
      channel('all'),
      channel('trouble', { topics: ['rollback', 'incident'] }),
      channel('boss', { onlyUnanswered: true }),
    ]);
    await notify(NOTICE);
    await notify({ ...NOTICE, topic: 'rollback', id: 'back' });
    assert.deepEqual(sent, ['all: approval', 'all: rollback', 'trouble: rollback']);
    sent.length = 0;
    await notify({ ...NOTICE, topic: 'escalation', id: 'again' });
    assert.deepEqual(sent, ['all: escalation', 'trouble: escalation', 'boss: escalation']);
  });

  it('fits a message into eight lines, the link and the command last', async () => {
    const { last, notify } = await desk([channel('team')]);
    await notify({ ...NOTICE, lines: NOTICE.lines.map((line) => `${line}\n${'x'.repeat(500)}`) });
    const [{ text } = { text: [] }] = last.sent;
    assert.equal(text.length, 8);
    assert.ok(text.every((line) => line.length <= 400 && !line.includes('\n')));
    assert.deepEqual(text.slice(-2), [
      'See: http://ui.example.org/namespaces/default/workflows/rollout%2Fshop%2F9f3a2c41-1',
      'To answer: npx holdfast approve',
    ]);
  });
});
