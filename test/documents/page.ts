/** What a page of the documentation says is typed, and what it says is seen. */

export interface Block {
  /** Word after the fence; empty where there is none. */
  readonly language: string;
  readonly text: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  /** Whether nothing but blank lines lies between this block and the one before. */
  readonly follows: boolean;
}

/** A block of commands with the lines that the page shows below it. */
export interface Step {
  readonly commands: string;
  /** Null where the page shows none. */
  readonly expected: readonly string[] | null;
  readonly line: number;
}

/** Fenced blocks in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; follows: boolean; lines: string[] } | null = null;
  let follows = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (open !== null && fence === null) open.lines.push(line);
    else if (open !== null) {
      const { lines, ...block } = open;
      blocks.push({ ...block, text: lines.join('\n') });
      open = null;
      follows = true;
    } else if (fence !== null) open = { language: fence[1] ?? '', line: index + 1, follows, lines: [] };
    else if (line.trim() !== '') follows = false;
  }
  return blocks;
}

/** Blocks of `sh`, each with the block of `text` directly below it. */
export function stepsOf(markdown: string): Step[] {
  const blocks = blocksOf(markdown);
  return blocks.flatMap(({ language, text, line }, index) => {
    if (language !== 'sh') return [];
    const next = blocks[index + 1];
    const expected = next?.language === 'text' && next.follows ? next.text.split('\n') : null;
    return [{ commands: text, expected, line }];
  });
}

/** Ids of rollouts and digests: a page shows those of one run, and every run has its own. */
const NAMES = /rollout\/[a-z-]+\/[0-9a-f]{8}-\d+|\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b/g;

/** What stands in a run for a name of the page. Learnt from what is shown, used in what is typed. */
export type Names = Map<string, string>;

/**
 * The first expected line that the output does not show, in order; `…` stands for anything, within a line and between lines. Null: all are
 * there. Names that the page shows are learnt from the lines that fit.
 */
export function missingLine(expected: readonly string[], output: string, names: Names = new Map()): string | null {
  const lines = output.split('\n').map((line) => line.trimEnd());
  const learnt: Names = new Map(names);
  let from = 0;
  for (const wanted of expected) {
    if (wanted.trim() === '' || wanted.trim() === '…') continue;
    const found = lines.findIndex((line, index) => index >= from && fits(wanted.trimEnd(), line, learnt));
    if (found === -1) return wanted;
    from = found + 1;
  }
  for (const [name, actual] of learnt) names.set(name, actual);
  return null;
}

function fits(wanted: string, line: string, names: Names): boolean {
  const unknown: string[] = [];
  const pattern = wanted
    .split(/(…)/)
    .map((part) => {
      if (part === '…') return '.*';
      let from = 0;
      let text = '';
      for (const { 0: name, index } of part.matchAll(NAMES)) {
        const known = names.get(name);
        if (known === undefined) unknown.push(name);
        const stands = name.startsWith('rollout/') ? '(rollout\\/[a-z-]+\\/[0-9a-f]{8}-\\d+)' : '([0-9a-f]{8,64})';
        text += escaped(part.slice(from, index)) + (known === undefined ? stands : escaped(known));
        from = index + name.length;
      }
      return text + escaped(part.slice(from));
    })
    .join('');
  const match = new RegExp(`^${pattern}$`).exec(line);
  for (const [index, name] of unknown.entries()) if (match !== null) names.set(name, match[index + 1] ?? '');
  return match !== null;
}

/** What the page says is typed, with the names of this run. */
export const withNames = (commands: string, names: Names): string =>
  commands.replaceAll(NAMES, (name) => names.get(name) ?? name);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** A command line of `holdfast` as a page writes it. */
export interface Written {
  /** Without the name of the program. */
  readonly words: readonly string[];
  /** Whether it stands there to be typed, and not only as the name of a command. */
  readonly whole: boolean;
  readonly line: number;
}

/** Every `holdfast …` of a page: in blocks that are typed, in indented blocks, and in running text. */
export function commandsIn(markdown: string): Written[] {
  const typed = new Set(
    blocksOf(markdown).flatMap(({ language, text, line }) =>
      language === 'sh' ? text.split('\n').map((_, index) => line + 1 + index) : [],
    ),
  );
  const others = new Set(
    blocksOf(markdown).flatMap(({ language, text, line }) =>
      language === 'sh' ? [] : text.split('\n').map((_, index) => line + 1 + index),
    ),
  );
  return markdown.split('\n').flatMap((text, index) => {
    const line = index + 1;
    if (others.has(line)) return [];
    if (typed.has(line) || text.startsWith('    ')) return commandLines(text, true, line);
    return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => commandLines(code, false, line));
  });
}

function commandLines(text: string, whole: boolean, line: number): Written[] {
  const [, rest] = /^\s*(?:npx )?holdfast(?: (.*))?$/.exec(text) ?? [];
  return rest === undefined ? [] : [{ words: wordsOf(rest), whole, line }];
}

/** As a shell would take it apart, up to a comment, a pipe or a redirection. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    if (/^(#|[|<>&;]|\\$)/.test(word)) break;
    words.push(word.replaceAll(/["']/g, ''));
  }
  return words;
}
