import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectStore } from '../../src/adapters/object-store/index.ts';
import { createServingCheck, servingCheckSchema } from '../../src/adapters/serving-check/index.ts';
import type { AllActivities, RolloutStatus } from '../../src/contracts/workflows.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { RolloutState } from '../../src/domain/rollout/states.ts';
import { judgedWorld } from '../activities/judged-world.ts';
import type { JudgedWorld } from '../activities/judged-world.ts';
import { LINEAR } from '../adapters/serving-check/conformance.ts';
import { eventually, faultsOfAllRuns, startStageRun } from './stage-run.ts';
import type { StageRun } from './stage-run.ts';

const gate = { minSpan: 'PT3H', minUnits: 20, deadline: 'P3D' };
const STEPS: ModelDeclaration['rollout']['steps'] = [
  { mode: 'offline' },
  { mode: 'infra', requests: 40, latencyMsMax: 60_000 },
  { mode: 'shadow', ...gate },
  { mode: 'canary', exposure: 0.25, ...gate },
  { mode: 'full', watch: 'PT0S', holdback: 0 },
];

describe('a rollout with an infra step', function () {
  this.timeout(60_000);
  const worlds = new Map<string, JudgedWorld>();
  let folder: string;
  let run: StageRun;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-infra-'));
    // One worker serves the worlds of both tests: what it is asked for names the model.
    const of = (name: keyof AllActivities) => (input: { readonly model: string }) =>
      (worlds.get(input.model)!.activities[name] as (input: unknown) => Promise<unknown>)(input);
    const names: Array<keyof AllActivities> = [
      'beginRollout',
      'evaluateOffline',
      'checkServing',
      'setExposure',
      'returnToStable',
      'judgeNext',
      'announceRequest',
      'finishRollout',
    ];
    run = await startStageRun(Object.fromEntries(names.map((name) => [name, of(name)])));
  });
  after(async () => {
    await run.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** @param scale Of the answers: amounts are 0 to 39, healthy is 0 to 1. */
  const begin = async (model: string, scale: number) => {
    const store = createObjectStore({ kind: 'local-folder', folder });
    const bundle = async (weight: number): Promise<string> => {
      const artifact = await store.put(JSON.stringify({ ...LINEAR, terms: [{ ...LINEAR.terms[0], weight }] }));
      const feature = { kind: 'numeric', name: 'amount', input: 'amount' } as const;
      const manifest = { model, idea: 'linear', artifact, features: [{ name: 'amount', feature }] };
      const rest = { healthyRange: [0, 1], recipe: 'linear', datasetVersion: null, codeVersion: 'test' };
      return store.put(canonicalJson({ ...manifest, ...rest }));
    };
    const servingCheck = await createServingCheck(servingCheckSchema.parse({ kind: 'gateway-process' }), {
      get: (digest) => store.get(digest),
      environment: { ...process.env, HOLDFAST_OBJECT_STORE: folder },
    });
    const bundles = { stable: await bundle(0), candidate: await bundle(scale) };
    const world = await judgedWorld(model, { rollout: { steps: STEPS }, servingCheck, bundles });
    worlds.set(model, world);
    await world.serve();
    const handle = await run.start('rollout', world.input.rolloutId, world.input);
    const decision = async () => {
      const chain = await world.records.transaction(model, (tx) => tx.chain('decision', world.input.rolloutId));
      return chain.find(({ body }) => body.run === 'infra')?.body;
    };
    const named = async (): Promise<boolean> =>
      (await world.router.observe(model)).some(({ entries }) => entries.some(({ candidate }) => candidate !== null));
    return { handle, decision, named };
  };

  it('refuses a candidate that does not answer as it should in a process of its own; nobody was exposed', async () => {
    const { handle, decision, named } = await begin('unhealthy', 0.1);
    const { decision: end, exposure } = (await handle.result()) as RolloutState;
    assert.deepEqual([end?.outcome, exposure], ['refused', 0]);
    assert.match(
      end?.reason ?? '',
      /^failed the serving check: 29 of 40 requests: answered by the fallback: prediction 1\.1 is outside the healthy range 0 to 1$/,
    );
    const recorded = await decision();
    assert.deepEqual([recorded?.verdict, recorded?.decisionId.split('/').at(-1)], ['refuse', 'infra']);
    assert.equal(await named(), false);
  });

  it('goes on to shadow with one that does', async () => {
    const { handle, decision } = await begin('sound', 0.01);
    const status = (): Promise<RolloutStatus> => handle.query<RolloutStatus>('status');
    assert.equal((await eventually(status, ({ run: of }) => of !== null)).run, 'shadow');
    assert.equal((await decision())?.inWords, 'answered 40 recorded requests in a process of its own');
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(run), [])));
});
