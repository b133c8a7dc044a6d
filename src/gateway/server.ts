/** A gateway: an HTTP server over the models of a state folder. It needs neither the control plane nor a database to serve. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ObjectStore } from '../adapters/object-store/port.ts';
import type { EventClockMode } from './event-clock.ts';
import { errorAnswer, readJson, sendAnswer } from './http-exchange.ts';
import type { Answer } from './http-exchange.ts';
import { createModelPlanes } from './model-planes.ts';
import type { ModelPlanes, Report } from './model-planes.ts';
import { route } from './routes.ts';
import { lockState } from './state-lock.ts';

export interface GatewayOptions {
  /** Name of this gateway in segments and reports. */
  readonly name: string;
  /** Folder of its log, ledger, registrations and cached bundles; its own, and kept over restarts. */
  readonly stateDir: string;
  readonly objectStore: Pick<ObjectStore, 'get'>;
  /** 0 takes a free port. */
  readonly port: number;
  /** Address to listen on; 127.0.0.1 where absent. */
  readonly host?: string;
  readonly clock: EventClockMode;
  /** Whether `POST …/drill` works. */
  readonly drills?: boolean;
  /** Whether predictions are flushed to the disk before they are answered (true where absent). Without, a power cut may lose the last. */
  readonly syncPredictions?: boolean;
  /** Requests and outcomes remembered for deduplication, at least. */
  readonly recentMin?: number;
  readonly segmentBytesMax?: number;
  readonly segmentAgeMsMax?: number;
  readonly report?: Report;
}

export interface Gateway {
  readonly url: string;
  /** Settles when the state has been rebuilt; rejects when it cannot be. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** About three million inputs; ten thousand requests of the size of the example are a third of it. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
const RECENT_MIN = 100_000;
const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;
const SEGMENT_AGE_MS_MAX = 60_000;
/** Longer than any answer takes, so that the watermark of the wall clock is true of the log. */
const WALL_SLACK_MS = 5_000;
const TEND_EVERY_MS = 1_000;
const CONNECTIONS_MAX = 10_000;

/**
 * Starts a gateway. The server listens at once and says 503 until its state has been rebuilt.
 * @throws GATEWAY_STATE_LOCKED when another process uses the state folder.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const lock = await lockState(options.stateDir);
  const report: Report = options.report ?? (() => undefined);
  const planes = createModelPlanes(
    {
      gateway: options.name,
      stateDir: options.stateDir,
      objectStore: options.objectStore,
      clock: { mode: options.clock, now: () => Date.now(), slackMs: WALL_SLACK_MS },
      recentMin: options.recentMin ?? RECENT_MIN,
      syncPredictions: options.syncPredictions ?? true,
      segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
      segmentAgeMsMax: options.segmentAgeMsMax ?? SEGMENT_AGE_MS_MAX,
    },
    options.drills ?? false,
    report,
  );
  const server = createServer((request, response) => void exchange(planes, report, request, response));
  server.maxConnections = CONNECTIONS_MAX;
  try {
    await listen(server, options.port, options.host ?? '127.0.0.1');
  } catch (error) {
    await lock.release();
    throw error;
  }
  const ready = planes.recover();
  const tending = tendRegularly(planes, ready);
  return {
    url: urlOf(server),
    ready,
    async close() {
      await new Promise((done) => {
        server.close(done);
        server.closeIdleConnections();
      });
      await ready.catch(() => undefined);
      await tending.stop();
      await planes.close();
      await lock.release();
    },
  };
}

async function exchange(
  planes: ModelPlanes,
  report: Report,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let answer: Answer;
  try {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
    answer = await route(planes, {
      method: request.method ?? 'GET',
      path,
      query: new URLSearchParams(query),
      body: () => readJson(request, BODY_BYTES_MAX),
    });
  } catch (error) {
    answer = errorAnswer(error);
    if (answer.status >= 500) report('error', 'A request failed', { path: request.url, error: String(error) });
  }
  sendAnswer(request, response, answer);
}

function tendRegularly(planes: ModelPlanes, ready: Promise<void>): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let tending: Promise<void> = Promise.resolve();
  const plan = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      tending = planes.tend().finally(plan);
    }, TEND_EVERY_MS);
    timer.unref();
  };
  // A gateway that could not rebuild its state has nothing to tend; whoever started it sees `ready` reject.
  ready.then(plan, () => undefined);
  return {
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await tending;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
