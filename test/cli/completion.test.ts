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

const LISTER = `#!/bin/sh
what=$3
[ "$4" = --state-dir ] && where=$5
printf '%s/%s-1\\twaits for approval\\n' "$what" "\${where:-a}"
`;

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

  for (const shell of SHELLS)
    it(`asks for what runs at the key press, of the folder that was named, in ${shell}${isThere(shell) ? '' : ' (skipped: it is not on this machine)'}`, async function () {
      if (!isThere(shell)) this.skip();
      const script = join(folder, `${shell}-listed`);
      writeFileSync(script, (await captured(['completion', shell])).stdout);
      // Stands for the program, as the shell finds it: answers with what it was asked.
      writeFileSync(join(folder, 'holdfast'), LISTER, { mode: 0o755 });
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
      const offered = (...words: string[]): string[] => {
        const { stdout, stderr } = spawnSync(shell, ['-c', ASK[shell](script, words)], { encoding: 'utf8', env });
        assert.equal(stderr, '');
        return stdout.split('\n').flatMap((line) => line.split(/[\t:]/)[0] || []);
      };
      assert.deepEqual(offered('holdfast', 'approve', 'ro'), ['rollout/a-1']);
      assert.deepEqual(offered('holdfast', 'verify', ''), ['any-rollout/a-1']);
      assert.deepEqual(offered('holdfast', 'explain', '--json', ''), ['process/a-1']);
      assert.deepEqual(offered('holdfast', 'approve', '--state-dir', 'there', '--as', 'ana', 'ro'), [
        'rollout/there-1',
      ]);
      assert.deepEqual(offered('holdfast', 'approve', 'rollout/x', ''), []);
      assert.ok(offered('holdfast', 'drill', '').includes('postgres-gone'));
      const files = offered('holdfast', 'evidence', 'push', 'rollout/x', 'mod');
      assert.ok(files.includes('FILES') || files.some((name) => name.startsWith('models')), files.join());
    });

  it('loads no client of Temporal at a key press: that alone would take longer than a person waits', () => {
    const program = `
      await Promise.all(['offers.js', '../connection.js'].map((name) => import(process.argv[1] + '/src/cli/completion/' + name)));
      const { cache } = (await import('node:module')).createRequire(process.argv[1] + '/');
      console.log(Object.keys(cache).filter((path) => path.includes('@temporalio/client')).length);`;
    const { stdout } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program, join(process.cwd(), 'dist')],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(stdout, '0\n');
  });

  it('knows three shells', async () => {
    const { exitCode, stderr } = await captured(['completion', 'csh']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /the shell is "csh"; there is bash, zsh, fish/);
  });
});
