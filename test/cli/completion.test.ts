import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands.ts';
import { captured } from './captured.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** How each shell is asked what it would offer, without a keyboard. */
const ASK: Readonly<Record<Shell, (script: string, words: readonly string[]) => string>> = {
  bash: (script, words) =>
    `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _holdfast; printf '%s\n' "\${COMPREPLY[@]}"`,
  zsh: (script, words) =>
    `compdef() { : }; _describe() { print -rl -- "\${(@P)2}" }; _files() { print FILES }; source ${script}; words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _holdfast`,
  fish: (script, words) => `source ${script}; complete -C '${words.join(' ')}'`,
};

const isThere = (shell: Shell): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

describe('holdfast completion', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-completion-'));
  after(() => rmSync(folder, { recursive: true }));

  for (const shell of SHELLS)
    it(`completes nouns, verbs, options and files in ${shell}${isThere(shell) ? '' : ' (skipped: it is not on this machine)'}`, async function () {
      if (!isThere(shell)) this.skip();
      const script = join(folder, shell);
      writeFileSync(script, (await captured(['completion', shell])).stdout);
      const offered = (...words: string[]): string[] => {
        const { stdout, stderr, status } = spawnSync(shell, ['-c', ASK[shell](script, words)], { encoding: 'utf8' });
        assert.deepEqual([status, stderr], [0, ''], stderr);
        return stdout.split('\n').flatMap((line) => line.split(/[\t:]/)[0] || []);
      };
      assert.deepEqual(
        offered('holdfast', '')
          .filter((name) => name in COMMANDS)
          .sort(),
        Object.keys(COMMANDS).sort(),
      );
      assert.deepEqual(offered('holdfast', 'gate', '').sort(), ['analyze', 'plan', 'simulate']);
      for (const flag of ['--evidence', '--role', '--json', '--no-color'])
        assert.ok(offered('holdfast', 'approve', 'rollout/x', '--').includes(flag), flag);
      assert.ok(offered('holdfast', 'gate', 'plan', '--').includes('--units-per-day'));
      assert.ok(!offered('holdfast', 'plan', '--').includes('--harms'));
      const files = offered('holdfast', 'validate', 'mod');
      assert.ok(files.includes('FILES') || files.some((name) => name.startsWith('models')), files.join());
    });

  it('knows three shells', async () => {
    const { exitCode, stderr } = await captured(['completion', 'csh']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /the shell is "csh"; there is bash, zsh, fish/);
  });
});
