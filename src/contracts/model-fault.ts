/** One fault of a model file: where, what, and what to do. Pure; the reader of the file adds line and column. */
export type FaultPath = readonly (string | number)[];

export interface ModelFault {
  /** Place in the declaration, from the top: `['rollout', 'steps', 2, 'exposure']`. */
  readonly path: FaultPath;
  /** `key` where the field's name is the fault, `value` where what it holds is, or where it is missing. */
  readonly at: 'key' | 'value';
  /** What is wrong, continuing the path as a sentence: "is missing", "names no feature". */
  readonly problem: string;
  /** The value as written; null where there is none. */
  readonly got: string | null;
  readonly allowed: string | null;
  readonly remedy: string | null;
}

/** `rollout.steps[2].exposure`; the top itself is `the file`. */
export function pathInWords(path: FaultPath): string {
  const joined = path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return /^[\w-]+$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('');
  return joined === '' ? 'the file' : joined.replace(/^\./, '');
}

/** `path: problem (got value); allowed: …; remedy`, on one line. */
export function faultInWords(fault: ModelFault): string {
  const got = fault.got === null ? '' : ` (got ${fault.got})`;
  const rest = [fault.allowed === null ? null : `allowed: ${fault.allowed}`, fault.remedy].filter(
    (part) => part !== null,
  );
  return `${pathInWords(fault.path)}: ${[`${fault.problem}${got}`, ...rest].join('; ')}`;
}

const SHOWN_MAX = 60;

/** A value as a message shows it: scalars and short lists as written, other containers by their kind, long texts cut. */
export function valueInWords(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return listInWords(value);
  if (typeof value === 'object') return 'a mapping';
  return cut(typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value));
}

function listInWords(list: readonly unknown[]): string {
  if (list.length === 0) return 'an empty list';
  const scalars = list.every((element) => element === null || typeof element !== 'object');
  return scalars && list.length <= 4 ? cut(JSON.stringify(list)) : `a list of ${list.length}`;
}

function cut(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX - 1)}…`;
}

/** The value at a place of a parsed file; undefined where there is none. */
export function valueAt(root: unknown, path: FaultPath): unknown {
  let here = root;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}

/** `"a", "b" or "c"`, for what may be written. */
export function choices(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  if (texts.length <= 1) return texts.join('');
  return `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}
