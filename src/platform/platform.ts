/** Everything of one machine, under one supervisor: PostgreSQL, Temporal, a gateway, a worker, the HTTP edge, and what the caller adds. */
import { fileURLToPath } from 'node:url';
import { connectClient, isTemporalGiven, temporalSettings } from '../client/connect.ts';
import { objectStoreOf } from '../config.ts';
import type { Config } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { ChildSpec } from './child.ts';
import { keepEventClock } from './event-clock.ts';
import type { EventClock } from './event-clock.ts';
import { removePlatformFile, writePlatformFile } from './platform-file.ts';
import { choosePorts, portsInUse } from './platform-ports.ts';
import type { Ports } from './platform-ports.ts';
import { preparePostgres } from './postgres.ts';
import { Supervisor } from './supervise.ts';
import { temporalBinary } from './temporal-binary.ts';
import { databaseFileIn, prepareTemporal } from './temporal.ts';
import type { ChildStatus } from './watched-child.ts';

export interface PlatformOptions {
  readonly config: Config;
  /** Without the web UI of Temporal. */
  readonly headless?: boolean;
  /** Where gateways take event time from. Default: as the settings say. */
  readonly clock?: EventClock;
  /** Settings for our own processes beside those that follow from the platform, for example HOLDFAST_GATEWAY_DRILLS. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Which of our own processes to run; servers are always there. Default: all of them. */
  readonly services?: readonly ServiceName[];
  /** Base URLs of gateways, or other traffic routers, that run elsewhere; then none is started here. */
  readonly gateways?: readonly string[];
  readonly onNotice?: (text: string) => void;
  /** Aborting stops what was started so far, and the start fails. */
  readonly signal?: AbortSignal;
}

export interface Platform {
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string | null };
  readonly postgresUrl: string;
  readonly gatewayUrl: string;
  /** Where people and programs give orders and evidence over HTTP. */
  readonly httpUrl: string;
  readonly children: readonly ChildStatus[];
  /** Variables by which another process of this machine finds everything. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts more, for example the replay of the example; watched like the others. */
  add(specs: readonly ChildSpec[]): Promise<void>;
  /** Resolves when a child that may finish has done so. */
  finished(name: string): Promise<void>;
  /** Sends a signal to a child, as a crash would. */
  kill(name: string, signal?: NodeJS.Signals): number;
  /** Kills a child as a crash would and keeps it away until `bringBack`, for rehearsals. */
  takeAway(name: string): number;
  bringBack(name: string): void;
  /** Rejects when a child was given up; never resolves. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const SERVICES = ['gateway', 'worker', 'http'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** How often a start is repeated because another program was quicker to listen on a port that was free when it was chosen. */
const STARTS_MAX = 3;

/**
 * Starts everything and returns when it serves. Takes 2–3 s, the first time longer.
 * @throws PLATFORM_RUNNING, PLATFORM_CLOCK_DIFFERS, PLATFORM_START_FAILED, PLATFORM_TEMPORAL_MISSING, PLATFORM_POSTGRES_FAILED, PLATFORM_POSTGRES_MISSING,
 *   PLATFORM_STATE_DIR_UNUSABLE, TEMPORAL_UNAVAILABLE; what was started by then is stopped again.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  for (let start = 1; ; start += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      const lost = options.signal?.aborted === true ? [] : await portsInUse(options.config.stateDir);
      const worthAnother = error instanceof HoldfastError && error.code === 'PLATFORM_START_FAILED' && lost.length > 0;
      if (!worthAnother || start >= STARTS_MAX) throw error;
      options.onNotice?.(`another program took ${lost.join(', ')} during the start; starting again on other ports`);
    }
  }
}

async function startOnce(options: PlatformOptions): Promise<Platform> {
  const { stateDir } = options.config;
  const supervisor = await Supervisor.open(stateDir, options.onNotice);
  // What a killed platform has left of itself is no longer true.
  removePlatformFile(stateDir);
  const failed = new Promise<never>((_, reject) => supervisor.once('failed', (error: HoldfastError) => reject(error)));
  // Whoever does not ask is not to be ended by it.
  failed.catch(() => undefined);
  const interrupt = (): void => void supervisor.stop();
  options.signal?.addEventListener('abort', interrupt, { once: true });
  // An order that came before anybody listened is not told again.
  if (options.signal?.aborted === true) interrupt();
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
      takeAway: (name) => supervisor.takeAway(name),
      bringBack: (name) => supervisor.bringBack(name),
      stop() {
        removePlatformFile(stateDir);
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

type Parts = Pick<Platform, 'temporal' | 'postgresUrl' | 'gatewayUrl' | 'httpUrl' | 'environment'>;

async function startParts(supervisor: Supervisor, options: PlatformOptions): Promise<Parts> {
  const { config, clock = config.gatewayClock, onNotice = () => undefined } = options;
  const wanted = options.services ?? SERVICES;
  // A gateway that runs elsewhere, too, takes its time from somewhere; whoever only reads the records brings none.
  if (wanted.includes('gateway')) keepEventClock(config.stateDir, clock);
  const ports = await choosePorts(config, onNotice);
  const [postgres, temporal] = await Promise.all([postgresOf(config, ports), temporalOf(options, ports)]);
  const environment = {
    ...options.environment,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    HOLDFAST_STATE_DIR: config.stateDir,
    HOLDFAST_GATEWAY_CLOCK: clock,
    HOLDFAST_POSTGRES_URL: postgres.url,
    HOLDFAST_OBJECT_STORE: objectStoreOf(config).folder,
    HOLDFAST_HTTP_URL: `http://127.0.0.1:${ports.http}`,
    HOLDFAST_GATEWAY_URLS: options.gateways?.join(',') ?? `http://127.0.0.1:${ports.gateway}`,
    ...uiAddress(config, temporal.uiUrl),
  };
  for (const notice of postgres.notices) onNotice(notice);
  const services = wanted
    .filter((name) => name !== 'gateway' || options.gateways === undefined)
    .map((name) => service(name, ports[name], environment));
  await supervisor.start([...postgres.children, ...temporal.children, ...services]);
  const { address, namespace, uiUrl } = temporal;
  writePlatformFile(config.stateDir, { environment, uiUrl });
  return {
    temporal: { address, namespace, uiUrl },
    postgresUrl: postgres.url,
    gatewayUrl: environment.HOLDFAST_GATEWAY_URLS,
    httpUrl: environment.HOLDFAST_HTTP_URL,
    environment,
  };
}

/** For links in messages; what the person has set goes before what was found. */
function uiAddress({ uiUrl }: Config, found: string | null): Record<string, string> {
  const address = uiUrl ?? found;
  return address === null ? {} : { HOLDFAST_UI_URL: address };
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
    http: { HOLDFAST_HTTP_PORT: String(port) },
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
    port,
    ready: async () =>
      (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) })).status === 200,
  };
}
