import assert from 'node:assert/strict';
import { ended, startRolloutStories } from '../workflows/rollout-stories.ts';
import type { RolloutStories, Story } from '../workflows/rollout-stories.ts';
import { eventually } from '../workflows/stage-run.ts';
import { captured } from './captured.ts';

/** A printed command line as the shell would split it, with the words that a person replaces. */
const typed = (line: string): string[] =>
  (
    line
      .replace('NAME', 'ana')
      .replace('…', 'seen enough')
      .match(/"[^"]*"|\S+/g) ?? []
  )
    .map((word) => word.replaceAll('"', ''))
    .slice(2);

interface Waiting {
  readonly id: string;
  readonly since: string;
  readonly commands: readonly string[];
}

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
    it('is empty where nothing waits for a person', async () => {
      const { exitCode, stdout } = await captured(['inbox', 'nobody']);
      assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: 'nothing waits for a person\n' });
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
});
