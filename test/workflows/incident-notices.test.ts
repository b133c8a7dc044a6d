import assert from 'node:assert/strict';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { composeNotifier } from '../../src/compose.ts';
import { NOTICE_LINES_MAX } from '../../src/contracts/notifications.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { startHttpReceiver, startMailReceiver } from '../adapters/notifier/receivers.ts';
import type { HttpReceiver, MailReceiver } from '../adapters/notifier/receivers.ts';
import { BECAUSE, startIncidentStories } from '../incident-stories.ts';
import type { IncidentStories, IncidentStory } from '../incident-stories.ts';
import { eventually, faultsOfAllRuns, keepHistory } from './stage-run.ts';

const SMTP = 'HOLDFAST_SECRET_TEST_INCIDENT_SMTP';
const HOOK = 'HOLDFAST_SECRET_TEST_INCIDENT_HOOK';

describe('an incident that needs a person', function () {
  this.timeout(60_000);
  let http: HttpReceiver;
  let mail: MailReceiver;
  let stories: IncidentStories;
  /** Over at once, before the others are begun. */
  let answered: IncidentStory;
  before(async () => {
    [http, mail] = await Promise.all([startHttpReceiver(), startMailReceiver()]);
    process.env[SMTP] = mail.url;
    process.env[HOOK] = 'a secret of enough characters';
    // The channels as the worker makes them: real receivers, secrets from the environment.
    stories = await startIncidentStories(createInMemoryRecordStore(), { notifier: composeNotifier });
    answered = await begin('answered', 'PT1S');
    await answered.recover();
    await answered.handle.result();
  });
  after(async () => {
    await stories.stop();
    await Promise.all([http.close(), mail.close()]);
    delete process.env[SMTP];
    delete process.env[HOOK];
  });

  const begin = (model: string, escalateAfter?: string): Promise<IncidentStory> => {
    const hook = { kind: 'webhook', id: 'team', url: http.url, secretFrom: HOOK, onlyUnanswered: false } as const;
    const to = [`${model}@example.org`];
    const boss = { kind: 'email', id: 'boss', to, from: 'holdfast@example.org', serverFrom: SMTP } as const;
    const notifications: ModelDeclaration['notifications'] = {
      channels: [hook, { ...boss, onlyUnanswered: escalateAfter !== undefined }],
      ...(escalateAfter === undefined ? {} : { escalateAfter }),
    };
    return stories.begin(model, { response: 'page', notifications });
  };
  const postsOf = ({ incidentId }: IncidentStory) =>
    http.posts
      .map(({ headers, body }) => ({
        id: String(headers['holdfast-id']),
        ...(JSON.parse(body) as { topic: string; process: string; subject: string; command: string }),
      }))
      .filter(({ process: from }) => from === incidentId);
  const mailsOf = ({ model }: IncidentStory) => mail.mails.filter(({ to }) => to.includes(`${model}@example.org`));
  /** A mail as it is read: long lines are broken on the way, those of its text with `=`. */
  const textOf = ({ source }: { readonly source: string }): string =>
    source.replaceAll('=\r\n', '').replaceAll('\r\n ', ' ').replaceAll('\r\n', '\n');

  it('tells the channel once, and everybody when nobody answers', async () => {
    const story = await begin('ignored', 'PT1S');
    const posts = await eventually(
      async () => postsOf(story),
      ({ length }) => length === 2,
    );
    const [first, again] = posts;
    assert.equal(first?.id, `${story.incidentId}/opened`);
    assert.deepEqual(
      posts.map(({ topic }) => topic),
      ['incident', 'escalation'],
    );
    assert.equal(first?.subject, 'ignored: an incident needs a person — better');
    assert.match(again?.subject ?? '', /^ignored: nobody has answered for 1 second — an incident needs a person/);
    assert.equal(again?.command, `npx holdfast explain ${story.incidentId}`);
    const [escalated, ...others] = await eventually(
      async () => mailsOf(story),
      ({ length }) => length > 0,
    );
    assert.deepEqual(others, []);
    const words = textOf(escalated!);
    assert.match(words, new RegExp(`^Holdfast-Id: +${again?.id}$`, 'im'));
    assert.match(words, /^What changes: a person is asked to look; nothing was changed$/m);
    assert.match(words, new RegExp(`^To answer: npx holdfast explain ${story.incidentId}$`, 'm'));
    assert.ok(words.split('\n\n').at(-1)!.trim().split('\n').length <= NOTICE_LINES_MAX);
    await story.recover();
    assert.equal(await story.handle.result(), BECAUSE);
    assert.deepEqual([postsOf(story).length, mailsOf(story).length], [2, 1]);
    await keepHistory(story.handle, 'incident--people-told-again');
  });

  it('tells nobody again when it is over before', () =>
    assert.deepEqual([postsOf(answered).length, mailsOf(answered).length], [1, 0]));

  it('goes on and ends where a mail server refuses for good, and tries a receiver that is away under the same id', async () => {
    http.answers.push(503);
    mail.answers.push(550, 550);
    const story = await begin('refused');
    await story.recover();
    assert.equal(await story.handle.result(), BECAUSE);
    const opened = `${story.incidentId}/opened`;
    assert.deepEqual(
      postsOf(story).map(({ id }) => id),
      [opened, opened],
    );
    assert.deepEqual(mailsOf(story), []);
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});
