import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { workflowBundle } from '../../src/worker/bundle.ts';
import type { WorkflowBundle } from '../../src/worker/bundle.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import '../quiet-runtime.ts';
import { faultsOf } from '../workflows/history-rules.ts';
import type { HistoryEvent } from '../workflows/history-rules.ts';
import { kept, read } from './kept-histories.ts';
import type { KeptHistory } from './kept-histories.ts';

describe('recorded histories', function () {
  this.timeout(60_000);
  let bundle: WorkflowBundle;
  before(async () => (bundle = await workflowBundle(sdkLogger(openLog('error', 'test')))));

  const violation = async (history: KeptHistory): Promise<string | null> => {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle }, [history])) {
      if (error !== undefined) return error.name;
    }
    return null;
  };

  it('are there for every workflow that a worker can run', () => {
    const types = [...readFileSync('src/workflows/index.ts', 'utf8').matchAll(/export \{ (\w+) \}/g)].map(
      ([, type]) => type,
    );
    assert.ok(types.length >= 8);
    const recorded = new Set(kept.map(({ name }) => /([a-z]+)--/.exec(name)?.[1]));
    assert.deepEqual(
      types.filter((type) => !recorded.has(type)),
      [],
    );
  });

  for (const { name, path } of kept) {
    it(`replay under the present code: ${name}`, async () => assert.equal(await violation(read(path)), null));
  }

  for (const { name, path } of kept) {
    it(`break none of the rules for histories: ${name}`, () =>
      assert.deepEqual(faultsOf(read(path).history.events), []));
  }

  it('break the rules where an activity is shown without words, so that this suite would see it', () => {
    const { events } = read(kept.find(({ name }) => name.includes('monitoring--'))?.path ?? '').history;
    const bare = events.map(({ userMetadata: _words, ...event }) => event as HistoryEvent);
    assert.ok(faultsOf(bare).includes('EVENT_TYPE_ACTIVITY_TASK_SCHEDULED without a summary'));
  });

  it('do not replay under other code, so that this suite would see a change', async () => {
    const { workflowId, history } = read(kept.find(({ name }) => name.includes('monitoring--'))?.path ?? '');
    const [started] = history.events;
    const attributes = started?.['workflowExecutionStartedEventAttributes'] as { workflowType: { name: string } };
    attributes.workflowType.name = 'collection';
    assert.equal(await violation({ workflowId, history }), 'DeterminismViolationError');
  });
});
