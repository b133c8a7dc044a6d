import assert from 'node:assert/strict';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { inbox } from '../../src/client/inbox.ts';
import type { CaseAnswer } from '../../src/contracts/messages.ts';
import { NOTICE_LINES_MAX } from '../../src/contracts/notifications.ts';
import type { Channel } from '../../src/contracts/notifications.ts';
import { promotionId } from '../../src/contracts/names.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { openCase } from '../../src/domain/monitoring/case-words.ts';
import { HISTORY_EVENTS_MAX } from '../../src/workflows/limits.ts';
import { BECAUSE, startIncidentStories } from '../incident-stories.ts';
import type { Declared, IncidentStories, IncidentStory } from '../incident-stories.ts';
import { eventually, faultsOfAllRuns, keepHistory } from './stage-run.ts';

const JUDGED: Declared = { newCases: { role: 'reviewer', within: 'P3D' } };
const CHANNEL: Channel = {
  kind: 'webhook',
  id: 'team',
  url: 'https://hooks.example.org',
  secretFrom: 'HOLDFAST_SECRET_TEAM',
  onlyUnanswered: false,
};
const SIGNED = { by: 'eve', reason: 'storms come back' } as const;

describe('the case that an incident proposes', function () {
  this.timeout(60_000);
  let stories: IncidentStories;
  /** Begun before the others: a run that is continued within two seconds is a fault to the rules for histories. */
  let chattered: IncidentStory;
  /** Nobody answers these for a second, which passes meanwhile. */
  let ignored: IncidentStory;
  let escalated: IncidentStory;
  /** Words on these wait until the test lets them be written down. */
  const held = new Map<string, Promise<void>>();

  before(async () => {
    stories = await startIncidentStories(createInMemoryRecordStore(), { beforeSettling: async (id) => held.get(id) });
    const told: ModelDeclaration['notifications'] = { channels: [CHANNEL] };
    ignored = await stories.begin('ignored', { newCases: { role: 'reviewer', within: 'PT1S' } });
    await ignored.recover();
    [chattered, escalated] = await Promise.all([
      proposing('chattered', { ...JUDGED, notifications: told }),
      proposing('told', { ...JUDGED, notifications: { ...told, escalateAfter: 'PT1S' } }),
    ]);
  });
  after(() => stories.stop());

  const proposing = async (model: string, declared: Declared = JUDGED): Promise<IncidentStory> => {
    const story = await stories.begin(model, declared);
    await story.propose();
    return story;
  };
  const word = (story: IncidentStory, name: string, body: object = SIGNED, updateId?: string): Promise<CaseAnswer> =>
    story.handle.executeUpdate<CaseAnswer, [object]>(name, {
      args: [body],
      ...(updateId === undefined ? {} : { updateId }),
    });
  const refusal = async (asked: Promise<unknown>): Promise<string> => {
    try {
      return `taken: ${JSON.stringify(await asked)}`;
    } catch (error) {
      return error instanceof WorkflowUpdateFailedError ? (error.cause?.message ?? '') : String(error);
    }
  };
  const owed = (model: string) => stories.records.transaction(model, (tx) => tx.handoffs(promotionId(model)));

  it('enters the suite with the word of a person, who may tighten it, and promotion hears of it', async () => {
    const story = await proposing('accepted');
    assert.equal(await story.suiteCase(), null);
    assert.deepEqual(await owed('accepted'), []);
    const answer = await word(story, 'acceptCase', { ...SIGNED, maxRegressionPerThousand: 3, minUnits: 100 });
    assert.deepEqual([answer.accepted, answer.message], [true, 'accepted by eve: storms come back']);
    assert.equal(await story.handle.result(), `${BECAUSE}; its case was accepted by eve: storms come back`);
    const { maxRegressionPerThousand, minUnits, where, days, origin } = (await story.suiteCase())!;
    assert.deepEqual([maxRegressionPerThousand, minUnits, where, origin], [3, 100, `"shop" = 'south'`, 'incident']);
    assert.deepEqual(days, { from: '2001-01-03', to: '2001-01-04' });
    assert.deepEqual(
      (await owed('accepted')).map(({ kind, body }) => [kind, body]),
      [['suiteGrew', { caseId: 'incident-2001-01-05-1' }]],
    );
    await keepHistory(story.handle, 'incident--case-accepted-by-a-person');
  });

  it('stays out with the word of a person, and the reason is on record', async () => {
    const story = await proposing('declined');
    await story.handle.signal('declineCase', { by: 'ana', reason: 'a feed was switched off by hand' });
    const reason = await story.handle.result();
    assert.equal(reason, `${BECAUSE}; its case was declined by ana: a feed was switched off by hand`);
    assert.equal(await story.suiteCase(), null);
    assert.deepEqual(await owed('declined'), []);
    const { verdict, by, reason: why, channel } = (await story.proposedCase())!.word!;
    assert.deepEqual([verdict, by, why, channel], ['declined', 'ana', 'a feed was switched off by hand', 'ui']);
    const commands = await stories.records.transaction('declined', (tx) => tx.list('command'));
    assert.deepEqual(
      commands.map(({ body: { command, target, by: who, channel: way, result } }) => [
        command,
        target,
        who,
        way,
        result,
      ]),
      [['declineCase', story.incidentId, 'ana', 'ui', 'taken']],
    );
  });

  it('enters the suite when nobody has answered in time, and the record says so', async () => {
    const story = ignored;
    assert.equal(
      await story.handle.result(),
      `${BECAUSE}; its case was accepted without a word: nobody answered within 1 second`,
    );
    assert.equal((await story.suiteCase())?.maxRegressionPerThousand, 4);
    assert.equal((await story.proposedCase())?.word?.by, null);
    assert.deepEqual(await stories.records.transaction('ignored', (tx) => tx.list('command')), []);
    await keepHistory(story.handle, 'incident--case-accepted-without-a-word');
  });

  it('enters at once where the model asks nobody', async () => {
    const story = await stories.begin('unattended');
    await story.recover();
    assert.equal(await story.handle.result(), BECAUSE);
    assert.equal((await story.suiteCase())?.id, 'incident-2001-01-05-1');
    assert.equal(await story.proposedCase(), null);
  });

  it('takes no word before it is proposed, none of the wrong people, and no second one', async () => {
    const story = await stories.begin('refusing', JUDGED);
    await story.until(({ inWords }) => inWords === 'waits for recovery');
    assert.equal(
      await refusal(word(story, 'acceptCase')),
      'no case is proposed yet, the incident is not over: waits for recovery',
    );
    await story.propose();
    assert.equal(
      await refusal(word(story, 'acceptCase', { by: 'ben', reason: 'why not' })),
      'ben does not hold role reviewer; these do: ana, eve',
    );
    await story.handle.signal('acceptCase', { by: 'ben', reason: 'why not' });
    assert.notEqual(openCase((await story.status()).newCase), null);
    let write = (): void => undefined;
    held.set(story.incidentId, new Promise((resolve) => void (write = resolve)));
    const once = { ...SIGNED, commandId: 'once' };
    await word(story, 'acceptCase', once);
    assert.equal(
      (await word(story, 'acceptCase', once, 'another-update')).message,
      'accepted by eve: storms come back',
    );
    assert.equal(
      await refusal(word(story, 'declineCase', { by: 'ana', reason: 'no' })),
      'the case is decided already: accepted by eve: storms come back',
    );
    write();
    await story.handle.result();
  });

  it('waits on through continue-as-new for as long as was said, however many words were not taken', async () => {
    const story = chattered;
    const { newCase } = await story.status();
    const first = (await story.handle.describe()).runId;
    // Until there are enough of them: a run that is told something at every moment finds none to be continued at.
    const isShort = async (): Promise<boolean> => {
      const { runId, historyLength } = await story.handle.describe();
      return runId === first && historyLength <= HISTORY_EVENTS_MAX;
    };
    while (await isShort())
      await Promise.all(
        Array.from({ length: 60 }, () => story.handle.signal('declineCase', { by: 'mallory', reason: 'no' })),
      );
    await eventually(
      () => story.handle.describe(),
      ({ runId }) => runId !== first,
    );
    assert.deepEqual((await story.status()).newCase, newCase);
    const told = stories.told.filter(({ process, topic }) => process === story.incidentId && topic === 'case');
    assert.equal(told.length, 1);
    await keepHistory(story.handle, 'incident--continued-with-its-proposed-case');
    await word(story, 'acceptCase');
    assert.match(String(await story.handle.result()), /accepted by eve/);
  });

  it('is closed for monitoring while it waits, and nothing of the unattended clock waits for it', async () => {
    const story = await proposing('closed');
    const [incident, unsettled] = await stories.records.transaction('closed', async (tx) => [
      await tx.get('incident', story.incidentId),
      await tx.unsettled(Number.MAX_SAFE_INTEGER),
    ]);
    assert.deepEqual([incident?.closingReason, incident?.caseId], [BECAUSE, null]);
    assert.ok(!unsettled.includes(story.incidentId));
  });

  it('is shown with what it asks, who may judge it, and the JSON that does', async () => {
    const story = await proposing('shown');
    const words = await story.handle.query<string>('explain');
    assert.match(
      words,
      /\*\*New case\*\* incident-2001-01-05-1: rows where `"shop" = 'south'` of 2001-01-03 to 2001-01-04: at most 4 extra/,
    );
    assert.match(words, /\*\*Seen\*\* worse than the constant .*; shop south carries 100 % of the excess/);
    assert.match(words, /\*\*Labelled\*\* 480 units/);
    assert.match(words, /\*\*Who may\*\* ana, eve \(reviewer\)/);
    assert.match(words, /^npx holdfast case accept incident\/shown\/2001-01-05-1 --as NAME --reason "…"$/m);
    assert.match(words, /^npx holdfast case decline incident\/shown\/2001-01-05-1 --as NAME --reason "…"$/m);
    const found = await eventually(
      () => inbox(stories.client, null),
      ({ waiting }) => waiting.some(({ id }) => id === story.incidentId),
    );
    const { waitsFor, deadline, next } = found.waiting.find(({ id }) => id === story.incidentId)!;
    assert.deepEqual([waitsFor, deadline], ['a word on the new case', 'running']);
    assert.deepEqual(next, { orders: ['acceptCase', 'declineCase'], body: { by: 'YOUR-NAME', reason: 'WHY' } });
  });

  it('is told to people once in eight lines, and again when nobody has answered', async () => {
    const story = escalated;
    const toldOf = () =>
      stories.told.filter(({ process, topic }) => process === story.incidentId && topic !== 'incident');
    const [first, again] = await eventually(
      async () => toldOf(),
      ({ length }) => length === 2,
    );
    assert.equal(first?.subject, 'told: a word on a new case is asked — incident-2001-01-05-1, by ana or eve');
    assert.equal(first.text.length, NOTICE_LINES_MAX - 1, 'the link would be the eighth');
    assert.match(first.text.join('\n'), /^Until when: \d{4}-.*; without a word by then it is accepted$/m);
    assert.equal(first.command, `npx holdfast case accept ${story.incidentId} --as NAME --reason "…"`);
    assert.deepEqual([first.topic, again?.topic], ['case', 'escalation']);
    assert.match(again?.subject ?? '', /^told: nobody has answered for 1 second — a word on a new case is asked/);
    await word(story, 'declineCase');
    await story.handle.result();
    assert.equal(toldOf().length, 2);
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});
