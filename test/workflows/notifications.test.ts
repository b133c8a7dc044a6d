import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NOTICE_LINES_MAX } from '../../src/contracts/notifications.ts';
import type { Channel, NoticeTopic } from '../../src/contracts/notifications.ts';
import { ended, SILENT_CHANNEL, startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories, Story } from './rollout-stories.ts';
import { eventually, faultsOfAllRuns, keepHistory } from './stage-run.ts';

const CHANNEL: Channel = {
  kind: 'webhook',
  id: 'team',
  url: 'https://hooks.example.org',
  secretFrom: 'HOLDFAST_SECRET_TEAM',
  onlyUnanswered: false,
};

describe('what a rollout tells people', function () {
  this.timeout(30_000);
  let stories: RolloutStories;

  before(async () => {
    stories = await startRolloutStories();
  });
  after(() => stories.stop());

  const exposed = async (model: string, escalateAfter?: string, channel = CHANNEL): Promise<Story> => {
    const story = await stories.begin(model, (world) => {
      world.declare = (declaration) => ({
        ...declaration,
        notifications: { channels: [channel], ...(escalateAfter === undefined ? {} : { escalateAfter }) },
      });
    });
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.05);
    return story;
  };
  const toldOf = ({ input }: Story) => stories.told.filter(({ process }) => process === input.rolloutId);
  const told = async (story: Story, ...topics: readonly NoticeTopic[]) =>
    eventually(
      async () => toldOf(story),
      (found) => JSON.stringify(found.map(({ topic }) => topic)) === JSON.stringify(topics),
    );

  it('is a request for approval, once however often the gate looks, and the rollback, with what to do in eight lines', async () => {
    const story = await exposed('asked');
    story.say('advance', 'advance');
    await story.until(({ request }) => request !== null);
    const [asked] = await told(story, 'approval');
    const { rolloutId } = story.input;
    assert.ok((asked?.text.length ?? 99) <= NOTICE_LINES_MAX);
    assert.equal(asked?.text[0], 'asked: an approval is asked — fresh, canary at 25 %');
    assert.match(
      asked.text.join('\n'),
      /^What changes: exposure rises from 25 % to 100 % with 1 more yes of ana or ben$/m,
    );
    assert.match(asked.text.join('\n'), new RegExp(`^Way back: npx holdfast rollback ${rolloutId} --as NAME`, 'm'));
    assert.match(
      asked.text.at(-1) ?? '',
      new RegExp(`^To answer: npx holdfast approve ${rolloutId} --evidence [0-9a-f]{16} `),
    );
    story.say('advance', 'advance');
    await story.until(({ judgedCohort }) => judgedCohort >= 5);
    await story.order('rollback');
    assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
    const [, back] = await told(story, 'approval', 'rollback');
    assert.match(back?.text.join('\n') ?? '', /^Why now: rolled back by ana: seen enough$/m);
    await keepHistory(story.handle, 'rollout--people-told');
  });

  it('is a split that is broken, a deadline that comes near, and one that has passed, each once', async () => {
    const broken = await exposed('broken');
    broken.say({ verdict: 'hold', reasons: ['srm'] }, { verdict: 'hold', reasons: ['srm'] });
    await broken.until(({ judgedCohort, last }) => last?.verdict === 'hold' && judgedCohort >= 4);
    await told(broken, 'hold');
    const late = await exposed('late');
    late.say(
      { verdict: 'continue', deadlineCohorts: 90 },
      { verdict: 'continue', deadlineCohorts: 10 },
      { verdict: 'continue', deadlineCohorts: 9 },
      'escalate',
    );
    await late.until(({ escalated }) => escalated);
    await told(late, 'deadlineNear', 'deadlinePassed');
  });

  it('is evidence that a whole cohort later is still missing: once a gap, and nothing when it is back', async () => {
    const story = await exposed('gap');
    const missing = { verdict: 'hold', reasons: ['data-pending', 'loss'] } as const;
    story.say('continue', missing, 'continue', missing, missing, missing);
    await story.until(({ judgedCohort, last }) => last?.verdict === 'hold' && judgedCohort >= 6);
    const [first] = await told(story, 'hold');
    assert.equal(first?.subject, 'gap: evidence is missing — fresh, canary at 5 %');
    assert.match(first.text.join('\n'), /^What changes: nothing: exposure stays at 5 %; it goes on by itself when/m);
    assert.equal(first.text.at(-1), `To answer: npx holdfast explain ${story.input.rolloutId}`);
    story.say('continue', missing, missing);
    await story.until(({ judgedCohort }) => judgedCohort >= 9);
    await told(story, 'hold', 'hold');
    assert.equal((await story.status()).escalated, false);
  });

  it('reaches a rollout that began before its model had a channel, with its next look', async () => {
    const story = await stories.begin('later-channel');
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.05);
    await stories.records.transaction('later-channel', async (tx) => {
      const record = await tx.get('model', 'declaration');
      assert.ok(record !== null);
      const declaration = { ...record.declaration, notifications: { channels: [CHANNEL] } };
      await tx.put('model', 'declaration', { ...record, declaration });
    });
    story.world.telling = { notifications: { escalateAfterMs: null } };
    story.say('continue');
    await story.until(({ brief }) => brief?.notifications !== undefined);
    story.world.telling = {};
    story.say('continue');
    await story.until(({ judgedCohort }) => judgedCohort >= 3);
    await story.order('rollback');
    await told(story, 'rollback');
  });

  it('is told again when nobody has answered for as long as the policy says, and not when somebody has', async () => {
    const ignored = await exposed('ignored', 'PT1S');
    const answered = await exposed('answered', 'PT1S');
    for (const story of [ignored, answered]) {
      story.say('advance', 'advance');
      await story.until(({ request }) => request !== null);
    }
    await answered.order('approve', await answered.approval());
    answered.say('advance');
    await ended(answered);
    const [, again] = await told(ignored, 'approval', 'escalation');
    assert.equal(
      again?.subject,
      'ignored: nobody has answered for 1 second — an approval is asked — fresh, canary at 25 %',
    );
    await sleep(300);
    await told(answered, 'approval');
  });

  it('keeps nobody exposed where a receiver does not answer: only its own message waits', async () => {
    const story = await exposed('stuck', undefined, { ...CHANNEL, id: SILENT_CHANNEL });
    story.say('advance', 'advance');
    await story.until(({ request }) => request !== null);
    await story.order('rollback');
    await story.until(({ recorded }) => recorded);
    assert.equal(await story.exposed(), 0);
  });

  it('leaves histories in which the rules find no fault', async () => {
    for await (const { workflowId } of stories.client.workflow.list({ query: 'ExecutionStatus = "Running"' }))
      await stories.client.workflow.getHandle(workflowId).terminate('the test is over');
    assert.deepEqual(await faultsOfAllRuns(stories.run), []);
  });
});
