import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { blocksOf, commandsIn, missingLine, stepsOf } from './page.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { CommandEntry, CommandTable } from '../../src/cli/command.ts';
import { captured } from '../cli/captured.ts';

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
].filter((path) => path.endsWith('.md'));
const textOf = (path: string): string => readFileSync(path, 'utf8');
const scripts = (JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts;

/** Every command as it is declared, doing nothing. */
function idle(table: CommandTable): CommandTable {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]): [string, CommandEntry | { summary: string; verbs: CommandTable }] => {
      if ('verbs' in entry) return [name, { ...entry, verbs: idle(entry.verbs) }];
      const load = async () => ({
        command: {
          ...(await entry.load()).command,
          run: async () => ({ exit: 'ok', document: {}, text: '' }) as const,
        },
      });
      return [name, { ...entry, load }];
    }),
  ) as CommandTable;
}

/** Headings as links name them. */
const anchorsOf = (markdown: string): Set<string> =>
  new Set(
    [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

describe('the documentation', () => {
  it('names only commands and options that there are', async () => {
    const table = idle(COMMANDS);
    const faults: string[] = [];
    for (const path of PAGES)
      for (const { words, whole, line } of commandsIn(textOf(path))) {
        const { exitCode, stderr } = await captured(words, table);
        // A name alone is not typed like that.
        const isIncomplete = !whole && /missing required argument|required option|no command was given/.test(stderr);
        if (exitCode !== 0 && !isIncomplete) faults.push(`${path}:${line}: holdfast ${words.join(' ')}: ${stderr}`);
      }
    assert.deepEqual(faults, []);
  });

  it('names only scripts that there are', () => {
    const missing = PAGES.flatMap((path) =>
      [...textOf(path).matchAll(/npm run ([a-z:]+)/g)].flatMap(([, name = '']) =>
        name in scripts || name.endsWith(':') ? [] : [`${path}: npm run ${name}`],
      ),
    );
    assert.deepEqual(missing, []);
  });

  it('links only to what is there', () => {
    const broken = PAGES.flatMap((path) =>
      [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
        if (/^[a-z]+:/.test(target)) return [];
        const [file = '', anchor] = target.split('#');
        const found = file === '' ? path : normalize(join(dirname(path), file));
        if (!existsSync(found)) return [`${path}: ${target}`];
        return anchor === undefined || anchorsOf(textOf(found)).has(anchor) ? [] : [`${path}: ${target}`];
      }),
    );
    assert.deepEqual(broken, []);
  });

  it('can be found from the README', () => {
    const found = new Set(['README.md']);
    for (const path of found) {
      if (!path.endsWith('.md')) continue;
      for (const [, target = ''] of textOf(path).matchAll(/\]\(([^)\s#]+)[^)]*\)/g))
        if (!/^[a-z]+:/.test(target)) found.add(normalize(join(dirname(path), target)));
    }
    assert.deepEqual(
      PAGES.filter((path) => path.startsWith('docs') && !path.includes('decisions') && !found.has(path)),
      [],
    );
  });

  it('shows how a policy is read back', async () => {
    const [first] = stepsOf(textOf('docs/guides/write-a-policy.md'));
    const [, ...words] = first?.commands.replace('npx ', '').split(' ') ?? [];
    assert.ok(first?.expected?.length);
    assert.equal(missingLine(first.expected, (await captured(words)).stdout), null);
  });

  it('would notice a line that is not shown, or not in order', () => {
    const [block] = blocksOf('```text\nfirst\n…\nsecond … line\n```');
    const expected = block?.text.split('\n') ?? [];
    assert.equal(missingLine(expected, 'first\nother\nsecond long line\n'), null);
    assert.equal(missingLine(expected, 'second long line\nfirst\n'), 'second … line');
    assert.equal(missingLine(expected, 'first\nsecond line, longer\n'), 'second … line');
  });
});
