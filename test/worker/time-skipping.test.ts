import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { timeSkippingServerPath } from '../../src/platform/temporal-binary.ts';
import '../quiet-runtime.ts';

describe('the time-skipping server for tests', function () {
  this.timeout(120_000);

  it('is fetched once and lets thirty days of workflow time pass in seconds', async () => {
    const path = await timeSkippingServerPath();
    const server = { executable: { type: 'existing-path', path } } as const;
    const environment = await TestWorkflowEnvironment.createTimeSkipping({ server });
    try {
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue: 'control',
        workflowsPath: fileURLToPath(new URL('echo-workflow.js', import.meta.url)),
      });
      const began = Date.now();
      const options = { taskQueue: 'control', workflowId: 'days', args: [30] };
      const days = await worker.runUntil(environment.client.workflow.execute('countDays', options));
      assert.equal(days, 30);
      assert.ok(Date.now() - began < 30_000);
    } finally {
      await environment.teardown();
    }
  });
});
