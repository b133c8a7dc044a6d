import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createEmailNotifier } from '../../../src/adapters/notifier/email.ts';
import { createInMemoryNotifier } from '../../../src/adapters/notifier/in-memory.ts';
import { createNotifier, notifierSchema } from '../../../src/adapters/notifier/index.ts';
import type { Notifier } from '../../../src/adapters/notifier/port.ts';
import { createSlackNotifier } from '../../../src/adapters/notifier/slack.ts';
import { createWebhookNotifier } from '../../../src/adapters/notifier/webhook.ts';
import { HoldfastError } from '../../../src/contracts/errors.ts';
import { closedPort, MESSAGE, startHttpReceiver, startMailReceiver } from './receivers.ts';
import type { HttpReceiver, MailReceiver } from './receivers.ts';

const SECRET = 'sixteen characters';

describe('notifiers', () => {
  let http: HttpReceiver;
  let mail: MailReceiver;
  let nobody: number;

  before(async () => {
    http = await startHttpReceiver();
    mail = await startMailReceiver();
    nobody = await closedPort();
  });
  after(async () => {
    await http.close();
    await mail.close();
  });

  const failure = async (notifier: Notifier): Promise<string> => {
    const thrown: unknown = await notifier.send(MESSAGE).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof HoldfastError, String(thrown));
    return `${thrown.code} ${thrown.message}`;
  };

  const kinds = () =>
    [
      ['slack', http, createSlackNotifier({ kind: 'slack', url: http.url }), 503, 404],
      ['webhook', http, createWebhookNotifier({ kind: 'webhook', url: http.url, secret: SECRET }), 429, 410],
      [
        'email',
        mail,
        createEmailNotifier({ kind: 'email', server: mail.url, from: 'a@x.org', to: ['b@x.org'] }),
        451,
        550,
      ],
    ] as const;
  for (const [index, kind] of (['slack', 'webhook', 'email'] as const).entries())
    it(`resolve once the receiver has taken it, and tell what passes from what is refused for good: ${kind}`, async () => {
      const [, receiver, notifier, passing, final] = kinds()[index]!;
      const taken = (): number => ('posts' in receiver ? receiver.posts : receiver.mails).length;
      const before = taken();
      await notifier.send(MESSAGE);
      assert.equal(taken(), before + 1);
      receiver.answers.push(passing, final);
      assert.match(await failure(notifier), /^NOTIFIER_UNAVAILABLE .*as told/);
      assert.match(await failure(notifier), /^NOTIFIER_REFUSED .*as told/);
    });

  it('never say the address of a receiver, which may be a secret', async () => {
    const url = `http://127.0.0.1:${nobody}/services/T0/B0/secret`;
    assert.equal(
      await failure(createSlackNotifier({ kind: 'slack', url })),
      'NOTIFIER_UNAVAILABLE Slack does not answer: ECONNREFUSED',
    );
    assert.match(
      await failure(
        createEmailNotifier({
          kind: 'email',
          server: `smtp://u:geheim@127.0.0.1:${nobody}`,
          from: 'a@x.org',
          to: ['b@x.org'],
        }),
      ),
      /^NOTIFIER_UNAVAILABLE the mail server does not take it: (?!.*geheim)/,
    );
    assert.match(
      await failure(createEmailNotifier({ kind: 'email', server: mail.wrongUrl, from: 'a@x.org', to: ['b@x.org'] })),
      /^NOTIFIER_REFUSED the mail server answered 535 (?!.*shut)/,
    );
  });

  it('sign a webhook over timestamp and body, with the id to drop repetitions by', async () => {
    await createWebhookNotifier({ kind: 'webhook', url: http.url, secret: SECRET }).send(MESSAGE);
    const { headers, body } = http.posts.at(-1)!;
    const timestamp = String(headers['holdfast-timestamp']);
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 60);
    const expected = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
    assert.equal(headers['holdfast-signature'], `v1=${expected}`);
    assert.equal(headers['holdfast-id'], MESSAGE.id);
    const { text: _text, ...sent } = MESSAGE;
    assert.deepEqual(JSON.parse(body), sent);
  });

  it('write to Slack what its markup would swallow', async () => {
    await createSlackNotifier({ kind: 'slack', url: http.url }).send(MESSAGE);
    const { blocks } = JSON.parse(http.posts.at(-1)!.body) as {
      blocks: [{ block_id: string; text: { text: string } }];
    };
    assert.equal(blocks[0].block_id, MESSAGE.id);
    assert.match(
      blocks[0].text.text,
      /^\*shop: an approval is asked — fresh &lt;fast&gt; &amp; safe, canary at 5 %\*\nWhat changes/,
    );
  });

  it('send a mail to everyone, under a Message-ID that a repetition has too', async () => {
    const server = mail.url;
    const notifier = createEmailNotifier({
      kind: 'email',
      server,
      from: 'holdfast@x.org',
      to: ['ana@x.org', 'ben@x.org'],
    });
    await notifier.send(MESSAGE);
    await notifier.send(MESSAGE);
    const [first, second] = mail.mails.slice(-2);
    const idIn = (source = ''): string | undefined => /^Message-ID: (<[0-9a-f]{32}@holdfast>)/im.exec(source)?.[1];
    assert.deepEqual(first?.to, ['ana@x.org', 'ben@x.org']);
    assert.ok(idIn(first?.source) !== undefined && idIn(first?.source) === idIn(second?.source), first?.source);
    assert.match(first?.source ?? '', /^Holdfast-Id: rollout\/shop/im);
  });

  it('are made of their options, and refuse a secret that is too short to sign with', async () => {
    const options = { kind: 'webhook', url: http.url, secret: 'short' };
    assert.equal(notifierSchema.safeParse(options).success, false);
    for (const known of [
      { kind: 'in-memory' },
      { kind: 'slack', url: http.url },
      { ...options, secret: SECRET },
      { kind: 'email', server: mail.url, from: 'a@x.org', to: ['b@x.org'] },
    ])
      await (await createNotifier(notifierSchema.parse(known))).send(MESSAGE);
    const kept = createInMemoryNotifier();
    await kept.send(MESSAGE);
    assert.deepEqual(kept.sent, [MESSAGE]);
  });
});
