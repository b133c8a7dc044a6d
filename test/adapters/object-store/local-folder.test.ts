import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectStore, objectStoreSchema } from '../../../src/adapters/object-store/index.ts';
import { objectStoreConformance } from './conformance.ts';

describe('object store in a local folder', () => {
  const folders: string[] = [];
  const newFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
    folders.push(folder);
    return folder;
  };
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  objectStoreConformance(async () =>
    createObjectStore({ kind: 'local-folder', folder: join(await newFolder(), 'new') }),
  );

  it('shares objects with another process on the same folder', async () => {
    const folder = await newFolder();
    const digest = await createObjectStore({ kind: 'local-folder', folder }).put('shared');
    assert.equal(await createObjectStore({ kind: 'local-folder', folder }).has(digest), true);
  });

  it('says OBJECT_CORRUPT when the content on disk no longer has the digest', async () => {
    const folder = await newFolder();
    const store = createObjectStore({ kind: 'local-folder', folder });
    const digest = await store.put('sound');
    await writeFile(join(folder, 'objects', digest.slice(0, 2), digest), 'broken');
    await assert.rejects(store.get(digest), { code: 'OBJECT_CORRUPT' });
  });

  it('leaves nothing half-written behind when a write fails', async () => {
    const folder = await newFolder();
    const store = createObjectStore({ kind: 'local-folder', folder });
    await assert.rejects(store.writeFile('x.parquet', join(folder, 'not-there')));
    assert.deepEqual(await readdir(join(folder, 'incoming')), []);
  });

  it('refuses an unknown kind of object store', () => {
    assert.equal(objectStoreSchema.safeParse({ kind: 'tape' }).success, false);
  });
});
