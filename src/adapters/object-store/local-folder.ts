/** Object store in a folder: `objects/<first two>/<digest>` and `files/<name>`; several processes may share it. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, copyFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../contracts/errors.ts';
import { checkDigest, checkFileName, corrupt, missing } from './object-names.ts';
import type { ObjectStore, StoredFile } from './port.ts';

export const localFolderSchema = z.strictObject({
  kind: z.literal('local-folder'),
  folder: z.string().min(1).describe('Folder of the store; created where it does not exist'),
});
export type LocalFolderOptions = z.infer<typeof localFolderSchema>;

/** Object store in a local folder, or on a file system that several machines mount. */
export function createLocalFolderStore(options: LocalFolderOptions): ObjectStore {
  const { folder } = options;
  const objectPath = (digest: string): string => join(folder, 'objects', digest.slice(0, 2), digest);
  const filePath = (name: string): string => join(folder, 'files', name);
  const temporaryPath = (): string => join(folder, 'incoming', randomUUID());
  return {
    put: (content) =>
      translated(folder, async () => {
        const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
        const digest = createHash('sha256').update(bytes).digest('hex');
        if (await exists(objectPath(digest))) return digest;
        await placeAtomically(temporaryPath(), objectPath(digest), async (path) => writeDurably(path, bytes));
        return digest;
      }),
    get: (digest) =>
      translated(folder, async () => {
        checkDigest(digest);
        const bytes = await readFile(objectPath(digest)).catch(absent);
        if (bytes === null) throw missing(`object ${digest}`);
        const found = createHash('sha256').update(bytes).digest('hex');
        if (found !== digest) throw corrupt(digest, found);
        return bytes;
      }),
    has: (digest) =>
      translated(folder, async () => {
        checkDigest(digest);
        return exists(objectPath(digest));
      }),
    writeFile: (name, fromLocalPath) =>
      translated(folder, async () => {
        checkFileName(name);
        const temporary = temporaryPath();
        await placeAtomically(temporary, filePath(name), async (path) => {
          await copyFile(fromLocalPath, path);
          await syncFile(path);
        });
        return describeFile(filePath(name));
      }),
    localPath: (name) =>
      translated(folder, async () => {
        checkFileName(name);
        if (!(await exists(filePath(name)))) throw missing(`file ${name}`);
        return filePath(name);
      }),
  };
}

/** Readers see nothing until the rename, and after it the whole content. */
async function placeAtomically(
  temporary: string,
  target: string,
  write: (path: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(temporary), { recursive: true });
  await mkdir(dirname(target), { recursive: true });
  try {
    await write(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFile(dirname(target));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a file's content, or a folder's names: without the second a rename may be forgotten in a power cut. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function describeFile(path: string): Promise<StoredFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { digest: hash.digest('hex'), bytes };
}

const exists = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error: unknown) => absent(error) !== null,
  );

/** @returns null where the error says that there is no such file. @throws every other error again. */
function absent(error: unknown): null {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}

async function translated<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError('OBJECT_STORE_UNAVAILABLE', `folder ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
