import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHttpReceiver, startMailReceiver } from '../adapters/notifier/receivers.ts';
import { captured } from './captured.ts';

describe('holdfast notification test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-notification-'));
  const file = join(folder, 'model.yaml');
  const secrets = ['SLACK', 'SMTP', 'HOOK'].map((name) => `HOLDFAST_SECRET_TEST_${name}`);
  const [slack = '', smtp = '', hook = ''] = secrets;
  after(() => {
    rmSync(folder, { recursive: true });
    for (const name of secrets) delete process.env[name];
  });

  const declare = (url: string, channels = ''): void =>
    writeFileSync(
      file,
      `${readFileSync('test/fixtures/broken-models/sound.yaml', 'utf8')}
notifications:
  channels:
    - { kind: slack, id: team, urlFrom: ${slack} }
    - { kind: email, id: mail, to: [ana@example.org], from: holdfast@example.org, serverFrom: ${smtp} }
    - { kind: webhook, id: hook, url: ${url}, secretFrom: ${hook} }
${channels}`,
    );

  it('sends to every channel, says which failed and why, and shows the message before', async () => {
    const [http, mail] = await Promise.all([startHttpReceiver(), startMailReceiver()]);
    declare(http.url);
    process.env[slack] = http.url;
    process.env[smtp] = mail.url;
    process.env[hook] = 'a secret of enough characters';
    const dry = await captured(['notification', 'test', file, '--dry-run']);
    assert.match(dry.stdout, /^to team, mail, hook:\n\S+: a test message\nWhat changes: nothing\n/);
    assert.equal(http.posts.length + mail.mails.length, 0);
    const { exitCode, stdout } = await captured(['notification', 'test', file]);
    assert.deepEqual([exitCode, stdout], [0, 'sent    team (slack)\nsent    mail (email)\nsent    hook (webhook)\n']);
    assert.deepEqual([http.posts.length, mail.mails.length], [2, 1]);
    http.answers.push(404);
    delete process.env[hook];
    const failed = await captured(['notification', 'test', file, '--json']);
    assert.equal(failed.exitCode, 1);
    const { tried } = JSON.parse(failed.stdout) as { tried: Array<{ sent: boolean; reason: string | null }> };
    assert.deepEqual(
      tried.map(({ sent }) => sent),
      [false, true, false],
    );
    assert.match(tried[0]?.reason ?? '', /Slack answered 404: as told \(NOTIFIER_REFUSED\)/);
    assert.match(
      tried[2]?.reason ?? '',
      new RegExp(`${hook} of channel hook is not set \\(NOTIFIER_SECRET_MISSING\\)`),
    );
    await Promise.all([http.close(), mail.close()]);
  });

  for (const [title, words, message] of [
    ['a channel that is not declared', ['--channel', 'tem'], /there is team, mail, hook \(did you mean team\?\)/],
  ] as const)
    it(`refuses ${title}`, async () => {
      declare('http://127.0.0.1:1');
      const { exitCode, stderr } = await captured(['notification', 'test', file, ...words]);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });

  it('refuses a channel that is told of nothing: only of what is unanswered, and nothing says when that is', async () => {
    declare('http://127.0.0.1:1', `    - { kind: slack, id: boss, urlFrom: ${slack}, onlyUnanswered: true }\n`);
    const { exitCode, stderr } = await captured(['validate', file]);
    assert.equal(exitCode, 1);
    assert.match(stderr, /onlyUnanswered: is true, and nothing says when a request counts as unanswered/);
  });
});
