import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from '../../../src/adapters/data-source/made-folder.ts';

describe('makeFolder', () => {
  let parent: string;
  beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'holdfast-made-'))));
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const make = (fill: (draft: string) => Promise<void> | void): Promise<void> =>
    makeFolder(join(parent, 'made'), 'done', async (draft) => {
      await fill(draft);
      writeFileSync(join(draft, 'done'), '');
    });

  it('makes a folder once, while the others wait for it', async () => {
    let calls = 0;
    const fill = async (): Promise<void> => {
      calls += 1;
      await sleep(150);
    };
    await Promise.all([make(fill), make(fill), make(fill)]);
    await make(fill);
    assert.equal(calls, 1);
    assert.deepEqual(readdirSync(parent), ['made']);
  });

  it('leaves nothing behind where making fails, and lets the next one try', async () => {
    await assert.rejects(
      make(() => {
        throw new Error('no rows');
      }),
      /no rows/,
    );
    assert.deepEqual(readdirSync(parent), []);
    await make(() => undefined);
    assert.deepEqual(readdirSync(parent), ['made']);
  });

  it('takes over from a process that gave no sign of life for ten seconds', async () => {
    const lock = join(parent, 'made.lock');
    writeFileSync(lock, '');
    const seconds = Date.now() / 1000 - 11;
    utimesSync(lock, seconds, seconds);
    await make(() => undefined);
    assert.deepEqual(readdirSync(parent), ['made']);
  });

  it('removes what a killed process left half made, after an hour', async () => {
    const abandoned = join(parent, 'other.draft-1-abcd');
    const young = join(parent, 'young.draft-1-abcd');
    mkdirSync(abandoned);
    mkdirSync(young);
    utimesSync(abandoned, 0, 0);
    await make(() => undefined);
    assert.deepEqual([existsSync(abandoned), existsSync(young)], [false, true]);
  });
});
