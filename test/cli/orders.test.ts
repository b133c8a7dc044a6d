import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { connectClient } from '../../src/client/connect.ts';
import { commandIdOf } from '../../src/client/order.ts';
import { pause } from '../../src/client/rollout.ts';
import { rolloutId as idOf } from '../../src/contracts/names.ts';
import type { CommandRecord } from '../../src/contracts/records.ts';
import type { RolloutInput } from '../../src/contracts/workflows.ts';
import type { Judgement, RolloutBrief } from '../../src/domain/rollout/states.ts';
import { bundle, PRODUCT_SOURCES } from '../../src/worker/bundle.ts';
import { openLog, sdkLogger } from '../../src/worker/logging.ts';
import { startWorkers } from '../../src/worker/run.ts';
import type { Workers } from '../../src/worker/run.ts';
import '../quiet-runtime.ts';
import { startTemporal } from '../temporal-server.ts';
import type { TestServer } from '../temporal-server.ts';
import { captured } from './captured.ts';

const EVIDENCE = 'e'.repeat(64);

const STEP = { exposure: 0, deadlineCohorts: null, run: null, patienceMs: null, approvals: null } as const;
const ONE_APPROVER = { roles: ['approver'], quorum: 1, veto: [], expiresCohorts: null, authenticated: false };

const BRIEF: RolloutBrief = {
  stable: '1'.repeat(64),
  author: 'learner',
  steps: [
    { ...STEP, mode: 'offline' },
    { ...STEP, mode: 'canary', exposure: 0.05, run: 'canary', approvals: ONE_APPROVER },
    { ...STEP, mode: 'full', exposure: 1 },
  ],
  people: { approver: ['ana', 'ben'], operator: ['ana'] },
  policyDigest: '2'.repeat(64),
  generationBase: 0,
  salt: 'salt',
  calendar: { origin: 0, lengthMs: 3_600_000 },
};

const judgement = (verdict: Judgement['verdict']): Judgement => ({
  decisionId: `decision-${verdict}`,
  run: 'canary',
  cohort: 1,
  eventTime: '2001-02-01T03:00:00Z',
  verdict,
  reasons: [],
  evidenceDigest: EVIDENCE,
  onlyApprovalMissing: true,
  effectiveCohort: 3,
  assignmentFaults: [],
  unmet: [],
  inWords: 'certified safe; approval is missing',
  table: '',
});

/** A world in which everything is certified after the first cohort and only people are waited for. */
const activities = {
  beginRollout: async () => BRIEF,
  evaluateOffline: async () => ({ passed: true, decisionId: 'offline', reasons: [], inWords: 'passes the suite' }),
  setExposure: async () => ({ effectiveCohort: 1, effectiveFrom: '2001-02-01T00:00:00Z', gateways: 1 }),
  returnToStable: async () => ({ effectiveCohort: 1, effectiveFrom: '2001-02-01T00:00:00Z', gateways: 1 }),
  announceRequest: async () => undefined,
  finishRollout: async () => ({ handoffId: 'handoff' }),
  cohortServedNext: async () => undefined,
  judgeNext: async ({ afterCohort }: { afterCohort: number }) => {
    if (afterCohort < 1) return { kind: 'judged', judgement: judgement('continue') };
    const category = ApplicationFailureCategory.BENIGN;
    throw ApplicationFailure.create({ message: 'nothing new', type: 'NOT_YET', category, nextRetryDelay: '1s' });
  },
};

