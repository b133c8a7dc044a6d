/** Files that people write in YAML 1.2, judged with the place of every value in the file. */
import { readFile, stat } from 'node:fs/promises';
import { isAlias, isCollection, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import { HoldfastError } from '../../contracts/errors.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import { faultInWords } from '../../contracts/model-fault.ts';
import type { ModelFault } from '../../contracts/model-fault.ts';
import type { LocatedFault } from './port.ts';

/** A declaration is written by people: larger files are something else, given by mistake. */
const BYTES_MAX = 1024 * 1024;

/** What a kind of file is, and how its content is judged. */
export interface DeclarationKind<T> {
  /** `a model file`, in messages. */
  readonly name: string;
  /** What an empty file should hold. */
  readonly remedyWhenEmpty: string;
  /** Of a second document in the file. */
  readonly remedyWhenTwo: string;
  readonly errors: { readonly notFound: ErrorCode; readonly unreadable: ErrorCode; readonly invalid: ErrorCode };
  readonly judge: (content: unknown) => { value: T; faults: null } | { value: null; faults: ModelFault[] };
}

/**
 * Reads and judges one file.
 * @throws HoldfastError with the kind's own codes; `invalid` carries every LocatedFault as details and a line for each as message
 */
export async function readDeclaration<T>(path: string, kind: DeclarationKind<T>): Promise<T> {
  const text = await textOf(path, kind);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const faults = [...syntaxFaults(text, document, lines, kind.remedyWhenTwo), ...nodeFaults(document, lines)];
  // What the parser could not make sense of has no content to judge: judging it would add guesses to facts.
  if (faults.length > 0) throw invalid(path, faults, kind.errors.invalid);
  const content = contentOf(path, document, kind.errors.invalid);
  if (content === null) throw invalid(path, [wholeFile('is empty', kind.remedyWhenEmpty)], kind.errors.invalid);
  const judged = kind.judge(content);
  if (judged.faults === null) return judged.value;
  throw invalid(
    path,
    judged.faults.map((fault) => locate(fault, document, lines)),
    kind.errors.invalid,
  );
}

async function textOf(path: string, { name, errors }: DeclarationKind<unknown>): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > BYTES_MAX) {
      throw new HoldfastError(errors.unreadable, `"${path}" has ${size} bytes; ${name} has ${BYTES_MAX} at most`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw unreadable(path, cause, errors);
  }
}

function unreadable(path: string, cause: unknown, errors: DeclarationKind<unknown>['errors']): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new HoldfastError(errors.notFound, `there is no file at "${path}"`, { cause });
  }
  const reasons: Readonly<Record<string, string>> = {
    EISDIR: 'is a folder',
    EACCES: 'may not be read by this user',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
  };
  return new HoldfastError(errors.unreadable, `"${path}" ${reasons[code] ?? `cannot be read (${code})`}`, {
    cause,
    remedy: 'Give the path of a readable UTF-8 text file',
  });
}

function contentOf(path: string, document: Document, code: ErrorCode): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases that multiply without end are refused by the parser when they are followed.
    throw invalid(
      path,
      [wholeFile(`cannot be expanded: ${(cause as Error).message}`, 'write the repeated parts out')],
      code,
    );
  }
}

/** A fault that no field of the declaration owns, such as one of syntax. */
function wholeFile(problem: string, remedy: string | null, at = { line: 1, col: 1 }): LocatedFault {
  return { path: [], at: 'value', problem, got: null, allowed: null, remedy, line: at.line, column: at.col };
}

function syntaxFaults(text: string, document: Document, lines: LineCounter, remedyWhenTwo: string): LocatedFault[] {
  const errors = [...document.errors, ...document.warnings];
  const twice = errors
    .filter(({ code }) => code === 'DUPLICATE_KEY')
    .map(({ pos: [offset] }) => {
      const key = /^[^\s:]+/.exec(text.slice(offset))?.[0] ?? 'a field';
      return wholeFile(`declares ${key} twice in one mapping`, 'keep one of the two', lines.linePos(offset));
    });
  // Behind the first place the parser could not read, it is lost: what else it says is an echo.
  const lost = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  if (lost === undefined) return twice;
  if (lost.code === 'MULTIPLE_DOCS') {
    return [...twice, wholeFile('holds a second document', remedyWhenTwo, lines.linePos(lost.pos[0]))];
  }
  return [...twice, wholeFile(`is not YAML here: ${lost.message}`, null, lines.linePos(lost.pos[0]))];
}

/** Faults of what is YAML and yet no content: names that are no text, aliases to nothing. */
function nodeFaults(document: Document, lines: LineCounter): LocatedFault[] {
  const faults: LocatedFault[] = [];
  const report = (node: unknown, problem: string, remedy: string) =>
    faults.push(wholeFile(problem, remedy, lines.linePos(start(node) ?? 0)));
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value === 'string') return;
      report(key, 'has a field whose name is not a text', 'write the name in quotes');
    },
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) {
        report(alias, `repeats *${alias.source}, which is not declared above`, 'write the value out');
      }
    },
  });
  return faults;
}

function locate(fault: ModelFault, document: Document, lines: LineCounter): LocatedFault {
  const { line, col } = lines.linePos(offsetOf(fault, document));
  return { ...fault, line, column: col };
}

/** Offset of the fault's key or value; where the file has no such place, of the nearest one that holds it. */
function offsetOf(fault: ModelFault, document: Document): number {
  let here: unknown = document.contents;
  let offset = start(here) ?? 0;
  for (const [depth, part] of fault.path.entries()) {
    const container = resolved(here, document);
    if (!isCollection(container)) return offset;
    const pair = isMap(container) ? container.items.find(({ key }) => isScalar(key) && key.value === part) : undefined;
    const last = depth === fault.path.length - 1;
    if (last && fault.at === 'key' && pair !== undefined) return start(pair.key) ?? offset;
    here = pair === undefined ? container.get(part, true) : pair.value;
    if (here === undefined) return offset;
    offset = start(here) ?? start(pair?.key) ?? offset;
  }
  return offset;
}

function start(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function invalid(path: string, faults: readonly LocatedFault[], code: ErrorCode): HoldfastError {
  const inOrder = [...faults].sort((a, b) => a.line - b.line || a.column - b.column);
  const text = inOrder.map((fault) => `${path}:${fault.line}:${fault.column}  ${faultInWords(fault)}`).join('\n');
  return new HoldfastError(code, text, { details: inOrder });
}
