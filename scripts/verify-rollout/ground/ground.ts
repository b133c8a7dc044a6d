/**
 * The proving ground: Temporal on a file, PostgreSQL, two gateways and workers, each a process of its own that can be killed and comes back
 * with what it has kept. Everything is the product's; only the watching is ours.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { createObjectStore } from '../../../src/adapters/object-store/index.ts';
import type { ObjectStore } from '../../../src/adapters/object-store/port.ts';
import { createHttpRouter } from '../../../src/adapters/traffic-router/http.ts';
import type { RecordStore } from '../../../src/adapters/record-store/port.ts';
import type { TrafficRouter } from '../../../src/adapters/traffic-router/port.ts';
import { connectClient } from '../../../src/client/connect.ts';
import { composeRecords } from '../../../src/compose.ts';
import { SEARCH_ATTRIBUTES } from '../../../src/contracts/search-attributes.ts';
import { DAY_MS } from '../../../src/domain/time.ts';
import type { ChildSpec } from '../../../src/platform/child.ts';
import { freePort } from '../../../src/platform/ports.ts';
import { removePostgresHome } from '../../../src/platform/postgres-home.ts';
import { preparePostgres } from '../../../src/platform/postgres.ts';
import { temporalBinary } from '../../../src/platform/temporal-binary.ts';
import { databaseFileIn, prepareTemporal } from '../../../src/platform/temporal.ts';
import { KillableProcess } from './killable-process.ts';
import { openMailbox } from './mailbox.ts';
import type { Mailbox } from './mailbox.ts';

export interface WorkerPlan {
  /** Temporal namespace that it works in, and nobody else does: what dies there disturbs nothing elsewhere. */
  readonly namespace: string;
  /** Path of the program; the product's own worker where absent. */
  readonly program?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Ground {
  /** Folder for what a proof wants to write. */
  readonly folder: string;
  readonly records: RecordStore;
  readonly objects: ObjectStore;
  readonly router: TrafficRouter;
  readonly gatewayUrls: readonly string[];
  readonly postgresUrl: string;
  readonly mailbox: Mailbox;
  readonly processes: Readonly<Record<'temporal' | 'postgres', KillableProcess>> & {
    readonly gateways: readonly KillableProcess[];
    readonly workers: readonly KillableProcess[];
  };
  client(namespace: string): Promise<Client>;
  stop(): Promise<void>;
}

const BUILT = new URL('../../../src/', import.meta.url);
const programOf = (name: 'gateway' | 'worker'): string => fileURLToPath(new URL(`${name}/main.js`, BUILT));
const GATEWAYS = 2;
const READY_MS = 1_000;

