import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, startRolloutStories } from '../workflows/rollout-stories.ts';
import type { RolloutStories, Story } from '../workflows/rollout-stories.ts';
import type { CommandTable } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { explain } from '../../src/client/lifecycle.ts';
import { EXIT_CODES } from '../../src/contracts/errors.ts';
import type { ExitName } from '../../src/contracts/errors.ts';
import { runCli } from '../../src/cli/program.ts';
import { freePort } from '../../src/platform/ports.ts';
import { HOUR_MS } from '../../src/domain/time.ts';
import { eventually } from '../workflows/stage-run.ts';
import { captured } from './captured.ts';
import { shownAfter, typed } from './terminal-text.ts';

interface Waiting {
  readonly id: string;
  readonly since: string;
  readonly commands: readonly string[];
}

const PROGRESS = {
  progress: [
    {
      stream: 'loss',
      assessment: 'inconclusive',
      safe: 0.43,
      harm: 0.02,
      units: 1204,
      unitsMin: 2500,
      leftMs: 9 * HOUR_MS,
    },
    { stream: 'errors', assessment: 'watched', safe: null, harm: 0, units: 40, unitsMin: null, leftMs: null },
  ],
  measured: { share: 0.0496, units: 3012 },
  unmet: ['needs 1,296 more matured units of loss, about 9 hours of event time'],
};

