/** The file of a source: where it is, how DuckDB reads it, and what its refusals mean in the model file's words. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { HoldfastError } from '../../contracts/errors.ts';
import { closestName } from '../../domain/closest-name.ts';
import { firstLine } from './refusals.ts';
import { identifier, literal } from './session.ts';
import type { Session } from './session.ts';

export interface SourceColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * Path of a declared file: `npm:<package>/<path>` lies in an installed package, other paths beside the model file.
 * @throws DATA_FILE_NOT_FOUND
 */
export function resolveFile(declared: string, baseDir: string): string {
  const path = declared.startsWith('npm:') ? packagedFile(declared.slice(4), baseDir) : resolve(baseDir, declared);
  if (path === null || !existsSync(path)) {
    throw new HoldfastError('DATA_FILE_NOT_FOUND', `file ${JSON.stringify(declared)} is not there`, {
      remedy: declared.startsWith('npm:')
        ? 'install the package, or correct the path within it'
        : 'put the file beside the model file or write its path relative to the model file',
    });
  }
  return path;
}

/** The package is looked for from the model file's folder first, then from this program's own dependencies. */
function packagedFile(specifier: string, baseDir: string): string | null {
  const parts = specifier.split('/');
  const name = parts.splice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  if (parts.some((part) => part === '..') || isAbsolute(parts.join('/'))) return null;
  for (const from of [join(baseDir, 'model.yaml'), import.meta.url]) {
    for (const folder of createRequire(from).resolve.paths(name) ?? []) {
      const path = join(folder, name, ...parts);
      if (existsSync(path)) return path;
    }
  }
  return null;
}

/** SHA-256 of a file's bytes, lower-case hex. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Table function that reads the file; malformed CSV lines are collected in `reject_errors` instead of ending the read. */
export function scanOf(path: string): string {
  if (path.endsWith('.parquet')) return `read_parquet(${literal(path)})`;
  const delimiter = /\.tsv(\.gz)?$/.test(path) ? '\\t' : ',';
  return `read_csv(${literal(path)}, header = true, delim = '${delimiter}', sample_size = -1, store_rejects = true)`;
}

/**
 * Columns of the file.
 * @throws DATA_FILE_UNREADABLE for damaged files and those that are neither Parquet nor CSV.
 */
export async function describeFile(session: Session, path: string): Promise<SourceColumn[]> {
  try {
    return await session.rows<SourceColumn>(
      `select column_name as name, column_type as type from (describe select * from ${scanOf(path)})`,
    );
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

export function unreadable(path: string, cause: unknown): HoldfastError {
  return new HoldfastError('DATA_FILE_UNREADABLE', `file ${path} cannot be read: ${firstLine(cause)}`, {
    remedy: 'restore it from its origin; what was prepared from it before is kept',
  });
}

/**
 * Types of the declared expressions over the file's columns.
 * @param expressions where in the model file an expression stands → the expression
 * @throws DATA_COLUMN_MISSING naming the column and its nearest, DATA_EXPRESSION_INVALID for everything else DuckDB refuses.
 */
export async function bindExpressions(
  session: Session,
  path: string,
  columns: readonly SourceColumn[],
  expressions: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  for (const [place, sql] of expressions) {
    try {
      const [bound] = await session.rows<SourceColumn>(
        `select column_type as type from (describe select (\n${sql}\n) as value from ${scanOf(path)})`,
      );
      types.set(place, bound?.type ?? 'VARCHAR');
    } catch (cause) {
      throw refusedExpression(place, sql, columns, cause);
    }
  }
  return types;
}

function refusedExpression(
  place: string,
  sql: string,
  columns: readonly SourceColumn[],
  cause: unknown,
): HoldfastError {
  const missing = /Referenced column "([^"]+)" not found/.exec(String(cause))?.[1];
  if (missing !== undefined) return missingColumn(place, missing, columns);
  return new HoldfastError(
    'DATA_EXPRESSION_INVALID',
    `${place} ${JSON.stringify(sql)} cannot be evaluated: ${firstLine(cause)}`,
    { remedy: 'correct the expression; it is DuckDB SQL over the columns of the file' },
  );
}

export function missingColumn(place: string, name: string, columns: readonly SourceColumn[]): HoldfastError {
  const names = columns.map((column) => column.name);
  const near = closestName(name, names);
  return new HoldfastError(
    'DATA_COLUMN_MISSING',
    `${place} names column ${JSON.stringify(name)}, which the file does not have`,
    {
      remedy: `${near === null ? '' : `did you mean ${JSON.stringify(near)}? `}the file has: ${names.map(identifier).join(', ')}`,
    },
  );
}
