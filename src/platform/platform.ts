/** Everything of one machine, under one supervisor: PostgreSQL, Temporal, a gateway, a worker, and what the caller adds. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectClient, isTemporalGiven, temporalSettings } from '../client/connect.ts';
import { objectStoreOf } from '../config.ts';
import type { Config } from '../config.ts';
import type { HoldfastError } from '../contracts/errors.ts';
import type { ChildSpec } from './child.ts';
import { removePlatformFile, writePlatformFile } from './platform-file.ts';
import { freePort } from './ports.ts';
import { preparePostgres } from './postgres.ts';
import { Supervisor } from './supervise.ts';
import { temporalBinary } from './temporal-binary.ts';
import { databaseFileIn, prepareTemporal } from './temporal.ts';
import type { ChildStatus } from './watched-child.ts';

export interface PlatformOptions {
  readonly config: Config;
  /** Without the web UI of Temporal. */
  readonly headless?: boolean;
  /** Settings for gateway and worker beside those that follow from the platform, for example HOLDFAST_GATEWAY_CLOCK. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Which of our own processes to run; servers are always there. Default: gateway and worker. */
  readonly services?: readonly ServiceName[];
  readonly onNotice?: (text: string) => void;
  /** Aborting stops what was started so far, and the start fails. */
  readonly signal?: AbortSignal;
}

export interface Platform {
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string | null };
  readonly postgresUrl: string;
  readonly gatewayUrl: string;
  readonly children: readonly ChildStatus[];
  /** Variables by which another process of this machine finds everything. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts more, for example the replay of the example; watched like the others. */
  add(specs: readonly ChildSpec[]): Promise<void>;
  /** Resolves when a child that may finish has done so. */
  finished(name: string): Promise<void>;
  /** Sends a signal to a child, as a crash would. */
  kill(name: string, signal?: NodeJS.Signals): number;
  /** Rejects when a child was given up; never resolves. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const SERVICES = ['gateway', 'worker'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Far from what other programs use by default; the port is remembered, and only this machine uses it. */
const POSTGRES_PORT = 15_432;
const WORKER_PORT = 8_481;

