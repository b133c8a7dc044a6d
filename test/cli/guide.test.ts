import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captured } from './captured.ts';

describe('the guide to a model of your own', () => {
  it('shows a whole file that validates as it stands', async () => {
    const guide = await readFile('docs/guides/bring-your-own-model.md', 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-guide-'));
    const file = join(folder, 'parcel-delay.yaml');
    await writeFile(file, yaml);
    const { exitCode, stderr } = await captured(['validate', file]);
    await rm(folder, { recursive: true });
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
  });
});
