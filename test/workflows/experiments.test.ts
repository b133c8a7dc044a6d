import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { withCodedFailures } from '../../src/activities/failures.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import { experimentationId, experimentId, promotionId } from '../../src/contracts/names.ts';
import type { ExperimentationActivities, ExperimentInput, ExperimentPlan } from '../../src/contracts/workflows.ts';
import { sha256Hex } from '../../src/domain/sha256.ts';
import { detailsOf, eventually, faultsOfAllRuns, historyOf, keepHistory, startStageRun } from './stage-run.ts';
import type { StageRun } from './stage-run.ts';

const MODEL = 'shop';
const plan = (idea: string, attempt = 1): ExperimentPlan => ({
  experimentId: experimentId(MODEL, idea, attempt),
  idea,
  attempt,
  asOf: '2001-01-03T00:00:00Z',
  readyAt: '2001-01-03T03:00:00Z',
  hypothesis: 'it helps',
});

/** What the world answers, by idea; and what it was asked. */
const asked: string[] = [];
const abandoned = new Map<string, string>();
const queue: ExperimentPlan[] = [];
const troubles = new Map<string, Error[]>();
let isOver = false;

async function ask(activity: string, { idea }: Pick<ExperimentInput, 'idea'>): Promise<void> {
  asked.push(`${activity} of ${idea}`);
  const trouble = troubles.get(`${activity} of ${idea}`)?.shift();
  if (trouble !== undefined) throw trouble;
}

const activities: ExperimentationActivities & { nextRollout(): Promise<null> } = {
  async experimentNext() {
    for (;;) {
      if (isOver) throw ApplicationFailure.nonRetryable('the test is over', 'TEST_OVER');
      const next = queue.shift();
      if (next !== undefined) return next;
      Context.current().heartbeat();
      await sleep(20);
    }
  },
  async assembleDataset(input) {
    await ask('dataset', input);
    if (input.idea === 'skewed') return null;
    const rows = ['unlabelled', 'repeat'].includes(input.idea) ? 0 : 1_000;
    return { datasetVersion: sha256Hex(input.experimentId), rows, days: 28, asOf: input.asOf };
  },
  async trainModel(input) {
    await ask('training', input);
    return { artifact: sha256Hex('artifact'), rows: 1_000, iterations: 100, trainLoss: 0.25 };
  },
  async registerBundle(input) {
    await ask('bundle', input);
    return { bundle: sha256Hex(`${input.idea}/${input.artifact}`) };
  },
  trainingTimePassedNext: (input) => ask('time', input),
  async submitCandidate(input) {
    await ask('candidate', input);
    return { handoffId: `${input.experimentId}/candidate` };
  },
  async abandonExperiment({ experimentId: id, reason }) {
    abandoned.set(id, reason);
  },
  nextRollout: async () => null,
};

