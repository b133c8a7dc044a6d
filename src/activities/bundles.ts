import type { ObjectStore } from '../adapters/object-store/port.ts';
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import { bundleManifestSchema } from '../contracts/serving.ts';
import type { BoundFeature, BundleManifest, FeatureDeclaration } from '../contracts/serving.ts';
import type { ExperimentInput } from '../contracts/workflows.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { attemptsOf, ideaOf, rememberAttempt } from './attempts.ts';
import { modelContext } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';

/** Part of every bundle's name: bundles of different releases are different bundles. */
export const CODE_VERSION = '0.1.0';

/** Stores a manifest under its name and records it. */
export async function storeBundle(store: ObjectStore, manifest: BundleManifest): Promise<string> {
  return store.put(canonicalJson(JSON.parse(JSON.stringify(bundleManifestSchema.parse(manifest)))));
}

/** What an experiment deploys: its artifact, or that of the idea it builds on, with the features that fill its columns when serving. */
export async function registerBundle(
  { records, objectStore }: ActivityPorts,
  input: ExperimentInput & { readonly artifact: string | null; readonly datasetVersion: string | null },
): Promise<{ bundle: string }> {
  const { model } = input;
  const manifest = await records.transaction(model, (tx) => manifestOf(tx, input));
  const bundle = await storeBundle(objectStore, manifest);
  await records.transaction(model, async (tx) => {
    await tx.insert('bundle', bundle, manifest);
    await rememberAttempt(tx, input.experimentId, { artifact: manifest.artifact });
  });
  return { bundle };
}

async function manifestOf(
  tx: RecordTransaction,
  input: ExperimentInput & { readonly artifact: string | null; readonly datasetVersion: string | null },
): Promise<BundleManifest> {
  const { declaration } = await modelContext(tx);
  const idea = ideaOf(declaration, input.idea);
  const source = await columnsOf(tx, declaration, input);
  return {
    model: declaration.model,
    idea: input.idea,
    artifact: source.artifact,
    features: source.features.map((column) => ({ ...column, feature: rebound(declaration, column, idea.serveWith) })),
    healthyRange: declaration.healthyRange,
    recipe: source.recipe,
    datasetVersion: source.datasetVersion,
    codeVersion: CODE_VERSION,
  };
}

interface TrainedColumns {
  readonly artifact: string;
  readonly features: readonly BoundFeature[];
  readonly recipe: string;
  readonly datasetVersion: string | null;
}

async function columnsOf(
  tx: RecordTransaction,
  declaration: ModelDeclaration,
  input: ExperimentInput & { readonly artifact: string | null; readonly datasetVersion: string | null },
): Promise<TrainedColumns> {
  const idea = ideaOf(declaration, input.idea);
  if (idea.artifactOf !== undefined) {
    const source = (await attemptsOf(tx)).findLast(
      (attempt) => attempt.idea === idea.artifactOf && attempt.bundle !== null,
    );
    const bundle = source === undefined || source.bundle === null ? null : await tx.get('bundle', source.bundle);
    if (bundle === null) throw new Error(`idea ${idea.id} builds on ${idea.artifactOf}, which has no bundle yet`);
    return bundle;
  }
  const trained = (await tx.get('memory', `${input.experimentId}/trained`))?.value as TrainedRemembered | undefined;
  if (input.artifact === null || trained === undefined)
    throw new Error(`experiment ${input.experimentId} has no trained artifact`);
  return {
    artifact: input.artifact,
    features: trained.features,
    recipe: trained.recipe,
    datasetVersion: input.datasetVersion,
  };
}

/** What training leaves for the bundle. */
export interface TrainedRemembered {
  readonly artifact: string;
  readonly features: readonly BoundFeature[];
  readonly recipe: string;
  readonly rows: number;
  readonly iterations: number;
  readonly trainLoss: number;
  /** Loss over the training rows after so many iterations, in order. */
  readonly curve: ReadonlyArray<readonly [iterations: number, trainLoss: number]>;
}

function rebound(
  declaration: ModelDeclaration,
  column: BoundFeature,
  serveWith: Readonly<Record<string, string>>,
): FeatureDeclaration {
  const name = serveWith[column.name];
  return name === undefined ? column.feature : declaredFeature(declaration, name);
}

export function declaredFeature(declaration: ModelDeclaration, name: string): FeatureDeclaration {
  const feature = declaration.features.find((known) => known.name === name);
  if (feature === undefined) throw new Error(`feature ${name} is not declared by model ${declaration.model}`);
  return feature;
}
