import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePlaceFor } from '../../src/cli/output-file.ts';
import { captured } from './captured.ts';

describe('a file that is to be written', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-output-'));
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'file'), '');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [title, name, obstacle] of [
    ['a folder', 'folder', 'it is a folder'],
    ['a folder that is not there', 'none/out.json', 'there is no folder'],
    ['a file for a folder', 'file/out.json', 'is no folder'],
  ] as const)
    it(`is refused before the work where it names ${title}, by every command that writes one`, async () => {
      const path = join(folder, name);
      const world = ['--base', '0.1', '--units-per-day', '100', '--margin', '0.05'];
      for (const [words, code] of [
        [['demo', '--state-dir', join(folder, 'state'), '--summary', path], 'SUMMARY_NOT_WRITTEN'],
        [
          ['report', 'rollout/shop/00000000-1', '--state-dir', join(folder, 'state'), '--out', path],
          'REPORT_NOT_WRITTEN',
        ],
        [['gate', 'simulate', ...world, '--chart', path], 'GATE_CHART_NOT_WRITTEN'],
      ] as const) {
        const { exitCode, stdout, stderr } = await captured(words);
        assert.deepEqual([exitCode, stdout], [1, '']);
        assert.ok(stderr.startsWith(`"${path}" cannot be written: `), stderr);
        assert.ok(stderr.includes(obstacle) && stderr.includes(`error ${code}`), stderr);
      }
      assert.equal(existsSync(join(folder, 'state')), false);
    });

  it('may replace one that is there', () => requirePlaceFor(join(folder, 'file'), 'SUMMARY_NOT_WRITTEN'));

  it(`is refused where this user may not write${process.getuid?.() === 0 ? ' (skipped: root may)' : ''}`, async function () {
    if (process.getuid?.() === 0) this.skip();
    chmodSync(join(folder, 'folder'), 0o500);
    chmodSync(join(folder, 'file'), 0o400);
    for (const [name, words] of [
      ['folder/out.json', /folder" may not be written by this user$/],
      ['file', /it may not be written by this user$/],
    ] as const)
      await assert.rejects(requirePlaceFor(join(folder, name), 'SUMMARY_NOT_WRITTEN'), { message: words });
    chmodSync(join(folder, 'folder'), 0o700);
  });
});
