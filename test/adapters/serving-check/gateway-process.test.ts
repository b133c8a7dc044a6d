import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createObjectStore } from '../../../src/adapters/object-store/index.ts';
import type { ObjectStore } from '../../../src/adapters/object-store/port.ts';
import { createGatewayProcessCheck } from '../../../src/adapters/serving-check/gateway-process.ts';
import type { GatewayProcessOptions } from '../../../src/adapters/serving-check/gateway-process.ts';
import { createServingCheck, servingCheckSchema } from '../../../src/adapters/serving-check/index.ts';
import type { ServingCheck } from '../../../src/adapters/serving-check/port.ts';
import type { OutcomeRateFeature } from '../../../src/contracts/serving.ts';
import { isAlive } from '../../../src/platform/processes.ts';
import { eventually } from '../../workflows/stage-run.ts';
import { away, CheckDesk, LINEAR, servingCheckConformance } from './conformance.ts';

const ODD = fileURLToPath(new URL('./odd-gateway.js', import.meta.url));

describe('serving check in a gateway of its own', function () {
  this.timeout(30_000);
  let folder: string;
  let store: ObjectStore;
  const usual = process.env['TMPDIR'];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-check-'));
    store = createObjectStore({ kind: 'local-folder', folder });
    // Folders of the processes lie in ours: what one leaves behind is seen.
    process.env['TMPDIR'] = folder;
  });
  after(async () => {
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
    await rm(folder, { recursive: true, force: true });
  });

  const checkWith = (over: Partial<GatewayProcessOptions> = {}): ServingCheck =>
    createGatewayProcessCheck({
      get: (digest) => store.get(digest),
      environment: { ...process.env, HOLDFAST_OBJECT_STORE: folder },
      heapMbMax: 256,
      startMsMax: 20_000,
      answerMsMax: 5_000,
      checkMsMax: 60_000,
      ...over,
    });
  const deskWith = (over: Partial<GatewayProcessOptions> = {}): CheckDesk => new CheckDesk(store, checkWith(over));
  const left = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.startsWith('holdfast-serving-'));

  servingCheckConformance(async () => ({
    store,
    check: await createServingCheck(servingCheckSchema.parse({ kind: 'gateway-process' }), {
      get: (digest) => store.get(digest),
      environment: { ...process.env, HOLDFAST_OBJECT_STORE: folder },
    }),
  }));

  it('measures latency and memory of the process, and leaves no process and no folder', async () => {
    const before = await left();
    const desk = deskWith();
    const amounts = Array.from({ length: 200 }, (_, index) => index % 10);
    const { answered, latencyMsP99, memoryBytes } = await desk.ask(await desk.bundle(LINEAR), amounts);
    assert.equal(answered, 200);
    assert.ok(latencyMsP99 !== null && latencyMsP99 > 0 && latencyMsP99 < 1_000, `${latencyMsP99} ms`);
    assert.ok(memoryBytes > 20e6 && memoryBytes < 1e9, `${memoryBytes} bytes`);
    assert.deepEqual(await left(), before);
  });

  it('says what went wrong at scoring, from the log of the process', async () => {
    const desk = deskWith();
    const { failures } = await desk.ask(await desk.bundle(LINEAR), [1, 11, 12]);
    const reason = 'answered by the fallback: prediction 1.1 is outside the healthy range 0 to 1';
    assert.deepEqual(failures, [{ reason, requests: 2 }]);
  });

  it('reports features that the model does not declare', async () => {
    const desk = deskWith();
    const rate: OutcomeRateFeature = {
      kind: 'outcomeRate',
      name: 'lateShop',
      key: ['shop'],
      window: 'PT3H',
      lag: 'PT15M',
      age: 'PT0S',
      prior: { rate: 0.2, weight: 10 },
    };
    const bundle = await desk.bundle(LINEAR, { features: [{ name: 'amount', feature: rate }] });
    const { failures } = await desk.ask(bundle, [1]);
    assert.match(failures[0]?.reason ?? '', /its feature lateShop is not registered at this gateway/);
  });

  it('survives a bundle that eats all memory, and names the cause', async () => {
    const tree = { feature: [], threshold: [], missingLeft: [], left: [], right: [], leftCodes: [], leafValues: [0] };
    const gluttonous = {
      kind: 'gradient-boosting',
      version: 1,
      objective: 'binary',
      featureNames: ['amount'],
      featureKinds: ['numeric'],
      baseScore: 0,
      trees: Array.from({ length: 200_000 }, () => tree),
    };
    const desk = deskWith({ heapMbMax: 64 });
    const { answered, failures } = await desk.ask(await desk.bundle(gluttonous), [1, 2]);
    assert.deepEqual([answered, failures[0]?.requests], [0, 2]);
    assert.match(
      failures[0]?.reason ?? '',
      /while the bundle was loaded: the serving process died \(SIG\w+\): .*heap out of memory/,
    );
  });

  for (const [behaviour, answered, expected] of [
    ['silent', 0, /^no answer within 0\.3 s$/],
    ['silent', 2, /^no answer within 0\.3 s$/],
    ['exits', 2, /^the serving process died \(exit code 3\)$/],
    ['throws', 1, /^the serving process died \(exit code 1\): Error: the scorer has lost its mind$/],
    ['refuses', 1, /^refused with 503: not now$/],
  ] as const)
    it(`reports a process that ${behaviour === 'silent' ? 'falls silent' : behaviour} after ${answered} answers`, async () => {
      const bundle = await deskWith().bundle(LINEAR);
      const desk = deskWith({ script: [ODD, behaviour, String(answered), bundle], answerMsMax: 300 });
      const report = await desk.ask(bundle, [1, 2, 3, 4]);
      assert.equal(report.answered, answered);
      assert.deepEqual(
        report.failures.map(({ requests }) => requests),
        [4 - answered],
      );
      assert.match(report.failures[0]?.reason ?? '', expected);
      assert.equal(report.latencyMsP99 === null, answered === 0);
    });

  it('stops asking when all answers together take too long', async () => {
    const bundle = await deskWith().bundle(LINEAR);
    const desk = deskWith({ script: [ODD, 'none', '1000', bundle], checkMsMax: 1 });
    const { answered, failures } = await desk.ask(
      bundle,
      Array.from({ length: 1_000 }, () => 1),
    );
    const reason = 'not asked any more: the check took longer than 0.001 s';
    assert.deepEqual(failures, [{ reason, requests: 1_000 - answered }]);
    assert.ok(answered < 1_000);
  });

  it('does not blame a candidate for a process that does not come up, an object store that is away, a fallback that does not load', async () => {
    const bundle = await deskWith().bundle(LINEAR);
    await assert.rejects(deskWith({ script: [ODD, 'never-up'] }).ask(bundle, [1]), /did not come up .*exit code 7/);
    await assert.rejects(deskWith({ get: away }).ask(bundle, [1]), { code: 'OBJECT_STORE_UNAVAILABLE' });
    const query = await deskWith().query(bundle, [1]);
    const registration = { freshFeatures: [], fallback: 'b'.repeat(64) };
    const never = new AbortController().signal;
    await assert.rejects(checkWith().check({ ...query, registration }, never), /could not be registered/);
  });

  it('ends with its caller: the process is gone when the check is called off', async () => {
    const before = await left();
    const bundle = await deskWith().bundle(LINEAR);
    const controller = new AbortController();
    const asked = deskWith({ script: [ODD, 'silent', '0', bundle] }).ask(bundle, [1], controller.signal);
    await eventually(left, (names) => names.length > before.length);
    controller.abort(new Error('the worker stops'));
    await assert.rejects(asked, /the worker stops/);
    assert.deepEqual(await left(), before);
  });

  it('ends with its caller: the process is gone when the caller is killed', async () => {
    const endWithParent = new URL('../../../src/adapters/serving-check/end-with-parent.js', import.meta.url).href;
    const starts = `
      const { spawn } = require('node:child_process');
      const args = ['--import', '${endWithParent}', '${ODD}', 'silent'];
      const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdout.once('data', () => console.log(child.pid));`;
    const parent = spawn(process.execPath, ['-e', starts], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise<Buffer>((heard) => parent.stdout.once('data', heard)));
    assert.ok(isAlive(pid));
    parent.kill('SIGKILL');
    assert.equal(
      await eventually(
        async () => isAlive(pid),
        (alive) => !alive,
      ),
      false,
    );
  });
});
