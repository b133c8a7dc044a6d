/**
 * Bundles ready to score. What was fetched once is kept on the gateway's own disk, so it serves again after a restart with the object
 * store away.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore } from '../adapters/object-store/port.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { bundleManifestSchema } from '../contracts/serving.ts';
import type { BundleManifest, InputValue, OutcomeRateFeature } from '../contracts/serving.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { compileFeatureRow, UNKNOWN_CATEGORY } from '../domain/features/feature-row.ts';
import { compileScorer, parseModelArtifact } from '../domain/learning/model-artifact.ts';

export interface LoadedBundle {
  readonly digest: string;
  readonly manifest: BundleManifest;
  /** Its answer to a request without inputs: known when it was loaded, so it is there when nothing else is. */
  readonly restingPrediction: number;
  /** Prediction for a request. @throws when the artifact cannot score; the value is not checked. */
  score(inputs: Readonly<Record<string, InputValue>>, fresh: Readonly<Record<string, number>>): number;
}

export interface Bundles {
  /**
   * Loads, checks and probes a bundle; idempotent, remembered.
   * @throws BUNDLE_NOT_LOADABLE naming what is wrong.
   */
  load(digest: string, model: string, registered: readonly OutcomeRateFeature[]): Promise<LoadedBundle>;
}

/** Bundles from the object store, with a copy of what was fetched in `cacheFolder`. */
export function createBundles(store: Pick<ObjectStore, 'get'>, cacheFolder: string): Bundles {
  const loaded = new Map<string, LoadedBundle>();
  const fetchObject = async (digest: string): Promise<Uint8Array> => {
    const path = join(cacheFolder, digest);
    const cached = await readFile(path).catch(() => null);
    if (cached !== null && digestOf(cached) === digest) return cached;
    const fetched = await store.get(digest);
    await mkdir(cacheFolder, { recursive: true });
    const temporary = `${path}.${randomUUID()}`;
    await writeFile(temporary, fetched, { flush: true });
    await rename(temporary, path);
    return fetched;
  };
  return {
    async load(digest, model, registered) {
      try {
        const bundle = loaded.get(digest) ?? (await loadBundle(digest, fetchObject));
        checkModel(bundle, model, registered);
        loaded.set(digest, bundle);
        return bundle;
      } catch (error) {
        const remedy = error instanceof HoldfastError ? error.remedy : undefined;
        throw new HoldfastError('BUNDLE_NOT_LOADABLE', `bundle ${digest}: ${(error as Error).message}`, {
          cause: error,
          ...(remedy === undefined ? {} : { remedy }),
        });
      }
    },
  };
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function loadBundle(digest: string, fetchObject: (digest: string) => Promise<Uint8Array>): Promise<LoadedBundle> {
  const manifest = bundleManifestSchema.parse(parseJson(await fetchObject(digest)));
  const artifact = parseModelArtifact(parseJson(await fetchObject(manifest.artifact)));
  const columns = manifest.features.map(({ name }) => name);
  if (columns.join('\n') !== artifact.featureNames.join('\n')) {
    throw new TypeError(
      `features [${columns.join(', ')}] of the manifest are not the columns [${artifact.featureNames.join(', ')}] of the artifact, in order`,
    );
  }
  const scorer = compileScorer(artifact);
  const restingPrediction = probe(scorer, manifest);
  const fillRow = compileFeatureRow(manifest.features);
  const row = new Float64Array(columns.length);
  return { digest, manifest, restingPrediction, score: (inputs, fresh) => scorer(fillRow(inputs, fresh, row)) };
}

/** One question before anybody depends on the answer: a row of missing numbers and unknown categories must give a number. */
function probe(scorer: (row: Float64Array) => number, manifest: BundleManifest): number {
  const row = Float64Array.from(manifest.features, ({ feature }) =>
    feature.kind === 'categorical' ? UNKNOWN_CATEGORY : Number.NaN,
  );
  const value = scorer(row);
  if (!Number.isFinite(value))
    throw new TypeError(`the artifact answers ${value} to a request without inputs, not a number`);
  return value;
}

function checkModel(bundle: LoadedBundle, model: string, registered: readonly OutcomeRateFeature[]): void {
  if (bundle.manifest.model !== model)
    throw new TypeError(`it belongs to model ${bundle.manifest.model}, not ${model}`);
  const known = new Map(registered.map((feature) => [feature.name, canonicalJson(feature)]));
  for (const { feature } of bundle.manifest.features) {
    if (feature.kind !== 'outcomeRate' || known.get(feature.name) === canonicalJson(feature)) continue;
    const fault = known.has(feature.name) ? 'is registered with another declaration' : 'is not registered';
    throw new TypeError(`its feature ${feature.name} ${fault} at this gateway; register the model with it first`);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
