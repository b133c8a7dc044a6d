import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCohortFile } from '../../src/adapters/gate-input/cohort-file.ts';
import { createVegaRenderer } from '../../src/adapters/chart-renderer/vega.ts';
import { ERRORS, HoldfastError } from '../../src/contracts/errors.ts';
import type { ErrorCode } from '../../src/contracts/errors.ts';
import { createModelPlanes } from '../../src/gateway/model-planes.ts';
import { errorAnswer } from '../../src/http/exchange.ts';
import { packagedBinaries, removePostgresHome, settlePostgresHome } from '../../src/platform/postgres-home.ts';
import { preparePostgres } from '../../src/platform/postgres.ts';
import { temporalBinary } from '../../src/platform/temporal-binary.ts';

/** What produces an error that no other test asks for by its code. */
const FIXTURES: Partial<Record<ErrorCode, (folder: string) => Promise<unknown>>> = {
  async GATE_COHORTS_INVALID(folder) {
    writeFileSync(join(folder, 'cohorts.jsonl'), '{"cohort": "first"}\n');
    return readCohortFile(join(folder, 'cohorts.jsonl'));
  },
  GATEWAY_NOT_READY: async () => {
    // Before it has recovered, a gateway knows of no model.
    const planes = createModelPlanes(
      { gateway: 'gateway-1' } as Parameters<typeof createModelPlanes>[0],
      false,
      () => undefined,
    );
    return planes.plane('shop');
  },
  EDGE_INTERNAL: async () => (errorAnswer(new TypeError('x is not a function')).body as { error: unknown }).error,
  PLATFORM_POSTGRES_FAILED: async (folder) => {
    const { root } = settlePostgresHome(folder);
    mkdirSync(join(root, 'data'), { recursive: true });
    writeFileSync(join(root, 'data', 'PG_VERSION'), '9\n');
    try {
      return await preparePostgres({ stateDir: folder, port: 0 });
    } finally {
      removePostgresHome(folder);
    }
  },
  PLATFORM_POSTGRES_MISSING: async () => packagedBinaries('plan9'),
  PLATFORM_TEMPORAL_MISSING: async (folder) => temporalBinary({ path: join(folder, 'temporal') }),
  REPORT_NOT_DRAWN: async () =>
    createVegaRenderer().draw({ mark: 'no such mark', data: { url: 'http://example.org' } }),
};

describe('every error code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-errors-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [code, produce] of Object.entries(FIXTURES))
    it(`is what a fixture ends with: ${code}`, async () => {
      const ended: unknown = await produce(folder).catch((error: unknown) => error);
      assert.equal((ended as HoldfastError).code, code, String(ended));
      assert.notEqual((ended as HoldfastError).message, '');
      assert.notEqual((ended as HoldfastError).remedy, '');
    });

  it('is produced by a test and has an anchor in the reference', () => {
    const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|yaml)$/.test(name) && !/error-fixtures|errors\.test/.test(name))
      .map((name) => readFileSync(join('test', name), 'utf8'))
      .join('\n');
    const page = readFileSync('docs/reference/errors.md', 'utf8');
    const codes = Object.keys(ERRORS) as ErrorCode[];
    assert.deepEqual(
      codes.filter((code) => !(code in FIXTURES) && !new RegExp(`\\b${code}\\b`).test(tests)),
      [],
      'codes without a fixture',
    );
    assert.deepEqual(
      codes.filter((code) => !page.includes(`\n## ${code}\n`)),
      [],
      'codes without an anchor',
    );
  });
});
