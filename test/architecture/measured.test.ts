import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { measuredFiles } from '../../scripts/draw-gate/pages.ts';

describe('the measured pages', () => {
  it('are what the measurements say (npm run draw:gate)', () => {
    for (const [path, text] of measuredFiles())
      assert.equal(readFileSync(path, 'utf8'), text, `${path} is out of date`);
  });
});
