import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captured } from './captured.ts';

describe('holdfast reset', () => {
  let stateDir = '';
  beforeEach(() => {
    stateDir = join(mkdtempSync(join(tmpdir(), 'holdfast-reset-')), 'state');
    for (const folder of ['request-log/shop', 'gateways/gateway-1/models/flights'])
      mkdirSync(join(stateDir, folder), { recursive: true });
    writeFileSync(join(stateDir, 'temporal.db'), 'sqlite');
    process.env['HOLDFAST_STATE_DIR'] = stateDir;
  });
  afterEach(() => {
    delete process.env['HOLDFAST_STATE_DIR'];
    rmSync(join(stateDir, '..'), { recursive: true, force: true });
  });

  for (const [title, words] of [
    ['nobody names the models', []],
    ['only one of two is named', ['--yes', 'shop']],
    ['another one is named', ['--yes', 'flights,shop,planes']],
  ] as const)
    it(`forgets nothing while ${title}`, async () => {
      const { exitCode, stderr } = await captured(['reset', ...words]);
      assert.equal(exitCode, 2);
      assert.match(stderr, /everything of flights, shop would be forgotten[^]*Give --yes flights,shop/);
      assert.ok(existsSync(join(stateDir, 'temporal.db')));
    });

  it('forgets the folder that is named', async () => {
    delete process.env['HOLDFAST_STATE_DIR'];
    const { exitCode } = await captured(['reset', '--yes', 'shop,flights', '--state-dir', stateDir]);
    assert.equal(exitCode, 0);
    assert.ok(!existsSync(stateDir));
  });

  it('shows what would be forgotten, and forgets it once every model is named', async () => {
    const { stdout } = await captured(['reset', '--dry-run']);
    assert.match(
      stdout,
      /^dry run: nothing was changed\nwould be forgotten in .*, with flights, shop:\n {2}temporal\.db/,
    );
    assert.ok(existsSync(join(stateDir, 'temporal.db')));
    const { exitCode } = await captured(['reset', '--yes', 'shop, flights']);
    assert.equal(exitCode, 0);
    assert.ok(!existsSync(stateDir));
  });
});
