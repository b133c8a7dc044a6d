import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCollectionActivities } from '../../src/activities/collection.ts';
import { createExperimentationActivities } from '../../src/activities/experimentation.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import type { TrainOptions } from '../../src/adapters/trainer/port.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { experimentationId, promotionId } from '../../src/contracts/names.ts';
import type { CandidateRecord } from '../../src/contracts/records.ts';
import type { ExperimentationActivities, ExperimentInput, TrainingSummary } from '../../src/contracts/workflows.ts';
import { parseModelArtifact } from '../../src/domain/learning/model-artifact.ts';
import { DAY_MS, HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import { query } from '../adapters/data-source/places.ts';
import { activityEnvironment, FRESH, haveBeenStable, MODEL, smallWorld, START, STATIC } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

const DAYS = ['2001-01-01', '2001-01-02'] as const;
/** A hundred rows a day; what is bad in a shop is so for hours, so that its recent rate tells something. */
const rows = DAYS.flatMap((day) =>
  Array.from({ length: 100 }, (_, index) => {
    const minutes = Math.floor((index * 23 * 60) / 100);
    const time = `${day} ${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}:00`;
    const shop = index % 2 === 0 ? 'north' : 'south';
    const bad = (Math.floor(minutes / 240) % 2 === 0) === (shop === 'north') && index % 5 !== 0 ? 1 : 0;
    return `${time},${shop},${index},${bad},30`;
  }),
);

function ideas(declaration: ModelDeclaration): ModelDeclaration {
  const idea = { hypothesis: 'it helps', serveWith: {}, trainOn: 'P28D', trainingTime: 'PT3H' } as const;
  return {
    ...declaration,
    recipes: {
      static: { trainer: 'logistic-regression', features: ['shop'], options: {} },
      fresh: { trainer: 'gradient-boosting', features: ['shop', 'badShop3h'], options: { trees: 12, leaves: 4 } },
    },
    ideas: [
      { ...idea, id: 'first-model', recipe: 'static', claim: 'improve' },
      { ...idea, id: 'weekly-retrain', recipe: 'stable', claim: 'not-worse', every: 'P7D' },
      { ...idea, id: 'fresh-features', recipe: 'fresh', claim: 'improve' },
      { ...idea, id: 'skewed', artifactOf: 'fresh-features', serveWith: { badShop3h: 'shop' }, claim: 'improve' },
    ],
  };
}

const experiment = (idea: string, over: Partial<ExperimentInput> = {}): ExperimentInput => ({
  model: MODEL,
  experimentId: `experiment/${MODEL}/${idea}-1`,
  idea,
  attempt: 1,
  asOf: isoInstant(START),
  readyAt: isoInstant(START + 3 * HOUR_MS),
  hypothesis: 'it helps',
  ...over,
});

describe('experimentation', function () {
  this.timeout(30_000);
  let world: SmallWorld;
  const does = (ports: ActivityPorts = world.ports): ExperimentationActivities =>
    createExperimentationActivities(ports);
  const land = async (): Promise<void> => {
    const collection = createCollectionActivities(world.ports);
    for (const day of DAYS) await world.run(() => collection.landPartition({ model: MODEL, day }));
  };
  const record = <T>(read: Parameters<typeof world.records.transaction<T>>[1]): Promise<T> =>
    world.records.transaction(MODEL, read);

  beforeEach(async () => {
    world = await smallWorld({ rows, declare: ideas });
    await record((tx) => tx.join(experimentationId(MODEL)));
  });
  afterEach(() => world.close());

  describe('takes up ideas', () => {
    const next = (sequence: number) => world.run(() => does().experimentNext({ model: MODEL, sequence }));
    const nothing = (sequence: number) =>
      world.finds(experimentationId(MODEL), () => does().experimentNext({ model: MODEL, sequence }));
    const decide = async (bundle: string, outcome: CandidateRecord['outcome']): Promise<void> => {
      const known = await record((tx) => tx.get('candidate', bundle));
      await record((tx) => tx.put('candidate', bundle, { ...known!, outcome }));
    };
    const submit = (idea: string, bundle: string) =>
      world.run(() => does().submitCandidate({ ...experiment(idea), bundle }));

    it('only when the whole backfill has landed and traffic has begun', async () => {
      await world.arrive(START, []);
      assert.equal(await nothing(0), 'nothing');
      await land();
      const plan = await next(0);
      assert.deepEqual(plan, {
        experimentId: `experiment/${MODEL}/first-model-1`,
        idea: 'first-model',
        attempt: 1,
        asOf: isoInstant(START),
        readyAt: isoInstant(START + 3 * HOUR_MS),
        hypothesis: 'it helps',
      });
      assert.deepEqual(await next(0), plan, 'the same to a repeated question');
    });

    it('one at a time, each when the one before it has been decided', async () => {
      await land();
      await world.arrive(START, []);
      await next(0);
      assert.equal(await nothing(1), 'nothing', 'while it trains');
      await submit('first-model', STATIC);
      assert.equal(await nothing(1), 'nothing', 'while its candidate is open');
      await decide(STATIC, 'refused');
      // What serves was not trained by a recipe: there is none to repeat.
      assert.equal((await next(1)).idea, 'fresh-features');
    });

    it('the next one where an experiment has come to nothing', async () => {
      await land();
      await world.arrive(START, []);
      await next(0);
      await world.run(() => does().abandonExperiment({ ...experiment('first-model'), reason: 'no labelled rows' }));
      assert.equal((await next(1)).idea, 'fresh-features');
      const unsettled = await record((tx) => tx.unsettled(START));
      assert.ok(!unsettled.includes(experiment('first-model').experimentId));
    });

    it('a retrain that monitoring has ordered, before its date and once', async () => {
      await land();
      await haveBeenStable(world.records, [STATIC]);
      await world.arrive(START, []);
      for (const [sequence, idea] of ['first-model', 'weekly-retrain', 'fresh-features', 'skewed'].entries()) {
        assert.equal((await next(sequence)).idea, idea);
        await world.run(() => does().abandonExperiment({ ...experiment(idea), reason: 'a test' }));
        if (idea !== 'fresh-features') continue;
        await record(async (tx) => {
          const memory = `experimentation/attempt/${experiment(idea).experimentId}`;
          const known = await tx.get('memory', memory);
          await tx.put('memory', memory, { value: { ...(known?.value as object), artifact: '1'.repeat(64) } });
        });
      }
      await world.arrive(START + DAY_MS, []);
      assert.equal(await nothing(4), 'nothing');
      const order = { id: 'incident-1/retrain', to: experimentationId(MODEL), kind: 'retrainOrdered', body: {} };
      await record((tx) => tx.handOff(order));
      const plan = await next(4);
      assert.deepEqual([plan.idea, plan.attempt], ['weekly-retrain', 2]);
      assert.deepEqual(await record((tx) => tx.handoffs(experimentationId(MODEL))), []);
      await world.run(() => does().abandonExperiment({ ...experiment('weekly-retrain'), ...plan, reason: 'a test' }));
      assert.equal(await nothing(5), 'nothing');
    });
  });

  describe('assembles a dataset', () => {
    const assemble = (idea: string, over: Partial<ExperimentInput> = {}) =>
      world.run(() => does().assembleDataset(experiment(idea, over)));
    beforeEach(land);

    it('of what was labelled by its as-of time, and records the version by its content', async () => {
      const asOf = START - 12 * HOUR_MS;
      const whole = (await assemble('fresh-features'))!;
      const half = (await assemble('fresh-features', { asOf: isoInstant(asOf) }))!;
      assert.deepEqual([whole.rows, whole.days], [200, 2]);
      // A label comes half an hour after its row.
      const known = rows.filter(
        (row) => Date.parse(`${row.slice(0, 19).replace(' ', 'T')}Z`) + 30 * 60_000 <= asOf,
      ).length;
      assert.equal(half.rows, known);
      const recorded = await record((tx) => tx.get('datasetVersion', half.datasetVersion));
      assert.deepEqual(
        [recorded?.asOf, recorded?.rows, recorded?.features],
        [isoInstant(asOf), known, ['shop', 'badShop3h']],
      );
      assert.deepEqual(await assemble('fresh-features', { asOf: isoInstant(asOf) }), half);
    });

    it('and refuses it for good where a label from the future has been planted in its features', async () => {
      await assemble('fresh-features');
      const folder = (parent: string, prefix: string): string =>
        join(
          parent,
          readdirSync(parent).find((name) => name.startsWith(prefix))!,
        );
      const rates = folder(folder(world.workDir, 'source-'), 'rates-');
      await query(`copy (select * replace (r0 + 0.01 as r0) from '${rates}/day-2001-01-02.parquet')
        to '${rates}/planted.parquet' (format parquet)`);
      await query(`copy (from '${rates}/planted.parquet') to '${rates}/day-2001-01-02.parquet' (format parquet)`);
      const later = { asOf: isoInstant(START + HOUR_MS) };
      await assert.rejects(assemble('fresh-features', later), {
        code: 'DATA_FUTURE_LABEL',
        kind: 'terminal',
        message: /feature badShop3h of "2001-01-02 .*the outcomes known by then make it/,
      });
      assert.equal((await record((tx) => tx.list('datasetVersion'))).length, 1);
    });

    it('of no rows where nothing was labelled by then, and none for an idea that trains nothing', async () => {
      const none = await assemble('first-model', { asOf: '2001-01-01T00:10:00Z' });
      assert.deepEqual(none, { datasetVersion: '', rows: 0, days: 0, asOf: '2001-01-01T00:10:00Z' });
      assert.equal(await assemble('skewed'), null);
    });
  });

  describe('trains', () => {
    const input = { ...experiment('fresh-features'), datasetVersion: 'd'.repeat(64) };
    const artifactOf = async (digest: string): Promise<unknown> =>
      JSON.parse(new TextDecoder().decode(await world.ports.objectStore.get(digest)));
    beforeEach(land);

    it('an artifact that can be loaded, once for an experiment', async () => {
      let trainings = 0;
      const trainer = {
        train: (...request: Parameters<ActivityPorts['trainer']['train']>) => {
          trainings += 1;
          return world.ports.trainer.train(...request);
        },
      };
      const train = (): Promise<TrainingSummary> =>
        world.run(() => does({ ...world.ports, trainer }).trainModel(input));
      const trained = await train();
      assert.deepEqual([trained.rows, trained.iterations], [200, 12]);
      assert.deepEqual(parseModelArtifact(await artifactOf(trained.artifact)).featureNames, ['shop', 'badShop3h']);
      assert.equal((await train()).artifact, trained.artifact);
      assert.equal(trainings, 1);
    });

    it('on from its last heartbeat after the worker was killed, to the same artifact', async () => {
      const whole = await world.run(() => does().trainModel({ ...input, experimentId: `experiment/${MODEL}/whole-1` }));
      const resumedFrom: unknown[] = [];
      let mayFinish = false;
      const trainer = {
        train: (
          request: Parameters<ActivityPorts['trainer']['train']>[0],
          options: TrainOptions,
        ): ReturnType<ActivityPorts['trainer']['train']> => {
          resumedFrom.push(options.resumeFrom);
          return world.ports.trainer.train(request, {
            ...options,
            onProgress: (progress) => {
              options.onProgress(progress);
              if (!mayFinish && progress.iterations >= 5)
                throw new HoldfastError('TRAINER_CRASHED', 'the worker was killed');
            },
          });
        },
      };
      const experimenting = does({ ...world.ports, trainer });
      const first = activityEnvironment();
      let saved: unknown;
      first.on('heartbeat', (details: unknown) => (saved = JSON.parse(JSON.stringify(details ?? null))));
      await assert.rejects(
        first.run(() => experimenting.trainModel(input)),
        { code: 'TRAINER_CRASHED', kind: 'retryable' },
      );
      mayFinish = true;
      const second = activityEnvironment({ heartbeatDetails: saved });
      const trained = await second.run<[], TrainingSummary, () => Promise<TrainingSummary>>(() =>
        experimenting.trainModel(input),
      );
      assert.equal(resumedFrom[0], undefined);
      assert.deepEqual(resumedFrom[1], saved);
      assert.ok(saved !== null);
      assert.deepEqual([trained.artifact, trained.iterations], [whole.artifact, 12]);
    });

    it('on from a point that is too large for a heartbeat, and anew where that point is gone', async () => {
      const point = { trees: 'x'.repeat(3_000_000) };
      const resumedFrom: unknown[] = [];
      const first = activityEnvironment();
      const saved = new Promise<unknown>((resolve) => {
        first.on('heartbeat', (details: unknown) => {
          if (details !== undefined) resolve(details);
        });
      });
      const trainer: ActivityPorts['trainer'] = {
        async train(request, options) {
          resumedFrom.push(options.resumeFrom);
          if (resumedFrom.length > 1) return world.ports.trainer.train(request, { ...options, resumeFrom: undefined });
          options.onProgress({ iterations: 1, iterationsMax: 2, trainLoss: 0.5, resumeFrom: point });
          await saved;
          throw new HoldfastError('TRAINER_CRASHED', 'the worker was killed');
        },
      };
      const experimenting = does({ ...world.ports, trainer });
      await assert.rejects(
        first.run(() => experimenting.trainModel(input)),
        { code: 'TRAINER_CRASHED' },
      );
      const details = await saved;
      assert.ok(JSON.stringify(details).length < 200);
      await activityEnvironment({ heartbeatDetails: details }).run(() => experimenting.trainModel(input));
      const gone = { storedResumePoint: '0'.repeat(64) };
      const other = { ...input, experimentId: `experiment/${MODEL}/gone-1` };
      await activityEnvironment({ heartbeatDetails: gone }).run(() => experimenting.trainModel(other));
      assert.deepEqual(resumedFrom, [undefined, point, undefined]);
    });

    it('not to its end where it is cancelled', async () => {
      const environment = activityEnvironment();
      environment.on('heartbeat', () => environment.cancel());
      await assert.rejects(environment.run(() => does().trainModel(input)));
      assert.equal(await record((tx) => tx.get('memory', `${input.experimentId}/trained`)), null);
    });
  });

  describe('hands over', () => {
    beforeEach(land);
    const bundleOf = async (idea: string, attempt = 1): Promise<string> => {
      const input = experiment(idea, { attempt, experimentId: `experiment/${MODEL}/${idea}-${attempt}` });
      const attempted = { ...input, priority: 'idea', artifact: null, bundle: null, abandoned: null };
      await record((tx) => tx.put('memory', `experimentation/attempt/${input.experimentId}`, { value: attempted }));
      const experimenting = does();
      const trains = idea !== 'skewed';
      const trained = trains
        ? await world.run(() => experimenting.trainModel({ ...input, datasetVersion: 'd'.repeat(64) }))
        : null;
      const registered = await world.run(() =>
        experimenting.registerBundle({
          ...input,
          artifact: trained?.artifact ?? null,
          datasetVersion: trains ? 'd'.repeat(64) : null,
        }),
      );
      await world.run(() => does().submitCandidate({ ...input, bundle: registered.bundle }));
      return registered.bundle;
    };

    it('a bundle named by its content, with every column bound to the feature that fills it', async () => {
      const bundle = await bundleOf('fresh-features');
      const manifest = await record((tx) => tx.get('bundle', bundle));
      assert.deepEqual(
        manifest?.features.map(({ name, feature, categories }) => [name, feature.name, categories]),
        [
          ['shop', 'shop', ['north', 'south']],
          ['badShop3h', 'badShop3h', undefined],
        ],
      );
      assert.equal(await bundleOf('fresh-features'), bundle);
    });

    it('the artifact of another idea with other features to serve it, where it says so', async () => {
      const fresh = await bundleOf('fresh-features');
      const skewed = await bundleOf('skewed');
      const [one, other] = await record(async (tx) => [await tx.get('bundle', fresh), await tx.get('bundle', skewed)]);
      assert.equal(one?.artifact, other?.artifact);
      assert.deepEqual(
        other?.features.map(({ name, feature }) => [name, feature.name]),
        [
          ['shop', 'shop'],
          ['badShop3h', 'shop'],
        ],
      );
    });

    it('nothing new where the bundle has been tried before, and goes on to the next idea', async () => {
      await bundleOf('fresh-features');
      const tried = await bundleOf('skewed');
      assert.equal(await bundleOf('skewed', 2), tried);
      const again = await record((tx) => tx.get('memory', `experimentation/attempt/experiment/${MODEL}/skewed-2`));
      assert.equal((again!.value as { abandoned: string }).abandoned, 'the same bundle as attempt 1');
      assert.equal((await record((tx) => tx.get('candidate', tried)))?.attempt, 1);
    });

    it('a candidate that waits, once, with a word to promotion that survives until it is read', async () => {
      const bundle = await bundleOf('fresh-features');
      const submit = () => world.run(() => does().submitCandidate({ ...experiment('fresh-features'), bundle }));
      const { handoffId } = await submit();
      assert.deepEqual(await submit(), { handoffId });
      const { outcome, claim, priority, readyAt } = (await record((tx) => tx.get('candidate', bundle)))!;
      assert.deepEqual(
        [outcome, claim, priority, readyAt],
        ['queued', 'improve', 'idea', isoInstant(START + 3 * HOUR_MS)],
      );
      const owed = await record((tx) => tx.handoffs(promotionId(MODEL)));
      assert.deepEqual(
        owed.map(({ id, kind }) => [id, kind]),
        [[handoffId, 'candidateReady']],
      );
    });

    it('not before its training time has passed in event time', async () => {
      await record((tx) => tx.join(experiment('fresh-features').experimentId));
      const input = experiment('fresh-features');
      const waiting = () => does().trainingTimePassedNext(input);
      await world.arrive(START + 3 * HOUR_MS - 1, []);
      assert.equal(await world.finds(input.experimentId, waiting), 'nothing');
      await world.arrive(START + 3 * HOUR_MS, []);
      assert.equal(await world.run(waiting), undefined);
    });
  });

  it('never hands over a bundle that was not trained', async () => {
    await land();
    const input = { ...experiment('fresh-features'), artifact: FRESH, datasetVersion: null };
    await assert.rejects(
      world.run(() => does().registerBundle(input)),
      /has no trained artifact/,
    );
  });
});
