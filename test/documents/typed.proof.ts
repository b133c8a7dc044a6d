/**
 * What the documentation says is typed, typed in a fresh clone of the last commit, and what is seen compared with what it shows:
 * `docs/start.md` from its first block to its last, and the blocks of the guides that show what they print. Ten minutes and more.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePostgresHome } from '../../src/platform/postgres-home.ts';
import { stepsOf } from './page.ts';
import { Session } from './session.ts';

const PAGES = ['docs/start.md', 'docs/guides/write-a-policy.md'];
/** A reader waits; a machine that does other things as well takes longer. */
const PATIENCE_MS = 12 * 60_000;

describe('what the documentation says is typed', function () {
  this.timeout(PATIENCE_MS);
  // What follows a step that failed says nothing.
  this.bail(true);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
  const session = new Session(folder);
  before(() => void execFileSync('git', ['clone', '--quiet', process.cwd(), folder]));
  after(async () => {
    await session.end();
    removePostgresHome(join(folder, '.holdfast'));
    rmSync(folder, { recursive: true, force: true });
  });

  for (const page of PAGES) {
    const steps = stepsOf(readFileSync(page, 'utf8'));
    // Guides name rollouts of an imagined model; what they show can be typed by anybody.
    const typed = page === 'docs/start.md' ? steps : steps.filter(({ expected }) => expected !== null);
    for (const step of typed)
      it(`${page}:${step.line} ${step.commands.split('\n').join('; ')}`, () => session.carryOut(step));
  }
});
