import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '../../../src/adapters/object-store/port.ts';

const digestOf = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** Every object store passes these. */
export function objectStoreConformance(make: () => Promise<ObjectStore>): void {
  let store: ObjectStore;
  let folder: string;
  before(async () => {
    store = await make();
    folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('names content by its SHA-256 and gives it back byte for byte', async () => {
    const bytes = randomBytes(100_000);
    const digest = await store.put(bytes);
    assert.equal(digest, digestOf(bytes));
    assert.deepEqual(Buffer.from(await store.get(digest)), bytes);
  });

  it('stores a text as its UTF-8 bytes', async () => {
    const digest = await store.put('späte Flüge ✈');
    assert.equal(Buffer.from(await store.get(digest)).toString('utf8'), 'späte Flüge ✈');
  });

  it('is idempotent: the same content twice is one object', async () => {
    const [first, second] = await Promise.all([store.put('same'), store.put('same')]);
    assert.equal(first, second);
    assert.equal(await store.has(first), true);
  });

  it('keeps an object as it was put, whatever the caller does with the bytes afterwards', async () => {
    const bytes = Buffer.from('before');
    const digest = await store.put(bytes);
    bytes.write('after!');
    assert.equal(Buffer.from(await store.get(digest)).toString(), 'before');
  });

  it('says OBJECT_MISSING for a digest that was never put', async () => {
    const digest = digestOf('never put');
    assert.equal(await store.has(digest), false);
    await assert.rejects(store.get(digest), { code: 'OBJECT_MISSING' });
  });

  it('refuses a digest that is none', async () => {
    await assert.rejects(store.get('../../etc/passwd'), { code: 'OBJECT_NAME_INVALID' });
    await assert.rejects(store.has('latest'), { code: 'OBJECT_NAME_INVALID' });
  });

  it('stores a file under a name and gives a local path to read it from', async () => {
    const path = join(folder, 'day.parquet');
    await writeFile(path, 'columns');
    const stored = await store.writeFile('partitions/flight-delay/day=2001-01-01/part-0.parquet', path);
    assert.deepEqual(stored, { digest: digestOf('columns'), bytes: 7 });
    const local = await store.localPath('partitions/flight-delay/day=2001-01-01/part-0.parquet');
    assert.equal(await readFile(local, 'utf8'), 'columns');
  });

  it('replaces a file of the same name as a whole', async () => {
    const path = join(folder, 'again.parquet');
    await writeFile(path, 'a longer first content');
    await store.writeFile('again.parquet', path);
    await writeFile(path, 'second');
    await store.writeFile('again.parquet', path);
    assert.equal(await readFile(await store.localPath('again.parquet'), 'utf8'), 'second');
  });

  it('says OBJECT_MISSING for a file name under which nothing is stored', async () => {
    await assert.rejects(store.localPath('no/such/file.parquet'), { code: 'OBJECT_MISSING' });
  });

  for (const name of ['/etc/passwd', '../outside', 'a/../../b', '', 'a//b', '.hidden', 'a/'])
    it(`refuses the file name ${JSON.stringify(name)}`, async () => {
      await assert.rejects(store.localPath(name), { code: 'OBJECT_NAME_INVALID' });
      await assert.rejects(store.writeFile(name, join(folder, 'day.parquet')), { code: 'OBJECT_NAME_INVALID' });
    });

  it('says OBJECT_STORE_UNAVAILABLE when the local file to store cannot be read', async () => {
    await assert.rejects(store.writeFile('x.parquet', join(folder, 'not-there')), {
      code: 'OBJECT_STORE_UNAVAILABLE',
      kind: 'retryable',
    });
  });
}
