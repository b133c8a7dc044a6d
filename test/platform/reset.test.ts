import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resetState } from '../../src/platform/reset.ts';
import { Supervisor } from '../../src/platform/supervise.ts';

describe('reset', () => {
  let stateDir = '';
  beforeEach(() => {
    stateDir = join(mkdtempSync(join(tmpdir(), 'holdfast-reset-')), 'state');
    mkdirSync(join(stateDir, 'objects', 'ab'), { recursive: true });
    writeFileSync(join(stateDir, 'objects', 'ab', 'abcd'), 'four');
    writeFileSync(join(stateDir, 'temporal.db'), 'sqlite');
  });
  afterEach(() => rmSync(join(stateDir, '..'), { recursive: true, force: true }));

  it('removes what the platform keeps and says what it was', async () => {
    const { forgotten, kept } = await resetState(stateDir);
    assert.deepEqual(
      forgotten.map(({ name, bytes }) => [name, bytes]),
      [
        ['temporal.db', 6],
        ['objects', 4],
      ],
    );
    assert.deepEqual(kept, []);
    assert.equal(existsSync(stateDir), false);
  });

  it('leaves alone what it has not put there, so that a wrong folder costs nothing', async () => {
    writeFileSync(join(stateDir, 'thesis.tex'), 'years');
    const { kept } = await resetState(stateDir);
    assert.deepEqual(kept, ['thesis.tex']);
    assert.deepEqual(readdirSync(stateDir), ['thesis.tex']);
  });

  it('is refused while the platform runs, and forgets nothing then', async () => {
    const supervisor = await Supervisor.open(stateDir);
    await assert.rejects(resetState(stateDir), { code: 'PLATFORM_RUNNING' });
    assert.ok(existsSync(join(stateDir, 'temporal.db')));
    await supervisor.stop();
  });

  it('has nothing to forget where nothing was', async () => {
    const { forgotten } = await resetState(join(stateDir, 'never'));
    assert.deepEqual(forgotten, []);
    assert.equal(existsSync(join(stateDir, 'never')), false);
  });
});
