import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepEventClock, otherEventClock } from '../../src/platform/event-clock.ts';
import { resetState } from '../../src/platform/reset.ts';
import { captured } from '../cli/captured.ts';

describe('the clock of a state folder', () => {
  let stateDir = '';
  beforeEach(() => {
    stateDir = join(mkdtempSync(join(tmpdir(), 'holdfast-clock-')), 'state');
    mkdirSync(join(stateDir, 'request-log', 'flight-delay'), { recursive: true });
  });
  afterEach(() => rmSync(join(stateDir, '..'), { recursive: true, force: true }));

  for (const [title, kept, wanted, refused] of [
    ['keeps the clock of a replay', 'stream', 'stream', false],
    ['keeps the clock on the wall', 'wall', 'wall', false],
    ['refuses the clock on the wall after a replay', 'stream', 'wall', true],
    ['refuses a replay after the clock on the wall', 'wall', 'stream', true],
  ] as const)
    it(title, () => {
      keepEventClock(stateDir, kept);
      if (refused) assert.throws(() => keepEventClock(stateDir, wanted), { code: 'PLATFORM_CLOCK_DIFFERS' });
      else keepEventClock(stateDir, wanted);
      assert.equal(otherEventClock(stateDir, kept), null);
    });

  it('is free again once everything is forgotten, and where its word was cut off', async () => {
    keepEventClock(stateDir, 'stream');
    await resetState(stateDir);
    assert.equal(otherEventClock(stateDir, 'wall'), null);
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(join(stateDir, 'event-clock.json'), '{"event');
    keepEventClock(stateDir, 'wall');
    assert.notEqual(otherEventClock(stateDir, 'stream'), null);
  });

  for (const [verb, clock, options] of [
    ['up', 'stream', ['--headless']],
    ['up', 'stream', ['--gateways', 'http://127.0.0.1:1']],
    ['demo', 'wall', ['--headless']],
  ] as const)
    it(`starts nothing for ${verb} ${options[0]} in a folder of the other, and says which folder, what is in it, what to do`, async () => {
      keepEventClock(stateDir, clock);
      const before = readdirSync(stateDir);
      const { exitCode, stderr } = await captured([verb, ...options, '--state-dir', stateDir]);
      assert.equal(exitCode, 1);
      for (const word of [stateDir, 'flight-delay', 'PLATFORM_CLOCK_DIFFERS', '--state-dir', 'holdfast reset'])
        assert.ok(stderr.includes(word), `${word} in ${stderr}`);
      const made = readdirSync(stateDir).filter((name) => !before.includes(name));
      assert.deepEqual(made, ['logs']);
    });

  it('a drill may find the data of its source prepared', async () => {
    rmSync(stateDir, { recursive: true });
    mkdirSync(join(stateDir, 'prepared'), { recursive: true });
    const { exitCode } = await captured(['drill', 'frozen-features', '--dry-run', '--state-dir', stateDir]);
    assert.equal(exitCode, 0);
  });

  it('a drill begins in no folder in which anything has run', async () => {
    const { exitCode, stderr } = await captured(['drill', 'frozen-features', '--state-dir', stateDir]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--state-dir is .*state, which keeps request-log of another run/);
  });
});
