import assert from 'node:assert/strict';
import { readModelFile } from '../../src/adapters/declaration-file/model.ts';
import { createLifecycleActivities } from '../../src/activities/lifecycle.ts';
import type { LifecycleInput } from '../../src/contracts/workflows.ts';
import { MODEL, smallWorld, START, STATIC } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

describe('opening a model', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  let input: LifecycleInput;
  const open = (): Promise<{ stable: string }> =>
    world.run(() => createLifecycleActivities(world.ports).openModel(input));
  const stables = () =>
    world.records.transaction(MODEL, async (tx) => (await tx.list('stable')).map(({ body }) => body));

  beforeEach(async () => {
    world = await smallWorld();
    const { declaration: sound } = await readModelFile('models/flight-slice.yaml');
    const declaration = { ...sound, model: MODEL };
    input = { declaration, digest: 'a'.repeat(64), baseDir: '/models', modelPath: '/models/shop.yaml' };
  });
  afterEach(() => world.close());

  it('serves its declared fallback to everyone, before anything else can', async () => {
    const { stable } = await open();
    const [state] = await world.router.observe(MODEL);
    assert.deepEqual([state?.generation, state?.servingNow.stable, state?.servingNow.exposure], [1, stable, 0]);
    const artifact = (await world.records.transaction(MODEL, (tx) => tx.get('bundle', stable)))!.artifact;
    const { kind, value } = JSON.parse(new TextDecoder().decode(await world.ports.objectStore.get(artifact))) as {
      kind: string;
      value: number;
    };
    assert.deepEqual([kind, value], ['constant', input.declaration.fallback.constant]);
    assert.deepEqual(
      (await stables()).map(({ bundle, idea, rolloutId }) => [bundle, idea, rolloutId]),
      [[stable, 'fallback', null]],
    );
  });

  it('refuses a declaration that would be refused as a file, and registers nothing of it', async () => {
    const { label } = input.declaration;
    const dishonest = { ...label, affectsLabel: true, absence: 'zero' as const };
    input = { ...input, declaration: { ...input.declaration, label: dishonest } };
    await assert.rejects(open(), {
      code: 'MODEL_FILE_INVALID',
      message: /^the declaration has 4 faults, the first at label\.absence: counts a missing label as good/,
    });
    assert.deepEqual(await stables(), []);
  });

  it('writes down the declared suite and who the unattended clock waits for', async () => {
    await open();
    await world.records.transaction(MODEL, async (tx) => {
      assert.deepEqual(
        (await tx.list('suiteCase')).map(({ key }) => key),
        input.declaration.suite.map(({ id }) => id).sort(),
      );
      assert.deepEqual(await tx.unsettled(START), [
        `collection/${MODEL}`,
        `experimentation/${MODEL}`,
        `monitoring/${MODEL}`,
      ]);
    });
  });

  it('again changes nothing that has come about since', async () => {
    await open();
    const entry = { effectiveFrom: null, stable: STATIC, candidate: null, exposure: 0, salt: '', mirror: false };
    await world.router.apply(MODEL, { generation: 7, decisionId: 'promoted', entry });
    await world.records.transaction(MODEL, (tx) =>
      tx.put('stable', '000001', { bundle: STATIC, idea: 'static', since: '2001-01-04T00:00:00Z', rolloutId: 'r' }),
    );
    await open();
    const [state] = await world.router.observe(MODEL);
    assert.deepEqual([state?.generation, state?.servingNow.stable], [7, STATIC]);
    assert.equal((await stables()).at(-1)?.bundle, STATIC);
  });
});
