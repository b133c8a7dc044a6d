import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Folder } from './fixtures.ts';

const guide = readFileSync('docs/guides/judge-a-past-experiment.md', 'utf8');
const folder = new Folder();
const run = (script: string, args: readonly string[]) =>
  spawnSync(process.execPath, [resolve(script), ...args], { cwd: folder.path, encoding: 'utf8' });

describe('the guide to judging a past experiment', () => {
  before(() => {
    assert.equal(run('dist/scripts/make-past.js', ['my_ab.csv']).status, 0);
    const [, policy = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? [];
    const [, cohort = ''] = /```json\n([\s\S]*?)```/.exec(guide) ?? [];
    folder.write('policy.yaml', policy);
    folder.write('steps.yaml', `${policy}steps: [{ exposure: 0.5 }]\n`);
    folder.write('cohorts.jsonl', cohort);
  });
  after(() => folder.remove());

  const blocks = [...guide.matchAll(/```sh\nnpx holdfast (.*)\n```(?:\n\n```text\n([\s\S]*?)```)?/g)];
  it('shows every verb of the gate', () => {
    for (const verb of ['analyze', 'plan', 'simulate'])
      assert.ok(
        blocks.some(([, line = '']) => line.startsWith(`gate ${verb}`)),
        verb,
      );
  });

  for (const [, line = '', shown] of blocks) {
    // The records need the steps that the sentence above them asks for; a simulation of full length is not a test.
    const words = line
      .replace('--cohorts cohorts.jsonl --policy policy.yaml', '--cohorts cohorts.jsonl --policy steps.yaml')
      .split(' ');
    if (words[1] === 'simulate') words.push('--replications', '10');
    it(`${shown === undefined ? 'runs' : 'shows what comes out of'} holdfast ${line}`, () => {
      const { stdout, stderr, status } = run('dist/src/cli/main.js', words);
      assert.equal(stderr, '');
      assert.equal(status, 0);
      if (shown !== undefined) assert.equal(stdout, shown);
    });
  }
});
