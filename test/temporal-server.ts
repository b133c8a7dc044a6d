/** A real Temporal dev server in memory for a test file: up in 0.2 s. Stop it in an `after` hook. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../src/platform/ports.ts';
import { Supervisor } from '../src/platform/supervise.ts';
import { temporalBinary } from '../src/platform/temporal-binary.ts';
import { prepareTemporal } from '../src/platform/temporal.ts';

export interface TestServer {
  readonly address: string;
  readonly namespace: string;
  /** Null unless asked for. */
  readonly uiUrl: string | null;
  stop(): Promise<void>;
}

/** @param dynamicConfig For example `limit.historyCount.suggestContinueAsNew=60`, to meet a limit early. */
export async function startTemporal(
  dynamicConfig: readonly string[] = [],
  { withUi = false } = {},
): Promise<TestServer> {
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-temporal-'));
  const server = prepareTemporal({
    binary: await temporalBinary(),
    databaseFile: null,
    port: await freePort(),
    uiPort: withUi ? await freePort() : null,
    dynamicConfig,
  });
  const supervisor = await Supervisor.open(stateDir);
  await supervisor.start([server.child]);
  return {
    address: server.address,
    namespace: server.namespace,
    uiUrl: server.uiUrl,
    async stop() {
      await supervisor.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
