import { Context } from '@temporalio/activity';
import type { Dataset, DatasetRequest } from '../adapters/data-source/port.ts';
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { TrainProgress, TrainResult } from '../adapters/trainer/port.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { BoundFeature } from '../contracts/serving.ts';
import type { DatasetSummary, ExperimentInput, TrainingSummary } from '../contracts/workflows.ts';
import { durationMs, epochMs, isoDay } from '../domain/time.ts';
import { ideaOf } from './attempts.ts';
import { declaredFeature } from './bundles.ts';
import type { TrainedRemembered } from './bundles.ts';
import { keepAlive } from './keep-alive.ts';
import { modelContext } from './model-context.ts';
import type { ModelContext } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';
import { readResumePoint, resumePoints } from './resume-point.ts';

/** Training draws nothing at random; the seed is part of the request all the same, so that it stands in the record. */
const SEED = 1;

interface TrainingPlan {
  readonly context: ModelContext;
  readonly recipeName: string;
  readonly request: DatasetRequest;
}

/** Assembles and records the dataset version an experiment trains on; null for an idea that trains nothing. */
export async function assembleDataset(ports: ActivityPorts, input: ExperimentInput): Promise<DatasetSummary | null> {
  const plan = await ports.records.transaction(input.model, (tx) => planTraining(tx, input));
  if (plan === null) return null;
  if (plan.request.partitions.length === 0) return { datasetVersion: '', rows: 0, days: 0, asOf: input.asOf };
  const dataset = await keepAlive(() => unlessEmpty(() => assemble(ports, plan)));
  if (dataset === null) return { datasetVersion: '', rows: 0, days: 0, asOf: input.asOf };
  const { digest, manifest } = dataset;
  const { partitions, asOf, rows, label } = manifest;
  await ports.records.transaction(input.model, (tx) =>
    tx.insert('datasetVersion', digest, { digest, partitions, asOf, rows, features: plan.request.features, label }),
  );
  return { datasetVersion: digest, rows, days: partitions.length, asOf };
}

/** Trains off the event loop, heartbeats its progress, and resumes from the last one. */
export async function trainModel(
  ports: ActivityPorts,
  input: ExperimentInput & { readonly datasetVersion: string },
): Promise<TrainingSummary> {
  const { records, objectStore, trainer } = ports;
  const known = await records.transaction(input.model, (tx) => tx.get('memory', `${input.experimentId}/trained`));
  if (known !== null) return known.value as TrainedRemembered;
  const plan = await records.transaction(input.model, (tx) => planTraining(tx, input));
  if (plan === null) throw new Error(`idea ${input.idea} declares no training`);
  const { declaration } = plan.context;
  const recipe = declaration.recipes[plan.recipeName];
  if (recipe === undefined) throw new Error(`recipe ${plan.recipeName} is not declared by model ${declaration.model}`);
  const context = Context.current();
  const left: unknown = context.info.heartbeatDetails;
  const points = resumePoints(objectStore, left, (details) => context.heartbeat(details));
  context.heartbeat(left);
  const request = {
    recipe: { kind: recipe.trainer, options: recipe.options },
    objective: declaration.task,
    seed: SEED,
  };
  const learn = async (): Promise<{ dataset: Dataset; result: TrainResult }> => {
    const dataset = await assemble(ports, plan);
    const onProgress = (progress: TrainProgress): void => points.reached(progress.resumeFrom);
    const resumeFrom = await readResumePoint(objectStore, left);
    const options = { onProgress, resumeFrom, signal: context.cancellationSignal };
    return { dataset, result: await trainer.train({ ...request, matrix: dataset.matrix }, options) };
  };
  const { dataset, result } = await keepAlive(learn, () => points.details());
  await points.settled();
  const artifact = await objectStore.put(JSON.stringify(result.artifact));
  const trained: TrainedRemembered = {
    artifact,
    features: boundFeatures(plan, dataset),
    recipe: plan.recipeName,
    rows: dataset.matrix.rows,
    iterations: result.iterations,
    trainLoss: result.trainLoss,
    curve: result.curve,
  };
  await records.transaction(input.model, (tx) => tx.put('memory', `${input.experimentId}/trained`, { value: trained }));
  return { artifact, rows: trained.rows, iterations: trained.iterations, trainLoss: trained.trainLoss };
}

/** Null where there is no labelled row: an expected answer, not a failure. */
export async function unlessEmpty(work: () => Promise<Dataset>): Promise<Dataset | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'DATA_DATASET_EMPTY') return null;
    throw error;
  }
}

async function assemble({ dataSource }: ActivityPorts, { context, request }: TrainingPlan): Promise<Dataset> {
  const source = await dataSource(context.declaration.model);
  return source.assembleDataset(request);
}

async function planTraining(tx: RecordTransaction, input: ExperimentInput): Promise<TrainingPlan | null> {
  const context = await modelContext(tx);
  const idea = ideaOf(context.declaration, input.idea);
  if (idea.recipe === undefined) return null;
  const recipeName = idea.recipe === 'stable' ? await recipeOfStable(tx) : idea.recipe;
  const recipe = context.declaration.recipes[recipeName];
  if (recipe === undefined)
    throw new Error(`recipe ${recipeName} is not declared by model ${context.declaration.model}`);
  const until = epochMs(input.asOf);
  const from = until - durationMs(idea.trainOn);
  const request: DatasetRequest = {
    partitions: await landedPartitions(tx, from, until),
    asOf: until,
    window: { from, until },
    features: recipe.features,
  };
  return { context, recipeName, request };
}

async function recipeOfStable(tx: RecordTransaction): Promise<string> {
  const stable = (await tx.list('stable', { descending: true, limit: 1 }))[0]?.body;
  const bundle = stable === undefined ? null : await tx.get('bundle', stable.bundle);
  if (bundle === null || bundle.recipe === 'constant') throw new Error('what serves now was not trained by a recipe');
  return bundle.recipe;
}

/** Accepted partitions that may hold rows of an event-time range; a day of the file reaches a day beyond itself in UTC. */
export async function landedPartitions(
  tx: RecordTransaction,
  from: number,
  until: number,
): Promise<DatasetRequest['partitions']> {
  const dayMs = 86_400_000;
  const landed = await tx.list('partition', { after: isoDay(from - 2 * dayMs) });
  return landed
    .filter(({ key, body }) => body.verdict === 'accepted' && key <= isoDay(until + dayMs))
    .map(({ key, body }) => ({ day: key, digest: body.digest }));
}

function boundFeatures({ context, request }: TrainingPlan, { categories }: Dataset): BoundFeature[] {
  return request.features.map((name) => {
    const feature = declaredFeature(context.declaration, name);
    const known = categories[name];
    return known === undefined ? { name, feature } : { name, feature, categories: [...known] };
  });
}
