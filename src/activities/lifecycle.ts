import type { RecordTransaction } from '../adapters/record-store/port.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { checkModel } from '../contracts/model-check.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import { collectionId, experimentationId, monitoringId } from '../contracts/names.ts';
import type { LifecycleActivities, LifecycleInput } from '../contracts/workflows.ts';
import { CODE_VERSION, storeBundle } from './bundles.ts';
import { registrationOf } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';

/** Activities of the life cycle: what must stand before the four stages begin. */
export function createLifecycleActivities(ports: ActivityPorts): LifecycleActivities {
  return { openModel: (input) => openModel(ports, input) };
}

async function openModel(
  { records, objectStore, trafficRouter }: ActivityPorts,
  input: LifecycleInput,
): Promise<{ stable: string }> {
  const { declaration, digest } = input;
  requireSound(declaration);
  const { model } = declaration;
  const artifact = await objectStore.put(
    JSON.stringify({
      version: 1,
      kind: 'constant',
      objective: declaration.task,
      featureNames: [],
      value: declaration.fallback.constant,
    }),
  );
  const fallback = {
    model,
    idea: 'fallback',
    artifact,
    features: [],
    healthyRange: declaration.healthyRange,
    recipe: 'constant',
    datasetVersion: null,
    codeVersion: CODE_VERSION,
  };
  const bundle = await storeBundle(objectStore, fallback);
  await records.transaction(model, async (tx) => {
    await tx.put('model', 'declaration', { declaration, digest, path: input.modelPath, baseDir: input.baseDir });
    await tx.insert('bundle', bundle, fallback);
    const since = `${declaration.source.backfillUntil}T00:00:00Z`;
    if ((await tx.get('stable', '000000')) === null)
      await tx.put('stable', '000000', { bundle, idea: 'fallback', since, rolloutId: null });
    await insertSuite(tx, input);
    for (const stage of [collectionId(model), experimentationId(model), monitoringId(model)]) await tx.join(stage);
  });
  await trafficRouter.register(model, registrationOf(declaration, bundle));
  const states = await trafficRouter.observe(model);
  if (states.some(({ generation }) => generation === 0)) {
    await trafficRouter.apply(model, {
      generation: 1,
      decisionId: `lifecycle/${model}/first-split`,
      entry: { effectiveFrom: null, stable: bundle, candidate: null, exposure: 0, salt: '', mirror: false },
    });
  }
  return { stable: bundle };
}

/** Who starts the workflow without a model file, in the web UI for example, is refused like everybody else. */
function requireSound(declaration: ModelDeclaration): void {
  const { faults } = checkModel(declaration);
  if (faults === null) return;
  const [{ path, problem } = { path: [], problem: '' }] = faults;
  throw new HoldfastError(
    'MODEL_FILE_INVALID',
    `the declaration has ${faults.length} faults, the first at ${path.join('.')}: ${problem}`,
  );
}

async function insertSuite(tx: RecordTransaction, { declaration }: LifecycleInput): Promise<void> {
  for (const { id, where, lastDays, maxRegressionPerThousand, minUnits } of declaration.suite) {
    await tx.insert('suiteCase', id, {
      id,
      origin: 'declared',
      incidentId: null,
      where,
      days: null,
      lastDays,
      maxRegressionPerThousand,
      minUnits,
      reason: 'declared in the model file',
      since: `${declaration.source.backfillUntil}T00:00:00Z`,
    });
  }
}