/**
 * Starts everything and returns when it serves. Takes 2–3 s, the first time longer.
 * @throws PLATFORM_RUNNING, PLATFORM_START_FAILED, PLATFORM_TEMPORAL_MISSING, PLATFORM_POSTGRES_FAILED, PLATFORM_POSTGRES_MISSING,
 *   PLATFORM_STATE_DIR_UNUSABLE, TEMPORAL_UNAVAILABLE; what was started by then is stopped again.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const supervisor = await Supervisor.open(options.config.stateDir, options.onNotice);
  // What a killed platform has left of itself is no longer true.
  removePlatformFile(options.config.stateDir);
  const failed = new Promise<never>((_, reject) => supervisor.once('failed', (error: HoldfastError) => reject(error)));
  // Whoever does not ask is not to be ended by it.
  failed.catch(() => undefined);
  const interrupt = (): void => void supervisor.stop();
  options.signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const platform = await startParts(supervisor, options);
    return {
      ...platform,
      failed,
      get children() {
        return supervisor.children;
      },
      add: (specs) => supervisor.start(specs),
      finished: (name) => supervisor.finished(name),
      kill: (name, signal) => supervisor.kill(name, signal),
      stop() {
        removePlatformFile(options.config.stateDir);
        return supervisor.stop();
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
  }
}

type Parts = Pick<Platform, 'temporal' | 'postgresUrl' | 'gatewayUrl' | 'environment'>;

async function startParts(supervisor: Supervisor, options: PlatformOptions): Promise<Parts> {
  const { config, onNotice = () => undefined } = options;
  const ports = await choosePorts(config, onNotice);
  const [postgres, temporal] = await Promise.all([postgresOf(config, ports), temporalOf(options, ports)]);
  const environment = {
    ...options.environment,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    HOLDFAST_STATE_DIR: config.stateDir,
    HOLDFAST_POSTGRES_URL: postgres.url,
    HOLDFAST_OBJECT_STORE: objectStoreOf(config).folder,
    HOLDFAST_GATEWAY_URLS: `http://127.0.0.1:${ports.gateway}`,
  };
  for (const notice of postgres.notices) onNotice(notice);
  const services = (options.services ?? SERVICES).map((name) => service(name, ports[name], environment));
  await supervisor.start([...postgres.children, ...temporal.children, ...services]);
  const { address, namespace, uiUrl } = temporal;
  writePlatformFile(config.stateDir, { environment, uiUrl });
  return {
    temporal: { address, namespace, uiUrl },
    postgresUrl: postgres.url,
    gatewayUrl: environment.HOLDFAST_GATEWAY_URLS,
    environment,
  };
}

async function postgresOf(
  config: Config,
  ports: Ports,
): Promise<{ url: string; children: ChildSpec[]; notices: readonly string[] }> {
  if (config.postgresUrl !== undefined) return { url: config.postgresUrl, children: [], notices: [] };
  const { url, child, notices } = await preparePostgres({ stateDir: config.stateDir, port: ports.postgres });
  return { url, children: [child], notices };
}

async function temporalOf(
  { config, headless = false, onNotice }: PlatformOptions,
  ports: Ports,
): Promise<Platform['temporal'] & { children: ChildSpec[] }> {
  if (isTemporalGiven()) {
    const settings = temporalSettings();
    await (await connectClient(settings)).connection.close();
    return { address: settings.address, namespace: settings.namespace, uiUrl: null, children: [] };
  }
  const binary = await temporalBinary({ path: config.temporalBinary, ...(onNotice === undefined ? {} : { onNotice }) });
  const { child, ...server } = prepareTemporal({
    binary,
    databaseFile: databaseFileIn(config.stateDir),
    port: ports.temporal,
    uiPort: headless ? null : ports.temporalUi,
  });
  return { ...server, children: [child] };
}

/** Our own processes are started by path: this room imports nothing of them. */
function service(name: ServiceName, port: number, environment: Readonly<Record<string, string>>): ChildSpec {
  const listen: Record<ServiceName, Record<string, string>> = {
    gateway: { HOLDFAST_GATEWAY_PORT: String(port) },
    worker: { HOLDFAST_WORKER_PORT: String(port) },
  };
  return {
    name,
    layer: 'service',
    command: process.execPath,
    args: ['--enable-source-maps', fileURLToPath(new URL(`../${name}/main.js`, import.meta.url))],
    env: { ...environment, ...listen[name] },
    stopSignal: 'SIGTERM',
    stopPatienceMs: 9_000,
    readyPatienceMs: 60_000,
    ready: async () =>
      (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) })).status === 200,
  };
}

const PORT_NAMES = ['postgres', 'temporal', 'temporalUi', 'gateway', 'worker'] as const;
type Ports = Record<(typeof PORT_NAMES)[number], number>;

/** The ports of the last start where they are still free, so that open pages and clients find everything again. */
async function choosePorts(config: Config, onNotice: (text: string) => void): Promise<Ports> {
  const wanted: Ports = {
    postgres: POSTGRES_PORT,
    temporal: config.temporalPort,
    temporalUi: config.temporalUiPort,
    gateway: config.gatewayPort,
    worker: WORKER_PORT,
  };
  const file = join(config.stateDir, 'ports.json');
  const remembered = readPorts(file);
  const chosen = new Set<number>();
  const ports = { ...wanted };
  for (const name of PORT_NAMES) {
    const last = remembered[name]?.wanted === wanted[name] ? remembered[name].port : wanted[name];
    ports[name] = await freePort(last, chosen);
    chosen.add(ports[name]);
    if (last !== 0 && ports[name] !== last) onNotice(`port ${last} is in use; ${name} takes ${ports[name]} instead`);
  }
  const memory = PORT_NAMES.map((name) => [name, { wanted: wanted[name], port: ports[name] }]);
  mkdirSync(config.stateDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(memory), null, 2)}\n`);
  return ports;
}

function readPorts(file: string): Partial<Record<string, { wanted: number; port: number }>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
