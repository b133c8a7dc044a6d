import assert from 'node:assert/strict';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { DAY_MS } from '../../src/domain/time.ts';
import type { HistoryEvent } from './history-rules.ts';
import { ended, startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories } from './rollout-stories.ts';
import { historyOf, startTimeSkippingRun } from './stage-run.ts';

/** Days until the gate has something to say, by model. */
const SILENT_DAYS: Readonly<Record<string, number>> = { patient: 30, impatient: 10 };
const PATIENCE_DAYS = 2;

describe('a rollout on a clock that leaps', function () {
  this.timeout(60_000);
  let stories: RolloutStories;
  const calls = new Map<string, number>();

  before(async () => {
    stories = await startRolloutStories(
      {
        // As the real one: while there is nothing to judge it fails as benign, and is asked again.
        judgeNext: async ({ model, rolloutId }) => {
          calls.set(model, (calls.get(model) ?? 0) + 1);
          if ((calls.get(model) ?? 0) > (SILENT_DAYS[model] ?? 0))
            throw ApplicationFailure.nonRetryable(`${rolloutId} cannot be judged`, 'TEST_OVER');
          throw ApplicationFailure.create({
            message: 'nothing has matured yet',
            type: 'NOT_YET',
            category: ApplicationFailureCategory.BENIGN,
            nextRetryDelay: '1 day',
          });
        },
      },
      { startRun: startTimeSkippingRun },
    );
  });
  after(() => stories.stop());

  const timeOf = (event: HistoryEvent | undefined): number => Date.parse(event?.eventTime ?? '');
  const isLook = (event: HistoryEvent): boolean =>
    JSON.stringify(event['activityTaskScheduledEventAttributes'] ?? null).includes('"judgeNext"');

  it('waits thirty days for evidence in seconds, at the cost of six events', async () => {
    const story = await stories.begin('patient');
    assert.equal((await ended(story)).decision?.outcome, 'refused');
    const events = await historyOf(story.handle);
    const look = events.slice(events.findIndex(isLook));
    const failed = look.find(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_FAILED');
    assert.ok(timeOf(failed) - timeOf(look[0]) >= 30 * DAY_MS);
    assert.equal(calls.get('patient'), 31);
    const until = look.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED');
    assert.equal(until + 1, 6);
  });

  it('refuses a candidate in shadow that has waited longer than the patience of its step', async () => {
    const story = await stories.begin('impatient', (world) => {
      world.declare = (declaration) => {
        const { rollout } = declaration;
        const steps = rollout.steps.map((step) =>
          step.mode === 'shadow' ? { ...step, patience: `P${PATIENCE_DAYS}D` } : step,
        );
        return { ...declaration, rollout: { ...rollout, steps } };
      };
    });
    const { decision } = await ended(story);
    assert.equal(decision?.outcome, 'refused');
    assert.match(decision?.reason ?? '', /waited longer than its patience/);
    const events = await historyOf(story.handle);
    const started = events.find(({ eventType }) => eventType === 'EVENT_TYPE_TIMER_STARTED');
    const fired = events.find(({ eventType }) => eventType === 'EVENT_TYPE_TIMER_FIRED');
    const waited = timeOf(fired) - timeOf(started);
    assert.ok(waited > (PATIENCE_DAYS - 1) * DAY_MS && waited <= PATIENCE_DAYS * DAY_MS + 1_000, `${waited} ms`);
    assert.equal(await story.exposed(), 0);
  });
});