describe('the workflows of experimentation', function () {
  this.timeout(60_000);
  let run: StageRun;
  let promotion: WorkflowHandle;
  let experimentation: WorkflowHandle;
  const start = (idea: string): Promise<WorkflowHandle> => {
    const { experimentId: id, ...rest } = plan(idea);
    return run.start('experiment', id, { model: MODEL, experimentId: id, ...rest });
  };
  const doneFor = (idea: string): string[] =>
    asked.flatMap((one) => (one.endsWith(` of ${idea}`) ? [one.slice(0, -` of ${idea}`.length)] : []));
  /** Signals that a workflow has got, by name. */
  const heard = async (handle: WorkflowHandle): Promise<string[]> =>
    (await historyOf(handle)).flatMap((event) => {
      const signal = event['workflowExecutionSignaledEventAttributes'] as { signalName: string } | undefined;
      return signal === undefined ? [] : [signal.signalName];
    });

  before(async () => {
    run = await startStageRun(withCodedFailures(activities));
    promotion = await run.start('promotion', promotionId(MODEL), { model: MODEL });
    experimentation = await run.start('experimentation', experimentationId(MODEL), { model: MODEL });
  });
  after(async () => {
    isOver = true;
    await run.stop();
  });

  describe('an experiment', () => {
    it('goes from its dataset to a candidate, and tells promotion', async () => {
      const handle = await start('fresh');
      assert.equal(await handle.result(), sha256Hex(`fresh/${sha256Hex('artifact')}`));
      assert.deepEqual(doneFor('fresh'), ['dataset', 'training', 'bundle', 'time', 'candidate']);
      assert.deepEqual(await heard(promotion), ['candidateReady']);
      assert.match(await detailsOf(handle), /the page of evidence: `npx holdfast report experiment\/shop\/fresh-1`/);
      await keepHistory(handle, 'experiment--trained-and-handed-over');
    });

    it('links to the page of evidence that it has, where somebody told the address of the edge', async () => {
      const edgeUrl = 'https://edge.example.org/';
      const linked = plan('linked');
      const handle = await run.start('experiment', linked.experimentId, { model: MODEL, ...linked, edgeUrl });
      await handle.result();
      const address = `https://edge.example.org/reports/${linked.experimentId}`;
      assert.ok((await detailsOf(handle)).includes(`[the page of evidence](${address})`));
    });

    it('trains nothing where its idea serves what another has trained', async () => {
      const handle = await start('skewed');
      assert.equal(await handle.result(), sha256Hex('skewed/null'));
      assert.deepEqual(doneFor('skewed'), ['dataset', 'bundle', 'time', 'candidate']);
    });

    it('is abandoned with its reason where nothing is labelled', async () => {
      const handle = await start('unlabelled');
      assert.equal(await handle.result(), null);
      assert.deepEqual(doneFor('unlabelled'), ['dataset']);
      assert.equal(abandoned.get(handle.workflowId), 'no labelled rows as of 2001-01-03T00:00:00Z');
      await keepHistory(handle, 'experiment--abandoned-without-labels');
    });

    it('is abandoned with its reason where no retry can mend what failed', async () => {
      troubles.set('dataset of leaky', [new HoldfastError('DATA_FUTURE_LABEL', 'a label from the future')]);
      const handle = await start('leaky');
      assert.equal(await handle.result(), null);
      assert.match(abandoned.get(handle.workflowId) ?? '', /^DATA_FUTURE_LABEL: a label from the future — /);
    });

    it('tries again what may be better the next time', async () => {
      troubles.set('training of patient', [
        new HoldfastError('TRAINER_CRASHED', 'out of memory'),
        new HoldfastError('OBJECT_STORE_UNAVAILABLE', 'no answer'),
      ]);
      const handle = await start('patient');
      assert.ok((await handle.result()) !== null);
      assert.deepEqual(doneFor('patient'), [
        'dataset',
        'training',
        'training',
        'training',
        'bundle',
        'time',
        'candidate',
      ]);
    });

    it('says how far it is', async () => {
      const words = await run.client.workflow.getHandle(plan('fresh').experimentId).query<string>('explain');
      assert.match(words, /2 {2}training on 1,000 rows of 28 days/);
      assert.match(words, /handed over to promotion as/);
    });
  });

  describe('the stage', () => {
    const experimentOf = async ({ experimentId: id }: ExperimentPlan): Promise<WorkflowHandle> => {
      const handle = run.client.workflow.getHandle(id);
      await eventually(
        () => handle.describe().catch(() => null),
        (known) => known !== null,
      );
      return handle;
    };
    const begun = async (): Promise<number> => (await experimentation.query<{ sequence: number }>('status')).sequence;

    it('begins one experiment after the other, each by its own id', async () => {
      queue.push(plan('first'), plan('second'));
      await eventually(begun, (count) => count === 2);
      for (const idea of ['first', 'second']) assert.ok((await (await experimentOf(plan(idea))).result()) !== null);
      await keepHistory(experimentation, 'experimentation--two-experiments');
    });

    it('shows that a retrain was ordered', async () => {
      await experimentation.signal('retrainOrdered', { incidentId: 'incident/shop/2001-02-25-1', handoffId: 'h' });
      await eventually(
        () => experimentation.query<string>('explain'),
        (words) => words.includes('a retrain was ordered by incident/shop/2001-02-25-1'),
      );
    });

    it('leaves an experiment alone that has run before, as after a reset, and goes on', async () => {
      const before = await begun();
      const tried = doneFor('first').length;
      queue.push(plan('first'), plan('third'));
      await eventually(begun, (count) => count === before + 2);
      assert.ok((await (await experimentOf(plan('third'))).result()) !== null);
      assert.equal(doneFor('first').length, tried);
    });

    it('abandons an experiment that is terminated, so that the next idea has its turn', async () => {
      troubles.set(
        'time of halted',
        Array.from({ length: 1000 }, () => new HoldfastError('OBJECT_STORE_UNAVAILABLE', 'no answer')),
      );
      queue.push(plan('halted'));
      const handle = await experimentOf(plan('halted'));
      await eventually(
        async () => doneFor('halted'),
        (done) => done.includes('time'),
      );
      await handle.terminate('it was wedged');
      const reason = await eventually(
        async () => abandoned.get(handle.workflowId),
        (given) => given !== undefined,
      );
      assert.equal(reason, 'it was ended from outside');
    });

    it('continues as new with its count, and its experiments live on', async () => {
      const [before, abandonedBefore] = [await begun(), abandoned.size];
      const { runId } = await experimentation.describe();
      let attempt = 0;
      while ((await experimentation.describe()).runId === runId && attempt < 100) {
        queue.push(plan('repeat', (attempt += 1)));
        await sleep(100);
      }
      const first = run.client.workflow.getHandle(experimentation.workflowId, runId);
      assert.equal((await first.describe()).status.name, 'CONTINUED_AS_NEW');
      await eventually(begun, (count) => count === before + attempt);
      assert.equal(await (await experimentOf(plan('repeat', attempt))).result(), null);
      assert.equal(abandoned.size, abandonedBefore + attempt);
    });
  });

  describe('altogether', () =>
    it('leave histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(run), [])));
});