/** Starts everything; about four seconds. @param workers One process each */
export async function startGround(workers: readonly WorkerPlan[]): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ground-'));
  // The user that PostgreSQL runs as under root must get in.
  chmodSync(folder, 0o755);
  const started: KillableProcess[] = [];
  const closing: Array<() => Promise<void>> = [];
  const stop = async (): Promise<void> => {
    for (const close of closing) await close();
    for (const child of started.toReversed()) await child.stop();
    removePostgresHome(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await startProcesses(folder, workers, started, closing)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startProcesses(
  folder: string,
  plans: readonly WorkerPlan[],
  started: KillableProcess[],
  closing: Array<() => Promise<void>>,
): Promise<Omit<Ground, 'stop'>> {
  mkdirSync(join(folder, 'logs'));
  const mailbox = await openMailbox();
  closing.push(() => mailbox.close());
  const begin = async (spec: ChildSpec): Promise<KillableProcess> => {
    const child = new KillableProcess(spec, join(folder, 'logs'));
    started.push(child);
    await child.start();
    return child;
  };
  const ports = await differentPorts(2 + GATEWAYS + plans.length);
  const temporal = prepareTemporal({
    binary: await temporalBinary(),
    databaseFile: databaseFileIn(folder),
    port: ports[0] ?? 0,
    uiPort: null,
  });
  const postgres = await preparePostgres({ stateDir: folder, port: ports[1] ?? 0 });
  const servers = { temporal: await begin(temporal.child), postgres: await begin(postgres.child) };
  const records = await composeRecords(postgres.url, RECORD_CONNECTIONS);
  closing.push(() => records.close());
  await records.migrate();
  for (const { namespace } of plans) await openNamespace(temporal.address, namespace);
  const gatewayUrls = ports.slice(2, 2 + GATEWAYS).map((port) => `http://127.0.0.1:${port}`);
  const environment = {
    TEMPORAL_ADDRESS: temporal.address,
    HOLDFAST_STATE_DIR: folder,
    HOLDFAST_POSTGRES_URL: postgres.url,
    HOLDFAST_GATEWAY_URLS: gatewayUrls.join(','),
    HOLDFAST_LOG_LEVEL: 'warn',
    // Processes die here, the machine does not: what is written need not reach the disk to outlive them.
    HOLDFAST_GATEWAY_SYNC_PREDICTIONS: 'false',
    [MAILBOX_SECRET]: 'a secret of the proving ground',
  };
  const gateways = await Promise.all(
    gatewayUrls.map((_, index) => begin(gatewaySpec(`gateway-${index + 1}`, ports[2 + index] ?? 0, environment))),
  );
  const workers = await Promise.all(
    plans.map((plan, index) => begin(workerSpec(plan, index, ports[2 + GATEWAYS + index] ?? 0, environment))),
  );
  return {
    folder,
    records,
    objects: createObjectStore({ kind: 'local-folder', folder: join(folder, 'objects') }),
    router: createHttpRouter({ kind: 'http', urls: gatewayUrls, timeoutMs: 5_000 }),
    gatewayUrls,
    postgresUrl: postgres.url,
    mailbox,
    processes: { ...servers, gateways, workers },
    async client(namespace) {
      const client = await connectClient({ address: temporal.address, namespace });
      closing.push(() => client.connection.close());
      return client;
    },
  };
}

/** Variable with the secret of webhooks. */
export const MAILBOX_SECRET = 'HOLDFAST_SECRET_MAILBOX';
const RECORD_CONNECTIONS = 10;

async function differentPorts(count: number): Promise<number[]> {
  const taken = new Set<number>();
  while (taken.size < count) taken.add(await freePort(0, taken));
  return [...taken];
}

function gatewaySpec(name: string, port: number, environment: Readonly<Record<string, string>>): ChildSpec {
  const own = { HOLDFAST_GATEWAY_NAME: name, HOLDFAST_GATEWAY_PORT: String(port), HOLDFAST_GATEWAY_CLOCK: 'stream' };
  return serviceSpec(name, programOf('gateway'), port, { ...environment, ...own });
}

function workerSpec(
  { namespace, program = programOf('worker'), environment: own = {} }: WorkerPlan,
  index: number,
  port: number,
  environment: Readonly<Record<string, string>>,
): ChildSpec {
  const settings = { TEMPORAL_NAMESPACE: namespace, HOLDFAST_WORKER_PORT: String(port) };
  return serviceSpec(`worker-${index + 1}`, program, port, { ...environment, ...settings, ...own });
}

function serviceSpec(name: string, program: string, port: number, env: Readonly<Record<string, string>>): ChildSpec {
  return {
    name,
    layer: 'service',
    command: process.execPath,
    args: ['--enable-source-maps', program],
    env,
    stopSignal: 'SIGTERM',
    // What it would finish in its grace, nobody waits for.
    stopPatienceMs: 500,
    readyPatienceMs: 60_000,
    port,
    ready: async () =>
      (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(READY_MS) })).status === 200,
  };
}

/** `temporal.api.enums.v1.IndexedValueType` */
const INDEXED_VALUE_TYPES = { Keyword: 2, Double: 4, Bool: 5 } as const;
const NAMESPACE_TRIES = 100;

/** A namespace as the platform opens the default one. A new one takes a moment to be seen by every part of the server. */
async function openNamespace(address: string, namespace: string): Promise<void> {
  if (namespace === 'default') return;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(DAY_MS),
    });
    const searchAttributes = Object.fromEntries(
      SEARCH_ATTRIBUTES.map(({ name, type }) => [name, INDEXED_VALUE_TYPES[type]]),
    );
    for (let left = NAMESPACE_TRIES; ; left--) {
      try {
        await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
        return;
      } catch (error) {
        if (left === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, READY_MS / 10));
      }
    }
  } finally {
    await connection.close();
  }
}
