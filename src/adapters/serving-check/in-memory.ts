/** A serving check inside this process: for tests, where a crash is not what is tested. */
import { HoldfastError } from '../../contracts/errors.ts';
import { bundleManifestSchema } from '../../contracts/serving.ts';
import type { BundleManifest } from '../../contracts/serving.ts';
import { compileFeatureRow } from '../../domain/features/feature-row.ts';
import { compileScorer, parseModelArtifact } from '../../domain/learning/model-artifact.ts';
import type { Scorer } from '../../domain/learning/model-artifact.ts';
import type { ServingCheck, ServingReport } from './port.ts';

interface Loaded {
  readonly manifest: BundleManifest;
  readonly score: Scorer;
}

/** @param get Reads an object by its digest. */
export function createInMemoryServingCheck(get: (digest: string) => Promise<Uint8Array>): ServingCheck {
  const json = async (digest: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await get(digest)));
  const load = async (bundle: string): Promise<Loaded | { readonly reason: string }> => {
    try {
      const manifest = bundleManifestSchema.parse(await json(bundle));
      return { manifest, score: compileScorer(parseModelArtifact(await json(manifest.artifact))) };
    } catch (error) {
      if (error instanceof HoldfastError && error.kind === 'retryable') throw error;
      return { reason: `the bundle does not load: ${(error as Error).message}` };
    }
  };
  return {
    async check({ bundle, requests }): Promise<ServingReport> {
      const loaded = await load(bundle);
      const report = { latencyMsP99: null, memoryBytes: 0 };
      if ('reason' in loaded) {
        const failures = [{ reason: loaded.reason, requests: requests.length }];
        return { ...report, answered: 0, failures };
      }
      const { manifest, score } = loaded;
      const fillRow = compileFeatureRow(manifest.features);
      const row = new Float64Array(manifest.features.length);
      const [low, high] = manifest.healthyRange;
      const unhealthy = requests.filter(({ inputs }) => {
        const value = score(fillRow(inputs, {}, row));
        return !(value >= low && value <= high);
      }).length;
      const failures = [{ reason: `an answer is outside the healthy range ${low} to ${high}`, requests: unhealthy }];
      return { ...report, answered: requests.length - unhealthy, failures: unhealthy === 0 ? [] : failures };
    },
  };
}
