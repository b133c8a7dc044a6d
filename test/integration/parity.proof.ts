import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPERATOR_ACTIONS } from '../../scripts/reference/operator-actions.ts';
import type { OperatorAction } from '../../scripts/reference/operator-actions.ts';
import { createVegaRenderer } from '../../src/adapters/chart-renderer/vega.ts';
import { createEdgeRecords } from '../../src/adapters/record-store/edge-records.ts';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import { recordEvidence } from '../../src/client/evidence.ts';
import * as client from '../../src/client/rollout.ts';
import type { RolloutStatus } from '../../src/contracts/workflows.ts';
import { policyOf } from '../../src/contracts/policy-record.ts';
import { createPages } from '../../src/http/pages.ts';
import { startEdge } from '../../src/http/server.ts';
import type { Edge } from '../../src/http/server.ts';
import { readTokens } from '../../src/http/tokens.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { stringify } from 'yaml';
import { captured } from '../cli/captured.ts';
import { freshDatabase } from '../postgres-server.ts';
import { pushedModel, soundPushedModel } from '../pushed-model.ts';
import { startPushedRollouts } from '../pushed-rollouts.ts';
import type { PushedRollout, PushedRollouts } from '../pushed-rollouts.ts';

const ACTIONS = OPERATOR_ACTIONS.filter(({ process: kind }) => kind === 'rollout');
const WAYS = ['signal', 'update', 'cli', 'client', 'http'] as const;
type Way = (typeof WAYS)[number];
const SIGNED = { by: 'ana', reason: 'seen enough' } as const;

const CALLS = new Map(Object.entries(client) as Array<[string, typeof client.pause]>);

/** What is said besides who and why. */
type Content = Readonly<Record<string, string | number>>;

