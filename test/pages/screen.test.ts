import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fitted, packed, shellLines, wrapped, wrappedProse } from '../../src/pages/screen.ts';

describe('lines for a terminal of a given size', () => {
  const BLOCKS = [
    { lines: ['who', 'what'], yields: 0 },
    { lines: ['gate', 'loss', 'errors'], yields: 1 },
    { lines: ['news'], yields: 10, heads: true },
    { lines: ['old', 'old goes on'], yields: 12, whole: true, follows: true },
    { lines: ['new'], yields: 11, whole: true, follows: true },
    { lines: ['do'], yields: 0 },
  ];

  for (const [title, rows, shown] of [
    [
      'shows all where there is room',
      13,
      ['who', 'what', '', 'gate', 'loss', 'errors', '', 'news', 'old', 'old goes on', 'new', '', 'do'],
    ],
    [
      'leaves out the highest first, as a whole',
      12,
      ['who', 'what', '', 'gate', 'loss', 'errors', '', 'news', 'new', '', 'do'],
    ],
    ['leaves no heading alone', 9, ['who', 'what', '', 'gate', 'loss', 'errors', '', 'do']],
    ['cuts a block from its end', 7, ['who', 'what', '', 'gate', 'loss', '', 'do']],
    ['never leaves out what yields to nothing', 1, ['who', 'what', '', 'do']],
  ] as const)
    it(title, () => assert.deepEqual(fitted(BLOCKS, rows), shown));

  it('wraps a sentence below its beginning, and keeps parts whole', () => {
    assert.deepEqual(wrapped('- ', 'a bb ccc', 6), ['- a bb', '  ccc']);
    assert.deepEqual(packed('S ', ['> 5 %', '. full'], '   ', 12), ['S > 5 %', '  . full']);
  });

  it('wraps prose behind its indent and its number, and leaves alone what fits', () => {
    const text = ['Ladder', '  1. shadow: seen by nobody', '  short'].join('\n');
    assert.equal(wrappedProse(text, 18), ['Ladder', '  1. shadow: seen', '     by nobody', '  short'].join('\n'));
  });

  it('breaks a command so that a shell takes it for the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 120 }), (columns) => {
        const command = 'npx holdfast approve rollout/shop/1 --evidence 12345678 --as NAME --reason "…"';
        const lines = shellLines(command, columns);
        assert.equal(lines.join('\n').replaceAll(/ \\\n +/g, ' '), command);
      }),
    );
  });
});
