import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LINES_MAX = 400;
const FORBIDDEN_NAMES = ['utils', 'util', 'helpers', 'helper', 'common', 'misc'];

function sourceFiles(): string[] {
  return ['src', 'test'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, name)),
  );
}

describe('the house', () => {
  it(`keeps every source file within ${LINES_MAX} lines`, () => {
    const tooLong = sourceFiles()
      .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX);
    assert.deepEqual(tooLong, []);
  });

  it('names every file for what is in it', () => {
    const vague = sourceFiles().filter((file) => FORBIDDEN_NAMES.some((name) => file.split(/[/.]/).includes(name)));
    assert.deepEqual(vague, []);
  });
});