describe('commands to a rollout', function () {
  this.timeout(20_000);
  let server: TestServer;
  let client: Client;
  let workers: Workers;
  let attempts = 0;

  /** Starts a rollout and returns its id when it waits for approval. */
  async function waitingRollout(): Promise<string> {
    attempts += 1;
    const bundle = 'c'.repeat(64);
    const rolloutId = idOf('shop', bundle, attempts);
    const input: RolloutInput = { model: 'shop', rolloutId, bundle, idea: 'fresh', claim: 'improve' };
    await client.workflow.start('rollout', { workflowId: rolloutId, taskQueue: 'control', args: [input] });
    for (;;) {
      const { stdout } = await captured(['explain', rolloutId]);
      if (/Waits for +approval by approver/.test(stdout)) return rolloutId;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const as = (name: string): string[] => ['--as', name, '--reason', 'because'];

  before(async () => {
    server = await startTemporal();
    process.env['TEMPORAL_ADDRESS'] = server.address;
    process.env['TEMPORAL_NAMESPACE'] = server.namespace;
    client = await connectClient(server);
    const path = (name: string): string => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
    workers = await startWorkers({
      temporal: server,
      taskQueues: ['control', 'data', 'training'],
      bundle: await bundle(
        { ...PRODUCT_SOURCES, workflowsPath: path('workflows/rollout.js') },
        sdkLogger(openLog('warn', 'test')),
      ),
      activities,
      workflowsCachedMax: 10,
    });
  });
  after(async () => {
    delete process.env['TEMPORAL_ADDRESS'];
    delete process.env['TEMPORAL_NAMESPACE'];
    workers.shutdown();
    await workers.stopped;
    await client.connection.close();
    await server.stop();
  });

  it('refuse a yes to evidence that is not what the rollout stands on, and say what is', async () => {
    const id = await waitingRollout();
    const { exitCode, stdout } = await captured(['approve', id, '--evidence', 'f'.repeat(64), ...as('ana')]);
    assert.equal(exitCode, 6);
    assert.match(stdout, /^refused: /);
    const prefix = await captured(['approve', id, '--evidence', 'ffffffff', ...as('ana')]);
    assert.equal(prefix.exitCode, 6);
    assert.match(prefix.stdout, new RegExp(EVIDENCE));
  });

  it('refuse a yes by someone who does not have the role', async () => {
    const id = await waitingRollout();
    const { exitCode, stdout } = await captured(['approve', id, '--evidence', EVIDENCE, ...as('mallory')]);
    assert.equal(exitCode, 6);
    assert.match(stdout, /mallory/);
  });

  it('take a yes by the first characters of its evidence, and the same yes again as the same', async () => {
    const id = await waitingRollout();
    for (let time = 1; time <= 2; time += 1) {
      const { exitCode, stdout } = await captured(['approve', id, '--evidence', EVIDENCE.slice(0, 8), ...as('ana')]);
      assert.equal(exitCode, 0, stdout);
    }
    const { stdout } = await captured(['status', id, '--json']);
    const { processes } = JSON.parse(stdout) as { processes: [{ status: { request: { approvals: unknown[] } } }] };
    assert.equal(processes[0].status.request.approvals.length, 1);
  });

  it('pause, resume and pause again are three orders, and a pause of what is paused is refused', async () => {
    const id = await waitingRollout();
    assert.equal((await captured(['pause', id, ...as('ana')])).exitCode, 0);
    assert.equal((await captured(['pause', id, ...as('ana')])).exitCode, 6);
    assert.equal((await captured(['resume', id, ...as('ana')])).exitCode, 0);
    assert.equal((await captured(['pause', id, ...as('ana')])).exitCode, 0);
  });

  it('roll back for good, after which watch ends with 5 and every order is refused', async () => {
    const id = await waitingRollout();
    const pending = await captured(['watch', id, '--timeout', '0.1']);
    assert.equal(pending.exitCode, 8);
    const taken = await captured(['rollback', id, ...as('ana')]);
    assert.equal(taken.exitCode, 0);
    assert.match(taken.stdout, /\nat zero: every gateway has confirmed, [1-9]\d* ms after the order\n/);
    const { exitCode, stdout } = await captured(['watch', id]);
    assert.equal(exitCode, 5);
    assert.match(stdout, /rolled back — rolled back by ana: because/);
    const again = await captured(['resume', id, ...as('ana')]);
    assert.notEqual(again.exitCode, 0);
  });

  it('log every attempt before it is sent, and do not let the log delay a rollback', async () => {
    const id = await waitingRollout();
    const logged: CommandRecord[] = [];
    const order = { by: 'ana', reason: 'because', channel: 'client' } as const;
    const logAttempt = async (record: CommandRecord): Promise<void> => void logged.push(record);
    const reply = await pause(client, id, order, { logAttempt });
    assert.equal(logged[0]?.commandId, commandIdOf('pause', id, order));
    assert.equal(logged[0].commandId, reply.commandId);
    const { rollback } = await import('../../src/client/rollout.ts');
    const unlogged = await rollback(client, id, order, { logAttempt: () => new Promise<void>(() => undefined) });
    assert.equal(unlogged.accepted, true);
  });

  it('say so when there is no such rollout', async () => {
    const unknown = await captured(['pause', 'rollout/shop/00000000-9', ...as('ana')]);
    assert.equal(unknown.exitCode, 1);
    assert.match(unknown.stderr, /PROCESS_NOT_FOUND/);
    const malformed = await captured(['approve', 'shop', '--evidence', EVIDENCE, ...as('ana')]);
    assert.match(malformed.stderr, /not the id of a rollout/);
  });
});

describe('commands where nothing runs', () => {
  it('say where they looked and how to start', async () => {
    const { exitCode, stderr } = await captured(['status', '--state-dir', '/nonexistent']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /\/nonexistent\/platform\.json\nerror PLATFORM_NOT_RUNNING Start it with npm start/);
  });
});
