/** Object store of one process, gone with it. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../contracts/errors.ts';
import { checkDigest, checkFileName, missing } from './object-names.ts';
import type { ObjectStore } from './port.ts';

export const inMemorySchema = z.strictObject({ kind: z.literal('in-memory') });

/** Objects live in memory; named files, which readers open by path, in a temporary folder of the operating system. */
export function createInMemoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  const files = new Map<string, string>();
  let folder: Promise<string> | null = null;
  return {
    put: async (content) => {
      const bytes = Buffer.from(content);
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (!objects.has(digest)) objects.set(digest, bytes);
      return digest;
    },
    get: async (digest) => {
      checkDigest(digest);
      const bytes = objects.get(digest);
      if (bytes === undefined) throw missing(`object ${digest}`);
      return Buffer.from(bytes);
    },
    has: async (digest) => {
      checkDigest(digest);
      return objects.has(digest);
    },
    writeFile: async (name, fromLocalPath) => {
      checkFileName(name);
      folder ??= mkdtemp(join(tmpdir(), 'holdfast-objects-'));
      const path = join(await folder, name);
      try {
        await mkdir(dirname(path), { recursive: true });
        await copyFile(fromLocalPath, `${path}~`);
        await rename(`${path}~`, path);
      } catch (error) {
        throw new HoldfastError('OBJECT_STORE_UNAVAILABLE', `file ${name}: ${(error as Error).message}`, {
          cause: error,
        });
      }
      files.set(name, path);
      const bytes = await readFile(path);
      return { digest: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
    },
    localPath: async (name) => {
      checkFileName(name);
      const path = files.get(name);
      if (path === undefined) throw missing(`file ${name}`);
      return path;
    },
  };
}
