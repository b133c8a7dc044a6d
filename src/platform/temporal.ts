/** The Temporal dev server of one machine, and what a namespace needs before workflows can run in it. */
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import { DAY_MS } from '../domain/time.ts';
import type { ChildSpec } from './child.ts';
import { isPortOpen } from './ports.ts';

const NAMESPACE = 'default';
/** Closed runs stay readable this long: the story of a rollout takes weeks, the server's own default is one day. */
const RETENTION_MS = 90 * DAY_MS;
const CALL_MS = 2_000;
/** `temporal.api.enums.v1.IndexedValueType` */
const INDEXED_VALUE_TYPES = { Keyword: 2, Double: 4, Bool: 5 } as const;

export interface DevServerOptions {
  readonly binary: string;
  /** File of its database; null keeps everything in memory. */
  readonly databaseFile: string | null;
  readonly port: number;
  /** null: no web UI. */
  readonly uiPort: number | null;
  /** For tests of limits, for example `limit.historyCount.suggestContinueAsNew=60`. */
  readonly dynamicConfig?: readonly string[];
}

export interface DevServer {
  readonly child: ChildSpec;
  readonly address: string;
  readonly uiUrl: string | null;
  readonly namespace: string;
}

export function prepareTemporal(options: DevServerOptions): DevServer {
  const { binary, databaseFile, port, uiPort, dynamicConfig = [] } = options;
  const address = `127.0.0.1:${port}`;
  const child: ChildSpec = {
    name: 'temporal',
    layer: 'server',
    command: binary,
    args: [
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--log-level',
      'warn',
      ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-disable-news-fetch']),
      // Write-ahead logging without a flush per write: five times the throughput; nothing acknowledged is lost by kill -9.
      ...(databaseFile === null
        ? []
        : [
            '--db-filename',
            databaseFile,
            '--sqlite-pragma',
            'journal_mode=wal',
            '--sqlite-pragma',
            'synchronous=normal',
          ]),
      ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
    ],
    stopSignal: 'SIGTERM',
    stopPatienceMs: 5_000,
    readyPatienceMs: 20_000,
    port,
    // A client that meets a closed port waits a second before it tries again; the port itself tells at once.
    ready: async () => (await isPortOpen(port)) && openNamespace(address, NAMESPACE),
  };
  return { child, address, uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`, namespace: NAMESPACE };
}

export const databaseFileIn = (stateDir: string): string => join(stateDir, 'temporal.db');

/** Retention and search attributes; idempotent. Rejects while the namespace does not answer yet. */
async function openNamespace(address: string, namespace: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + CALL_MS, async () => {
      const { config } = await connection.workflowService.describeNamespace({ namespace });
      if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000 < RETENTION_MS) {
        await connection.workflowService.updateNamespace({
          namespace,
          config: { workflowExecutionRetentionTtl: msToTs(RETENTION_MS) },
        });
      }
      await addSearchAttributes(connection, namespace);
    });
    return true;
  } finally {
    await connection.close();
  }
}

async function addSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const absent = SEARCH_ATTRIBUTES.filter(({ name }) => customAttributes?.[name] === undefined);
  if (absent.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(absent.map(({ name, type }) => [name, INDEXED_VALUE_TYPES[type]])),
  });
}
