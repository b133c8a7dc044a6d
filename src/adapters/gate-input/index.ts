import { open, stat } from 'node:fs/promises';
import { HoldfastError } from '../../contracts/errors.ts';
import type { UnitTable } from './port.ts';
import { openTextTable } from './text-table.ts';

const PARQUET_MARK = 'PAR1';
const GZIP_MARK = [0x1f, 0x8b];

/** See {@link OpenUnitTable}. */
export async function openUnitTable(path: string): Promise<UnitTable> {
  const beginning = await firstBytes(path);
  if (beginning.length === 0)
    throw new HoldfastError('GATE_FILE_EMPTY', `${path}  is empty: it has not even a header line`);
  if (beginning.toString('latin1') === PARQUET_MARK) {
    const { openParquetTable } = await import('./parquet-table.ts');
    return openParquetTable(path);
  }
  return openTextTable(
    path,
    GZIP_MARK.every((byte, index) => beginning[index] === byte),
  );
}

async function firstBytes(path: string): Promise<Buffer> {
  await requireFile(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PARQUET_MARK.length), 0, PARQUET_MARK.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** @throws HoldfastError GATE_FILE_NOT_FOUND, GATE_FILE_UNREADABLE */
export async function requireFile(path: string): Promise<void> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw new HoldfastError('GATE_FILE_UNREADABLE', `${path}  is a folder`);
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new HoldfastError('GATE_FILE_NOT_FOUND', `there is no file at "${path}"`, { cause });
    }
    throw new HoldfastError('GATE_FILE_UNREADABLE', `${path}  may not be read (${code})`, { cause });
  }
}
