import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { lifecycleId } from '../../src/contracts/names.ts';
import type { LifecycleInput } from '../../src/contracts/workflows.ts';
import { flightModel } from '../adapters/data-source/places.ts';
import { startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories } from './rollout-stories.ts';
import { eventually, faultsOfAllRuns, keepHistory } from './stage-run.ts';

const STAGES = ['collection', 'monitoring', 'promotion', 'experimentation'] as const;

describe('the workflow of a life cycle', function () {
  this.timeout(60_000);
  let stories: RolloutStories;
  let isOver = false;
  /** No stage has anything to do here. */
  const idle = async (): Promise<never> => {
    for (;;) {
      if (isOver) throw ApplicationFailure.nonRetryable('the test is over', 'TEST_OVER');
      Context.current().heartbeat();
      await sleep(20);
    }
  };
  const inputOf = (model: string): LifecycleInput => ({
    declaration: { ...flightModel(), model, owner: 'cleo' },
    digest: 'a'.repeat(64),
    baseDir: '.',
    modelPath: 'shop.yaml',
  });
  const start = (model: string): Promise<WorkflowHandle> =>
    stories.run.start('lifecycle', lifecycleId(model), inputOf(model));
  const stage = (name: string, model: string): WorkflowHandle => stories.client.workflow.getHandle(`${name}/${model}`);
  const running = async (model: string): Promise<string[]> =>
    Promise.all(
      STAGES.map(async (name) => {
        const described = await eventually(
          () =>
            stage(name, model)
              .describe()
              .catch(() => null),
          (known) => known !== null,
        );
        return `${name} ${described?.status.name} ${described?.runId}`;
      }),
    );

  before(async () => {
    stories = await startRolloutStories({ collectNext: idle, monitorNext: idle, experimentNext: idle });
  });
  after(async () => {
    isOver = true;
    await stories.stop();
  });

  it('serves the declared fallback, then starts the four stages', async () => {
    await start('born');
    const stages = await running('born');
    assert.ok(
      stages.every((each) => each.includes('RUNNING')),
      stages.join(),
    );
    const [state] = await stories.router.observe('born');
    assert.equal(state?.generation, 1);
  });

  it('says what each stage said last, and that an incident was closed', async () => {
    const handle = stories.client.workflow.getHandle(lifecycleId('born'));
    await handle.signal('stageChanged', { stage: 'monitoring', inWords: 'all is well', eventTime: null });
    await handle.signal('stageChanged', { stage: 'monitoring', inWords: 'one day measured', eventTime: null });
    await handle.signal('incidentClosed', { incidentId: 'incident/born/2001-02-25-1' });
    const words = await eventually(
      () => handle.query<string>('explain'),
      (text) => text.includes('incident/born/2001-02-25-1 is closed'),
    );
    assert.match(words, /\*\*Monitoring\*\* one day measured/);
    assert.match(words, /\*\*Collection\*\* has not spoken yet/);
    await keepHistory(handle, 'lifecycle--four-stages');
  });

  it('leaves stages alone that run already', async () => {
    const first = await start('again');
    const before = await running('again');
    await first.terminate('the life cycle alone is ended');
    await start('again');
    await sleep(500);
    assert.deepEqual(await running('again'), before);
  });

  it('continues as new with what was said, and its stages live on', async () => {
    const handle = await start('years');
    const before = await running('years');
    const { runId } = await handle.describe();
    for (let day = 0; day < 300 && (await handle.describe()).runId === runId; day += 1) {
      const inWords = `day ${day} has landed`;
      await handle.signal('stageChanged', { stage: 'collection', inWords, eventTime: null });
      await sleep(20);
    }
    const first = stories.client.workflow.getHandle(handle.workflowId, runId);
    assert.equal((await first.describe()).status.name, 'CONTINUED_AS_NEW');
    assert.match(await handle.query<string>('explain'), /\*\*Collection\*\* day \d+ has landed/);
    assert.deepEqual(await running('years'), before);
  });

  it('says so and ends where the model cannot be opened at all', async () => {
    const input = inputOf('broken');
    const declaration = { ...input.declaration, healthyRange: [1, 0, 0] as unknown as [number, number] };
    const handle = await stories.run.start('lifecycle', lifecycleId('broken'), { ...input, declaration });
    await assert.rejects(handle.result(), ({ cause }: Error) => {
      const reason = cause instanceof ActivityFailure ? cause.cause : cause;
      assert.match(reason instanceof Error ? reason.message : '', /the declaration has \d+ faults?, .*healthyRange/);
      return true;
    });
  });

  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});