describe('everything a person may do to a rollout', function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-parity-'));
  let records: RecordStore;
  let rollouts: PushedRollouts;
  let edge: Edge;

  before(async () => {
    const postgresUrl = await freshDatabase();
    records = await recordStores.postgres.create({ url: postgresUrl, connectionsMax: 10 });
    await records.migrate();
    rollouts = await startPushedRollouts(records);
    process.env['TEMPORAL_ADDRESS'] = rollouts.address;
    process.env['HOLDFAST_POSTGRES_URL'] = postgresUrl;
    const whole = createEdgeRecords(records);
    const behind = { client: rollouts.client, records: whole, pages: createPages(whole, createVegaRenderer()) };
    const tokens = readTokens({ httpTokens: undefined, httpTokensFile: undefined });
    edge = await startEdge({ host: '127.0.0.1', port: 0, tokens, behind: () => behind });
  });
  after(async () => {
    delete process.env['TEMPORAL_ADDRESS'];
    delete process.env['HOLDFAST_POSTGRES_URL'];
    await edge.close();
    await rollouts.stop();
    await records.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const actionOf = (name: string): OperatorAction => ACTIONS.find(({ action }) => action === name)!;
  let orders = 0;

  /** Does one thing by one way; resolves when the way has answered. */
  async function act(way: Way, name: string, rollout: PushedRollout, content: Content, words: string[]): Promise<void> {
    const { update, signal, cli, client: call, http } = actionOf(name);
    const { rolloutId, handle } = rollout;
    const isEvidence = name === 'add evidence';
    const body = isEvidence ? { by: SIGNED.by, ...rollout.batch(1) } : { ...SIGNED, ...content };
    orders += 1;
    switch (way) {
      case 'signal':
        assert.ok(signal !== null);
        return handle.signal(signal, body);
      case 'update':
        return void (await handle.executeUpdate(update, { args: [body] }));
      case 'cli': {
        const signed = ['--as', SIGNED.by, ...(isEvidence ? [] : ['--reason', SIGNED.reason])];
        const { exitCode, stdout, stderr } = await captured([...cli.split(' '), rolloutId, ...words, ...signed]);
        return assert.equal(exitCode, 0, stdout + stderr);
      }
      case 'client': {
        if (isEvidence) {
          const command = { batch: rollout.batch(1), by: SIGNED.by, channel: 'client' };
          return assert.equal((await recordEvidence(rollouts.client, rolloutId, command)).result, 'recorded');
        }
        const send = CALLS.get(call)!;
        const reply = await send(
          rollouts.client,
          rolloutId,
          { ...SIGNED, ...content, channel: 'client' },
          { occasion: String(orders) },
        );
        return assert.equal(reply.accepted, true, reply.message);
      }
      case 'http': {
        const url = `${edge.url}/v1/rollouts/${rolloutId}/${http}${isEvidence ? `?by=${SIGNED.by}` : ''}`;
        const sent = JSON.stringify(isEvidence ? [rollout.batch(1)] : body);
        const headers = { 'content-type': 'application/json', 'idempotency-key': String(orders) };
        const answer = await fetch(url, { method: 'POST', headers, body: sent });
        return assert.equal(answer.status, 200, await answer.text());
      }
      default:
        return way satisfies never;
    }
  }

  const stateOf = async (rollout: PushedRollout, wanted: (state: RolloutStatus) => boolean): Promise<object> => {
    const { phase, exposure, extraCohorts, request, brief, decision } = await rollout.until(wanted);
    const batches = await records.transaction(rollout.input.model, (tx) => tx.list('evidenceBatch'));
    return {
      phase,
      exposure,
      extraCohorts,
      policy: brief?.policyDigest,
      approvals: request?.approvals.map(({ by, role, reason }) => ({ by, role, reason })),
      evidence: batches
        .filter(({ body }) => body.cohort === 1)
        .map(({ body: { by, metric, histogram, window } }) => ({ by, metric, histogram, window })),
      outcome: decision?.outcome,
      by: decision?.by,
    };
  };

  /** An approval is asked for at the first canary. */
  const withApproval = (model: string): ModelDeclaration => {
    const declaration = pushedModel(model);
    const [offline, first, second, full] = declaration.rollout.steps;
    assert.ok(offline !== undefined && first?.mode === 'canary' && second?.mode === 'canary' && full !== undefined);
    const asking = { ...first, approvals: second.approvals };
    return { ...declaration, rollout: { ...declaration.rollout, steps: [offline, asking, full] } };
  };

  /** One life in which each thing is done once; what became of each. */
  async function upToRollback(way: Way): Promise<Record<string, object>> {
    const rollout = await rollouts.begin(`up-by-${way}`, ({ model }) => withApproval(model));
    await rollout.until(({ exposure }) => exposure === 0.05);
    const became: Record<string, object> = {};
    const doing = async (
      name: string,
      wanted: (state: RolloutStatus) => boolean,
      content: Content = {},
      words: string[] = [],
    ): Promise<void> => {
      await act(way, name, rollout, content, words);
      became[name] = await stateOf(rollout, wanted);
    };
    await doing('pause', ({ phase }) => phase === 'paused');
    await doing('resume', ({ phase }) => phase === 'progressing');
    await doing('extend', ({ extraCohorts }) => extraCohorts > 0, { step: 1, duration: 'PT6H' }, ['--by', 'PT6H']);
    await rollout.pass(2);
    await rollout.until(({ last }) => last?.cohort === 2);
    const path = join(folder, `${way}.json`);
    writeFileSync(path, JSON.stringify([rollout.batch(1)]));
    if (way === 'signal') await act('client', 'add evidence', rollout, {}, []);
    else await doing('add evidence', () => true, {}, [path]);
    await rollout.push(2);
    await rollout.pass(3);
    const { request } = await rollout.until((state) => state.request !== null);
    const { evidenceDigest = '', step = 0 } = request ?? {};
    const yes = { step, evidenceDigest, candidate: rollout.input.bundle, role: 'approver' };
    await doing('approve', (state) => state.request?.approvals.length === 1, yes, ['--evidence', evidenceDigest]);
    await doing('rollback', ({ recorded }) => recorded);
    return became;
  }

  async function downToReject(way: Way): Promise<Record<string, object>> {
    const model = `down-by-${way}`;
    const rollout = await rollouts.begin(model, () => soundPushedModel(model, 0.05));
    const { brief } = await rollout.until(({ exposure }) => exposure === 0.05);
    const smaller = soundPushedModel(model, 0.02);
    const path = join(folder, `${model}.yaml`);
    writeFileSync(path, stringify(JSON.parse(JSON.stringify(smaller))));
    const policy = await createEdgeRecords(records).recordPolicy(model, policyOf(smaller, 'not-worse'));
    const became: Record<string, object> = {};
    await act(way, 'rebase', rollout, { policyDigest: policy, from: brief?.policyDigest ?? '' }, ['--model', path]);
    became['rebase'] = await stateOf(rollout, ({ exposure }) => exposure === 0.02);
    await act(way, 'reject', rollout, {}, []);
    became['reject'] = await stateOf(rollout, ({ recorded }) => recorded);
    return became;
  }

  it('has the same outcome by signal, update, command line, client and HTTP', async () => {
    const lives = await Promise.all(
      WAYS.map(async (way) => {
        const [up, down] = await Promise.all([upToRollback(way), downToReject(way)]);
        return { ...up, ...down };
      }),
    );
    for (const { action, signal } of ACTIONS) {
      const became = WAYS.flatMap((way, index) =>
        way === 'signal' && signal === null ? [] : [lives[index]?.[action]],
      );
      for (const [index, one] of became.entries()) {
        assert.ok(one !== undefined, `${action} was not done by way ${index}`);
        assert.deepEqual(one, became[0], action);
      }
    }
  });
});
