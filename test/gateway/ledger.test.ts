import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerDigest, openLedger } from '../../src/gateway/ledger.ts';
import type { LedgerLine } from '../../src/gateway/ledger.ts';

const line = (generation: number): LedgerLine => ({
  kind: 'fallback',
  accepted: true,
  reason: null,
  generation,
  decisionId: `d${generation}`,
  entry: { bundle: null },
  eventTime: null,
});

describe('the exposure ledger', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-ledger-'));
    path = join(folder, 'ledger.jsonl');
    const ledger = openLedger(path);
    for (const generation of [1, 2, 3]) ledger.append(line(generation));
    ledger.close();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('chains every line to the one before it, from 64 zeros on', () => {
    const entries = openLedger(path).after(0);
    assert.deepEqual(
      entries.map(({ sequence }) => sequence),
      [1, 2, 3],
    );
    assert.equal(entries[0]!.previousDigest, '0'.repeat(64));
    assert.equal(entries[2]!.previousDigest, entries[1]!.digest);
    const { digest, ...unsigned } = entries[1]!;
    assert.equal(digest, ledgerDigest(unsigned));
  });

  it('cuts off a last line that was not finished, and goes on', async () => {
    await appendFile(path, '{"sequence":4,"kind":"sp');
    const ledger = openLedger(path);
    assert.equal(ledger.append(line(4)).sequence, 4);
    ledger.close();
    assert.deepEqual(
      openLedger(path)
        .after(2)
        .map(({ generation }) => generation),
      [3, 4],
    );
  });

  for (const [title, change] of [
    ['a changed line', (text: string) => text.replace('"generation":2', '"generation":9')],
    ['a lost line', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['a finished line that is not JSON', (text: string) => `${text}nonsense\n`],
  ] as const)
    it(`does not open over ${title}: LEDGER_BROKEN`, async () => {
      await writeFile(path, change(await readFile(path, 'utf8')));
      assert.throws(() => openLedger(path), { code: 'LEDGER_BROKEN' });
    });
});