describe('rollouts, operated from a terminal', function () {
  this.timeout(30_000);
  let stories: RolloutStories;

  before(async () => {
    stories = await startRolloutStories();
    const { namespace } = stories.client.options;
    process.env['TEMPORAL_ADDRESS'] = stories.run.address;
    process.env['TEMPORAL_NAMESPACE'] = namespace;
  });
  after(async () => {
    delete process.env['TEMPORAL_ADDRESS'];
    delete process.env['TEMPORAL_NAMESPACE'];
    await stories.stop();
  });

  const exposed = async (model: string): Promise<Story> => {
    const story = await stories.begin(model);
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.05);
    return story;
  };
  const asking = async (model: string): Promise<Story> => {
    const story = await exposed(model);
    story.say('advance', 'advance');
    await story.until(({ request }) => request !== null);
    return story;
  };
  const inbox = async (...words: string[]): Promise<readonly Waiting[]> => {
    const { stdout } = await captured(['inbox', ...words, '--json']);
    return (JSON.parse(stdout) as { waiting: Waiting[] }).waiting;
  };

  describe('the inbox', () => {
    it('is empty where nothing waits for a person, and says where nothing runs that could', async () => {
      await exposed('calm-model');
      const { exitCode, stdout } = await captured(['inbox', 'calm-model']);
      assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: 'nothing waits for a person\n' });
      const unknown = await captured(['inbox', 'calm-mdoel']);
      assert.equal(unknown.exitCode, 1);
      assert.match(
        unknown.stderr,
        /^no process of calm-mdoel is running; did you mean calm-model\?\nerror PROCESS_NOT_FOUND /,
      );
    });

    it('takes somebody from “someone asks” to “approved” in two commands: itself, and the one it prints', async () => {
      const story = await asking('two-commands');
      const { rolloutId } = story.input;
      const found = await eventually(
        () => inbox(),
        (waiting) => waiting.some(({ id }) => id === rolloutId),
      );
      const { stdout } = await captured(['inbox']);
      assert.match(
        stdout,
        new RegExp(`\\d\\. ${rolloutId}\n   fresh: canary at 25 %, waits for approval by approver, 0 of 1 given\n`),
      );
      const [answer = ''] = found.find(({ id }) => id === rolloutId)?.commands ?? [];
      assert.ok(stdout.includes(`   > ${answer}\n`));
      const { exitCode } = await captured(typed(answer));
      assert.equal(exitCode, 0);
      story.say('advance');
      assert.equal((await ended(story)).decision?.outcome, 'promoted');
    });

    it('lists the oldest first, with what leads on: a resume, more time, a way back', async () => {
      const paused = await exposed('old-paused');
      await paused.order('pause');
      const late = await exposed('late-step');
      late.say('escalate');
      await late.until(({ escalated }) => escalated);
      const broken = await exposed('split-broken');
      broken.say({ verdict: 'hold', reasons: ['srm'] });
      await broken.until(({ last }) => last?.verdict === 'hold');
      const mine = ({ id }: Waiting): boolean => [paused, late, broken].some(({ input }) => input.rolloutId === id);
      const waiting = await eventually(
        async () => (await inbox('--as', 'ben')).filter(mine),
        (found) => found.length === 3,
      );
      assert.deepEqual(
        waiting.map(({ id, commands }) => [id, commands[0]?.split(' ').slice(2, 3).join()]),
        [
          [paused.input.rolloutId, 'resume'],
          [late.input.rolloutId, 'extend'],
          [broken.input.rolloutId, 'reject'],
        ],
      );
      for (const { commands } of waiting) assert.match(commands[0] ?? '', /--as ben --reason/);
      assert.deepEqual(
        (await inbox('late-step')).map(({ id }) => id),
        [late.input.rolloutId],
      );
      assert.match((await captured(['inbox', 'late-step'])).stdout, /; DEADLINE PASSED\n/);
    });

    it('keeps the time since when a person is waited for while the words change, and starts anew with the next need', async () => {
      const story = await exposed('since');
      await story.order('pause');
      const [first] = await eventually(
        () => inbox('since'),
        (waiting) => waiting.length === 1,
      );
      story.say('continue');
      await story.until(({ judgedCohort }) => judgedCohort > 1);
      assert.equal((await inbox('since'))[0]?.since, first?.since);
      await story.order('resume');
      await eventually(
        () => inbox('since'),
        (waiting) => waiting.length === 0,
      );
      await story.order('pause');
      const [again] = await eventually(
        () => inbox('since'),
        (waiting) => waiting.length === 1,
      );
      assert.ok((again?.since ?? '') > (first?.since ?? ''));
    });
  });

  describe('what a shell offers', () => {
    const offered = async (what: string): Promise<readonly string[]> => {
      const { exitCode, stdout, stderr } = await captured(['completion', '--offer', what]);
      assert.deepEqual([exitCode, stderr], [0, '']);
      return stdout.trimEnd().split('\n');
    };

    it('is what runs, with what it waits for; what is over only where it can still be asked about', async () => {
      const [open, over] = await Promise.all([asking('offered'), exposed('over')]);
      await over.order('rollback');
      await ended(over);
      const waits = `${open.input.rolloutId}\twaits for approval by approver, 0 of 1 given`;
      const rolledBack = `${over.input.rolloutId}\trolled back`;
      const past = await eventually(
        () => offered('any-rollout'),
        (words) => words.includes(waits) && words.includes(rolledBack),
      );
      const running = await offered('rollout');
      assert.ok(running.includes(waits) && !running.some((word) => word.startsWith(over.input.rolloutId)));
      assert.equal(new Set(past).size, past.length);
      assert.ok((await offered('subject')).includes(rolledBack));
      assert.ok((await offered('process')).includes('offered'));
    });

    it('is nothing, and no word of trouble, where no server answers', async () => {
      const { TEMPORAL_ADDRESS: address } = process.env;
      process.env['TEMPORAL_ADDRESS'] = `127.0.0.1:${await freePort()}`;
      try {
        assert.deepEqual(await offered('rollout'), ['']);
      } finally {
        process.env['TEMPORAL_ADDRESS'] = address;
      }
    });

    it('says what may be asked for', async () => {
      const { exitCode, stderr } = await captured(['completion', '--offer', 'rollouts']);
      assert.equal(exitCode, 2);
      assert.match(stderr, /--offer is "rollouts"; there is rollout, any-rollout, /);
    });
  });

  describe('a name that nothing has', () => {
    it('is answered with the one that was meant', async () => {
      const { rolloutId } = (await exposed('meant')).input;
      await eventually(
        async () => (await captured(['completion', '--offer', 'rollout'])).stdout,
        (words) => words.includes(rolloutId),
      );
      const signed = ['--as', 'ana', '--reason', 'because'];
      const wrong = rolloutId.replace('meant', 'maent');
      for (const words of [
        ['explain', wrong],
        ['watch', wrong],
        ['pause', wrong, ...signed],
        ['approve', wrong, '--evidence', 'e'.repeat(8), ...signed],
      ]) {
        const { exitCode, stderr } = await captured(words);
        assert.equal(exitCode, 1, words.join(' '));
        assert.ok(stderr.includes(`no process ${wrong} is running; did you mean ${rolloutId}?\n`), stderr);
      }
      const mistyped = await captured(['explain', rolloutId.replace('rollout/', 'rolout/')]);
      assert.ok(mistyped.stderr.startsWith(`no process rolout/meant`), mistyped.stderr);
      assert.doesNotMatch((await captured(['explain', 'something-else'])).stderr, /did you mean/);
    });

    it('is told how much of the evidence to give', async () => {
      const { rolloutId } = (await exposed('brief')).input;
      const words = ['approve', rolloutId, '--evidence', 'dd77', '--as', 'ana', '--reason', 'because'];
      const { exitCode, stderr } = await captured(words);
      assert.equal(exitCode, 2);
      assert.match(stderr, /--evidence is "dd77"; give at least the first 8 characters/);
    });
  });

  describe('watch', () => {
    it('shows a terminal one screen, redrawn in place without erasing it first, to the outcome', async () => {
      const story = await exposed('watched');
      story.say({ verdict: 'continue', ...PROGRESS });
      await story.until(({ last }) => last?.verdict === 'continue');
      let written = '';
      const watching = runCli(['watch', story.input.rolloutId], COMMANDS, {
        stdout: (text) => void (written += text),
        stderr: () => undefined,
        color: false,
        canRedraw: true,
        screen: { write: (text) => void (written += text), size: () => ({ columns: 100, rows: 40 }) },
      });
      await eventually(
        async () => written,
        (text) => text.includes('Gate after cohort'),
      );
      const screen = shownAfter(written).join('\n');
      assert.match(screen, /^Steps {6}✓ offline {3}✓ shadow {3}> 5 % {3}\. 25 % \(1 to approve\) {3}\. full$/m);
      assert.match(screen, /^Exposure {3}\[#\.{19}\] 5 % desired, 4\.96 % measured of 3,012 units of cohort \d$/m);
      assert.match(screen, /^ {2}loss {4}\[####\.{6}\] 43 % {2}1,204\/2,500 {3}2 % {2}inconclusive {2}about 9 hours$/m);
      assert.match(screen, /^ {2}- needs 1,296 more matured units of loss/m);
      await story.order('rollback');
      assert.equal(await watching, 5);
      assert.match(shownAfter(written).join('\n'), /^Phase {6}rolled back — rolled back by ana: seen enough$/m);
      assert.doesNotMatch(shownAfter(written).join('\n'), /Ctrl-C/);
      assert.equal(written.split('rollout/').length > 2, true);
      assert.ok(!written.includes('\u001b[2J') && written.endsWith('\u001b[?25h'));
    });

    it('writes a line on every change where nobody watches a terminal, and a document a line under --json', async () => {
      const story = await exposed('logged');
      const lines = captured(['watch', story.input.rolloutId]);
      const documents = captured(['watch', story.input.rolloutId, '--json']);
      await sleep(700);
      story.say({ verdict: 'continue', ...PROGRESS });
      await sleep(700);
      await story.order('reject');
      const { stdout, exitCode } = await lines;
      assert.equal(exitCode, 5);
      const said = stdout.trimEnd().split('\n');
      assert.equal(new Set(said).size, said.length);
      assert.ok(said.length >= 3 && said.every((line) => line.startsWith('fresh: ')), stdout);
      const parsed = (await documents).stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        [parsed[0]?.['phase'], parsed.at(-1)?.['outcome'], parsed.at(-1)?.['ended']],
        ['progressing', 'withdrawn', 'outcome'],
      );
      assert.ok(parsed.some(({ measured }) => measured === 0.0496));
    });

    it('leaves the rollout alone on Ctrl-C, and says so', async () => {
      const story = await exposed('left-alone');
      const before = await story.status();
      const child = spawn(process.execPath, ['dist/src/cli/main.js', 'watch', story.input.rolloutId]);
      let written = '';
      child.stdout.on('data', (part: Buffer) => void (written += part.toString()));
      const closed = new Promise<number | null>((done) => child.on('close', done));
      await eventually(
        async () => written,
        (text) => text.includes('fresh: '),
      );
      child.kill('SIGINT');
      assert.equal(await closed, 8);
      assert.ok(written.endsWith('no longer watching; the rollout goes on as before\n'), written);
      assert.deepEqual(await story.status(), before);
    });
  });

  describe('--dry-run', () => {
    const signed = ['--as', 'ana', '--reason', 'because', '--dry-run'];

    it('says of every order what it would be answered with, and gives none', async () => {
      const story = await asking('planned');
      const { rolloutId } = story.input;
      const { request, ...before } = await story.status();
      const evidence = request?.evidenceDigest ?? '';
      for (const [words, said] of [
        [['approve', rolloutId, '--evidence', evidence], /would be taken/],
        [['pause', rolloutId], /would be taken: paused by ana: because\nthen {7}paused, waits for a person to resume/],
        [['resume', rolloutId], /would be refused: the rollout is not paused/],
        [['rollback', rolloutId], /then {7}degraded, waits for everyone back on stable/],
        [['reject', rolloutId], /would be taken: rejected by ana/],
        [['extend', rolloutId, '--by', 'P1D'], /would be taken: deadline extended by \d+ cohorts/],
      ] as const) {
        const { exitCode, stdout } = await captured([...words, ...signed]);
        assert.match(stdout, /^dry run: nothing was changed\norder /);
        assert.match(stdout, said);
        assert.equal(exitCode, stdout.includes('would be refused') ? 6 : 0);
      }
      const { request: _request, ...after } = await story.status();
      assert.deepEqual(after, before);
      const { stdout } = await captured(['pause', rolloutId, ...signed, '--json']);
      assert.equal((JSON.parse(stdout) as { dryRun: boolean }).dryRun, true);
    });

    it('is known to every command that changes something', async () => {
      for (const words of [
        'demo',
        'up',
        'drill',
        'start',
        'reset',
        'approve',
        'reject',
        'pause',
        'resume',
        'rollback',
        'extend',
        'rebase',
        'evidence push',
        'notification test',
      ])
        assert.match((await captured([...words.split(' '), '--help'])).stdout, /--dry-run/, words);
    });
  });

  describe('exit codes', () => {
    /** What ends with each, given the id of a rollout that was rolled back, of one that goes on, and of one whose worker is gone. */
    const ROWS: Readonly<Record<ExitName, (ids: Record<'back' | 'open' | 'alone', string>) => readonly string[]>> = {
      ok: () => ['inbox'],
      error: () => ['validate', 'no-such.yaml'],
      usage: () => ['inbx'],
      rolledBack: ({ back }) => ['watch', back],
      refused: ({ open }) => ['resume', open, '--as', 'ana', '--reason', 'because'],
      pending: ({ open }) => ['watch', open, '--timeout', '0.1'],
      timeout: ({ alone }) => ['explain', alone],
    };

    /** The same question with less patience than a person's: ten seconds are long in a test. */
    const impatient: CommandTable = {
      explain: {
        summary: 'Explain',
        examples: ['explain'],
        load: async () => ({
          command: {
            declare: (command) => void command.argument('<process>'),
            run: async ({ args }) => {
              const inWords = await explain(stories.client, args[0] ?? '', { deadlineMs: 300 });
              return { exit: 'ok', document: { inWords }, text: inWords };
            },
          },
        }),
      },
    };

    it('are what the table says, one real command a row', async () => {
      const [back, open] = await Promise.all([exposed('rolled-back'), exposed('goes-on')]);
      await back.order('rollback');
      await ended(back);
      const alone = 'rollout/alone/00000000-1';
      await stories.client.workflow.start('rollout', { workflowId: alone, taskQueue: 'nobody', args: [] });
      const ids = { back: back.input.rolloutId, open: open.input.rolloutId, alone };
      for (const [name, { code }] of Object.entries(EXIT_CODES)) {
        const table = name === 'timeout' ? impatient : COMMANDS;
        const { exitCode, stdout, stderr } = await captured(ROWS[name as ExitName](ids), table);
        assert.equal(exitCode, code, `${name}: ${stdout}${stderr}`);
      }
    });
  });
});
