import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platformFileIn } from '../../src/platform/platform-file.ts';
import { captured } from './captured.ts';

interface Document {
  readonly views: ReadonlyArray<{ readonly name: string; readonly url: string }>;
}

describe('holdfast views', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-views-'));
  const leaveWord = (uiUrl: string | null): void =>
    writeFileSync(platformFileIn(folder), JSON.stringify({ environment: { TEMPORAL_NAMESPACE: 'models' }, uiUrl }));
  const views = (...argv: string[]) => captured(['views', '--state-dir', folder, ...argv]);
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('links to the web UI and namespace of the platform, one view a link', async () => {
    leaveWord('http://127.0.0.1:9233');
    const { exitCode, stdout } = await views('--json');
    assert.equal(exitCode, 0);
    const links = (JSON.parse(stdout) as Document).views;
    assert.deepEqual(
      links.map(({ name }) => name),
      ['Waiting for a person', 'Rolling out', 'In incident', 'Past deadline', 'Wedged', 'Rolled back'],
    );
    for (const { name, url } of links) {
      assert.ok(url.startsWith('http://127.0.0.1:9233/namespaces/models/workflows?'), url);
      assert.equal(new URL(url).searchParams.get('savedQuery'), name);
    }
  });

  it('takes the address of another web UI', async () => {
    leaveWord(null);
    const { stdout } = await views('--ui', 'https://temporal.example.org/');
    assert.match(stdout, /^ {2}https:\/\/temporal\.example\.org\/namespaces\/models\/workflows\?/m);
  });

  for (const [title, argv, problem] of [
    ['a platform without a web UI', [], /runs without a web UI; give the address of one with --ui/],
    ['what is no address', ['--ui', 'localhost:8233'], /--ui is "localhost:8233"; give an address that begins with/],
  ] as const)
    it(`refuses ${title}`, async () => {
      leaveWord(null);
      const { exitCode, stderr } = await views(...argv);
      assert.equal(exitCode, 2);
      assert.match(stderr, problem);
    });
});
