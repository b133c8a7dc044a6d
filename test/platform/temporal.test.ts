import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { connectClient } from '../../src/client/connect.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import { freePort } from '../../src/platform/ports.ts';
import { Supervisor } from '../../src/platform/supervise.ts';
import { temporalBinary } from '../../src/platform/temporal-binary.ts';
import { databaseFileIn, prepareTemporal } from '../../src/platform/temporal.ts';

describe('the Temporal dev server of the platform', function () {
  this.timeout(120_000);
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-temporal-'));
  const notices: string[] = [];
  let supervisor: Supervisor;
  let client: Client;

  before(async () => {
    supervisor = await Supervisor.open(stateDir, (text) => notices.push(text));
    const server = prepareTemporal({
      binary: await temporalBinary(),
      databaseFile: databaseFileIn(stateDir),
      port: await freePort(),
      uiPort: await freePort(),
    });
    await supervisor.start([server.child]);
    client = await connectClient({ address: server.address, namespace: server.namespace });
  });
  after(async () => {
    await client.connection.close();
    await supervisor.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('has every search attribute of the contract, and keeps closed runs for 90 days', async () => {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace: 'default' });
    for (const { name } of SEARCH_ATTRIBUTES) assert.ok(name in (customAttributes ?? {}), name);
    const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
    assert.equal(Number(config?.workflowExecutionRetentionTtl?.seconds), 90 * 86_400);
  });

  it('loses no acknowledged start and no signal by kill -9, comes back by itself, and clients go on', async () => {
    const options = { taskQueue: 'nobody', workflowId: 'kept' };
    await client.workflow.start('anything', { ...options, args: [] });
    await client.workflow.getHandle('kept').signal('noted', 1);
    const killed = supervisor.kill('temporal');
    await sleep(50);
    const start = Date.now();
    for (;;) {
      const described = await client
        .withDeadline(Date.now() + 1_000, () => client.workflow.getHandle('kept').describe())
        .catch(() => null);
      if (described !== null) {
        assert.equal(described.status.name, 'RUNNING');
        break;
      }
      assert.ok(Date.now() - start < 20_000, 'not back within 20 s');
      await sleep(100);
    }
    const { events } = await client.workflow.getHandle('kept').fetchHistory();
    assert.ok(events?.some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'noted'));
    while (supervisor.children[0]?.state !== 'serving') await sleep(20);
    assert.notEqual(supervisor.children[0]?.pid, killed);
    assert.deepEqual(notices, ['temporal died (SIGKILL); restarting it', 'temporal serves again']);
  });
});
