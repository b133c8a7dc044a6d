import assert from 'node:assert/strict';
import { captured } from './captured.ts';

describe('holdfast validate', () => {
  it('says in words what a sound file declares', async () => {
    const { exitCode, stdout, stderr } = await captured(['validate', 'models/flight-delay.yaml']);
    assert.equal(exitCode, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^flight-delay\n\nQuestion\n  At push-back, will this flight arrive/);
    assert.match(stdout, /\nvalid: models\/flight-delay\.yaml \(digest [0-9a-f]{12}\)\n$/);
  });

  it('gives the declaration with its defaults and digest as one document', async () => {
    const { stdout } = await captured(['validate', 'models/flight-delay.yaml', '--json']);
    const document = JSON.parse(stdout) as { valid: boolean; digest: string; declaration: Record<string, unknown> };
    assert.equal(document.valid, true);
    assert.match(document.digest, /^[0-9a-f]{64}$/);
    assert.equal(document.declaration['model'], 'flight-delay');
  });

  it('answers where there is no file, exit 1', async () => {
    const { exitCode, stderr } = await captured(['validate', 'models/none.yaml']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^there is no file at "models\/none\.yaml"\nerror MODEL_FILE_NOT_FOUND/);
  });
});
