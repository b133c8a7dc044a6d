import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { SAVED_VIEWS } from '../../src/contracts/search-attributes.ts';
import { promotionId } from '../../src/contracts/names.ts';
import type { RolloutInput, RolloutPlan } from '../../src/contracts/workflows.ts';
import { ended, STABLE, startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories } from './rollout-stories.ts';
import { eventually, faultsOfAllRuns, historyOf, keepHistory } from './stage-run.ts';

interface Status {
  readonly inFlight: RolloutPlan | null;
  readonly sequence: number;
}

describe('the workflow of promotion', function () {
  this.timeout(60_000);
  let stories: RolloutStories;
  const start = async (model: string): Promise<WorkflowHandle> => {
    await stories.open(model);
    return stories.run.start('promotion', promotionId(model), { model });
  };
  const submit = async (handle: WorkflowHandle, idea: string, day: number): Promise<RolloutInput> => {
    const input = await stories.submit(handle.workflowId.split('/')[1]!, idea, day);
    await handle.signal('candidateReady', { bundle: input.bundle, handoffId: `${idea}/candidate` });
    return input;
  };
  const status = (handle: WorkflowHandle): Promise<Status> => handle.query<Status>('status');
  const inFlight = async (handle: WorkflowHandle, input: RolloutInput | null): Promise<void> => {
    await eventually(
      () => status(handle),
      (now) => now.inFlight?.rolloutId === input?.rolloutId,
    );
    if (input === null) return;
    const { handle: started } = stories.storyOf(input);
    await eventually(
      () => started.describe().catch(() => null),
      (known) => known !== null,
    );
  };
  const candidate = ({ model, bundle }: RolloutInput) =>
    stories.records.transaction(model, (tx) => tx.get('candidate', bundle));
  /** How often the rollouts of a queue were started. */
  const begun = async (handle: WorkflowHandle): Promise<string[]> =>
    (await historyOf(handle)).flatMap((event) => {
      const child = event['startChildWorkflowExecutionInitiatedEventAttributes'] as { workflowId: string } | undefined;
      return child === undefined ? [] : [child.workflowId];
    });

  before(async () => void (stories = await startRolloutStories()));
  after(() => stories.stop());

  it('starts one rollout at a time, and the next when it is told that the one before has ended', async () => {
    const handle = await start('queue');
    const first = await submit(handle, 'fresh', 3);
    await inFlight(handle, first);
    const second = await submit(handle, 'faster', 4);
    assert.match(await handle.query<string>('explain'), /fresh is in flight/);
    stories.storyOf(first).say('rollback');
    await ended(stories.storyOf(first));
    await inFlight(handle, second);
    assert.deepEqual(await begun(handle), [first.rolloutId, second.rolloutId]);
    stories.storyOf(second).say('rollback');
    await ended(stories.storyOf(second));
    await inFlight(handle, null);
    await keepHistory(handle, 'promotion--two-candidates-after-one-another');
  });

  it('lets the next candidate be judged against what the one before has made stable', async () => {
    const handle = await start('successor');
    const first = await submit(handle, 'fresh', 3);
    await inFlight(handle, first);
    const story = stories.storyOf(first);
    assert.equal((await story.until(({ brief }) => brief !== null)).brief?.stable, STABLE);
    story.say('advance', 'advance', 'advance');
    await story.order('approve', await story.approval());
    story.say('advance');
    const second = await submit(handle, 'faster', 4);
    await inFlight(handle, second);
    assert.equal((await ended(story)).decision?.outcome, 'promoted');
    const { brief } = await stories.storyOf(second).until((state) => state.brief !== null);
    assert.equal(brief?.stable, first.bundle);
  });

  it('starts nothing twice, however often it is told', async () => {
    const handle = await start('repeated');
    const input = await submit(handle, 'fresh', 3);
    for (let times = 0; times < 10; times += 1)
      await handle.signal('candidateReady', { bundle: input.bundle, handoffId: 'fresh/candidate' });
    await inFlight(handle, input);
    await handle.signal('rolloutFinished', {
      rolloutId: 'rollout/repeated/ffffffff-1',
      outcome: 'promoted',
      handoffId: 'h',
    });
    await sleep(300);
    assert.deepEqual([(await status(handle)).sequence, await begun(handle)], [1, [input.rolloutId]]);
  });

  it('finds in the records what it was not told', async () => {
    await stories.open('untold');
    const input = await stories.submit('untold', 'fresh', 3);
    await inFlight(await stories.run.start('promotion', promotionId('untold'), { model: 'untold' }), input);
  });

  it('leaves a rollout alone that runs already, as after a reset, and goes on', async () => {
    const handle = await start('reset');
    const input = await stories.submit('reset', 'fresh', 3);
    await stories.run.start('rollout', input.rolloutId, input);
    await handle.signal('candidateReady', { bundle: input.bundle, handoffId: 'fresh/candidate' });
    await inFlight(handle, input);
    await eventually(
      async () => (await historyOf(handle)).map(({ eventType }) => eventType),
      (types) => types.includes('EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED'),
    );
    stories.storyOf(input).say('rollback');
    await ended(stories.storyOf(input));
    await inFlight(handle, null);
    await inFlight(handle, await submit(handle, 'faster', 4));
  });

  for (const [how, end] of [
    ['terminated', (rollout: WorkflowHandle) => rollout.terminate('it was wedged')],
    ['cancelled', (rollout: WorkflowHandle) => rollout.cancel()],
  ] as const)
    it(`sets a candidate aside whose rollout is ${how}: nobody is exposed, the reason is recorded, the next one goes on`, async () => {
      const handle = await start(how);
      const first = await submit(handle, 'fresh', 3);
      await inFlight(handle, first);
      const story = stories.storyOf(first);
      story.say('advance');
      await story.until(({ exposure }) => exposure === 0.05);
      const second = await submit(handle, 'faster', 4);
      await end(story.handle);
      await inFlight(handle, second);
      assert.equal(await story.exposed(), 0);
      const { outcome, reason } = (await candidate(first)) ?? {};
      assert.deepEqual([outcome, reason], ['rolled_back', 'its rollout was ended from outside, without an outcome']);
      assert.match(await handle.query<string>('explain'), /fresh rolled back: its rollout was ended from outside/);
      stories.storyOf(second).say('rollback');
      await ended(stories.storyOf(second));
      await inFlight(handle, null);
    });

  it('leaves a rollout alone that was reset, and sets it aside when that run is terminated', async () => {
    const handle = await start('rollout-reset');
    const input = await submit(handle, 'fresh', 3);
    await inFlight(handle, input);
    const story = stories.storyOf(input);
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.05);
    const { events = [] } = await story.handle.fetchHistory();
    const done = events?.findLast(({ workflowTaskCompletedEventAttributes: task }) => task != null)?.eventId ?? null;
    await stories.client.workflowService.resetWorkflowExecution({
      namespace: stories.client.options.namespace,
      workflowExecution: { workflowId: input.rolloutId },
      workflowTaskFinishEventId: done,
      reason: 'a test',
      requestId: 'reset',
    });
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.25);
    assert.equal((await status(handle)).inFlight?.rolloutId, input.rolloutId);
    await story.handle.terminate('and it was wedged again');
    await inFlight(handle, null);
    assert.equal(await story.exposed(), 0);
  });

  it('continues as new with the rollout in flight, which goes on meanwhile', async () => {
    const handle = await start('years');
    const input = await submit(handle, 'fresh', 3);
    await inFlight(handle, input);
    const { runId } = await handle.describe();
    // A stream of messages that never leaves it without news.
    for (let round = 0; round < 500 && (await handle.describe()).runId === runId; round += 1) {
      await handle.signal('suiteGrew', { caseId: `case-${round}`, handoffId: `case-${round}` });
      // The rules for histories ask that a run lasts two seconds.
      await sleep(50);
    }
    const first = stories.client.workflow.getHandle(handle.workflowId, runId);
    assert.equal((await first.describe()).status.name, 'CONTINUED_AS_NEW');
    await keepHistory(first, 'promotion--continued-as-new');
    assert.deepEqual((await status(handle)).inFlight?.rolloutId, input.rolloutId);
    assert.equal((await stories.storyOf(input).handle.describe()).status.name, 'RUNNING');
    stories.storyOf(input).say('rollback');
    await ended(stories.storyOf(input));
    await inFlight(handle, null);
  });

  it('stands in a list that the saved views can ask', async () => {
    for (const { filter } of SAVED_VIEWS) assert.ok((await stories.client.workflow.count(filter)).count >= 0, filter);
  });

  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});
