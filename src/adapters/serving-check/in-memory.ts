/** A serving check inside this process: for tests, where a crash is not what is tested. */
import { bundleManifestSchema } from '../../contracts/serving.ts';
import { compileFeatureRow } from '../../domain/features/feature-row.ts';
import { compileScorer, parseModelArtifact } from '../../domain/learning/model-artifact.ts';
import type { ServingCheck, ServingReport } from './port.ts';

/** @param get Reads an object by its digest. */
export function createInMemoryServingCheck(get: (digest: string) => Promise<Uint8Array>): ServingCheck {
  const json = async (digest: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await get(digest)));
  return {
    async check({ bundle, requests }): Promise<ServingReport> {
      const manifest = bundleManifestSchema.parse(await json(bundle));
      const score = compileScorer(parseModelArtifact(await json(manifest.artifact)));
      const fillRow = compileFeatureRow(manifest.features);
      const row = new Float64Array(manifest.features.length);
      const [low, high] = manifest.healthyRange;
      const unhealthy = requests.filter(({ inputs }) => {
        const value = score(fillRow(inputs, {}, row));
        return !(value >= low && value <= high);
      }).length;
      return {
        answered: requests.length - unhealthy,
        failures: unhealthy === 0 ? [] : [{ reason: 'the answer is outside the healthy range', requests: unhealthy }],
        latencyMsP99: null,
        memoryBytes: 0,
      };
    },
  };
}
