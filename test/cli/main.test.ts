import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { RELEASE } from '../../src/cli/program.ts';
import { colorWanted, isReaderGone } from '../../src/cli/terminal.ts';

const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  return spawnSync(process.execPath, ['dist/src/cli/main.js', ...args], {
    encoding: 'utf8',
    env: { ...inherited, ...environment },
  });
};
const ESCAPE = '\u001b[';

describe('the holdfast process', () => {
  it('hands the exit code to the shell', () => {
    assert.equal(run(['--help']).status, 0);
    assert.equal(run(['validate', 'none.yaml']).status, 1);
    assert.equal(run(['valdate']).status, 2);
  });

  it('prints no colour where nobody watches or NO_COLOR is set, and colour where it is asked for', () => {
    assert.ok(!run(['valdate'], { CI: 'true' }).stderr.includes(ESCAPE));
    assert.ok(!run(['valdate'], { NO_COLOR: '1', FORCE_COLOR: '' }).stderr.includes(ESCAPE));
    assert.ok(run(['valdate'], { FORCE_COLOR: '1' }).stderr.includes(ESCAPE));
  });

  for (const [title, environment, watched, wanted] of [
    ['a person watches', {}, true, true],
    ['nobody watches', {}, false, false],
    ['a person watches a terminal that cannot', { TERM: 'dumb' }, true, false],
    ['NO_COLOR is set', { NO_COLOR: '1' }, true, false],
    ['NO_COLOR and FORCE_COLOR are set', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    ['NO_COLOR is empty', { NO_COLOR: '' }, true, true],
    ['FORCE_COLOR is set', { FORCE_COLOR: '1' }, false, true],
    ['FORCE_COLOR is 0', { FORCE_COLOR: '0' }, true, false],
    ['a build server sets CI', { CI: 'true' }, false, false],
  ] as const)
    it(`${wanted ? 'colours' : 'does not colour'} where ${title}`, () =>
      assert.equal(colorWanted(environment, watched), wanted));

  for (const [title, code, gone] of [
    ['a pipe whose reader ended', 'EPIPE', true],
    ['a terminal that was closed', 'EIO', true],
    ['a disk that is full', 'ENOSPC', false],
    ['an error without a code', undefined, false],
  ] as const)
    it(`takes ${title} for ${gone ? 'a reader that has gone' : 'a failure'}`, () =>
      assert.equal(isReaderGone(code), gone));

  it('says which release it is', () => {
    const { stdout, status } = run(['--version']);
    assert.equal(status, 0);
    assert.equal(stdout, `${RELEASE}\n`);
    assert.equal(RELEASE, (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
  });
});
