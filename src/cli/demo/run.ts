/** The show: starts the platform and the model, replays the source as live traffic, shows what happens, and ends in order. */
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectClient, temporalSettings } from '../../client/connect.ts';
import { startModel } from '../../client/lifecycle.ts';
import { composeModelFile, composeRecords, composeRequestLog, composeTraffic } from '../../compose.ts';
import { environmentWith, readConfig } from '../../config.ts';
import type { Config } from '../../config.ts';
import { closingReport } from '../../pages/closing-report.ts';
import { startPlatform } from '../../platform/platform.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Summary } from '../../contracts/summary.ts';
import type { CommandResult, ScreenTerminal } from '../command.ts';
import { exitSoon, whenStopped } from '../interruption.ts';
import { writeOutput } from '../output-file.ts';
import { createApprover } from './approver.ts';
import type { DrillName } from './drill.ts';
import { listenToKeys } from './keys.ts';
import type { Records } from './records.ts';
import { keepScore, ScoreKeeper } from './score-keeper.ts';
import { createScreen } from './screen.ts';
import type { Screen } from './screen.ts';
import { Show } from './show.ts';
import { isTroubleKey, Troubles } from './troubles.ts';
import { summarise } from './summary.ts';
import { tellGateway } from './tell-gateway.ts';

export interface DemoOptions {
  readonly modelPath: string;
  readonly untilDay: string | null;
  readonly speed: 'lockstep' | number;
  readonly headless: boolean;
  readonly autoApprove: boolean;
  readonly summaryPath: string | null;
  readonly drill: DrillName | null;
  readonly stateDir: string | null;
  readonly color: boolean;
  /** Where a person watches; null where output goes elsewhere or is JSON. */
  readonly terminal: ScreenTerminal | null;
  readonly progress: (line: string) => void;
}

type Model = Awaited<ReturnType<Awaited<ReturnType<typeof composeModelFile>>>>;

/** Everything a run has open. */
interface Running {
  readonly options: DemoOptions;
  readonly config: Config;
  readonly platform: Platform;
  readonly client: Client;
  readonly records: Records;
  readonly model: Model;
  readonly screen: Screen;
  /** Whether a person sits at a terminal that is redrawn. */
  readonly redraw: boolean;
  readonly stop: AbortController;
}

/**
 * Runs until Ctrl-C, or in a headless run until the data or `untilDay` ends.
 * @throws what startPlatform, the replay and a child that was given up end with.
 */
export async function runDemo(options: DemoOptions): Promise<CommandResult> {
  const began = Date.now();
  const model = await (await composeModelFile())(options.modelPath);
  const config = demoConfig(options);
  const stop = new AbortController();
  const listenNoMore = whenStopped(() => stop.abort(new Interrupted()));
  const terminal = options.headless ? null : options.terminal;
  const screen = createScreen({ terminal, color: options.color, write: options.progress });
  try {
    screen.say(`starting everything in ${config.stateDir}`);
    const platform = await startPlatform({
      config,
      headless: options.headless,
      clock: 'stream',
      environment: {
        HOLDFAST_GATEWAY_DRILLS: 'true',
        HOLDFAST_GATEWAY_SYNC_PREDICTIONS: 'false',
      },
      onNotice: (text) => screen.say(text),
      signal: stop.signal,
    });
    try {
      return await withPlatform({ options, config, platform, model, screen, redraw: terminal !== null, stop }, began);
    } finally {
      screen.say('stopping everything');
      await platform.stop();
    }
  } catch (error) {
    if (error instanceof Interrupted || stop.signal.aborted) return interrupted();
    throw error;
  } finally {
    screen.close();
    listenNoMore();
  }
}

/** The settings of this process, with the folder that was named. @throws CONFIG_INVALID */
export function demoConfig({ stateDir }: Pick<DemoOptions, 'stateDir'>): Config {
  return readConfig(environmentWith(stateDir === null ? {} : { HOLDFAST_STATE_DIR: resolve(stateDir) }));
}

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

function interrupted(): CommandResult {
  exitSoon();
  const words = 'stopped; npm start goes on from here, npm run reset forgets everything';
  return { exit: 'ok', document: { ended: 'interrupted' }, text: words };
}

async function withPlatform(parts: Omit<Running, 'client' | 'records'>, began: number): Promise<CommandResult> {
  const { platform, model } = parts;
  const client = await connectClient(temporalSettings(environmentWith(platform.environment)));
  const records = await composeRecords(platform.postgresUrl);
  try {
    const { declaration, digest, folder, path } = model;
    await startModel(client, { declaration, digest, baseDir: folder, modelPath: path }, { deadlineMs: 30_000 });
    return await Promise.race([follow({ ...parts, client, records }, began), platform.failed]);
  } finally {
    await Promise.all([client.connection.close(), records.close()]);
  }
}

async function follow(running: Running, began: number): Promise<CommandResult> {
  // What an unattended run leaves is judged afterwards, by others.
  if (running.options.headless) return followWith(running, began, null);
  const { config, records, model } = running;
  const log = await composeRequestLog(config);
  const keeper = new ScoreKeeper(records, log, model.declaration);
  const over = new AbortController();
  const kept = keepScore(keeper, over.signal);
  try {
    return await followWith(running, began, keeper);
  } finally {
    over.abort();
    await kept;
    await log.close();
  }
}

async function followWith(running: Running, began: number, score: ScoreKeeper | null): Promise<CommandResult> {
  const { options, config, platform, client, records, model, screen, stop } = running;
  const { declaration, folder } = model;
  const { speed, untilDay } = options;
  const troubles = troublesOf(running);
  const pressed = (key: string): void => {
    const { next } = show.progress;
    if (isTroubleKey(key) && next !== null) void troubles.toggle(key, next);
  };
  const deaf = running.redraw ? listenToKeys(process.stdin, pressed, () => process.emit('SIGINT')) : null;
  const keys = deaf === null ? null : troubles;
  const { uiUrl } = platform.temporal;
  const show = new Show({ records, declaration, screen, uiUrl, untilDay, score, troubles: keys });
  const approve = options.autoApprove ? createApprover(client, records, declaration) : null;
  show.begin(speed === 'lockstep' ? null : approve);
  try {
    const replayed = composeTraffic(config, folder, {
      declaration,
      records,
      gateway: platform.gatewayUrl,
      untilDay,
      speed,
      faults: troubles.faults,
      signal: stop.signal,
      approve,
      onProgress: (progress) => show.progressed(progress),
      onWaiting: (names) => show.waits(names),
      onTrouble: (trouble) => show.inTrouble(trouble),
      onBoundary: async (through, sender) => {
        await show.boundary(through, options.drill, (frozen) => troubles.freeze(frozen));
        await troubles.tellAgain((drill) => sender.drill(drill));
      },
    });
    // Preparing the data of a first start takes a while, and nobody who stops the run waits for it.
    await Promise.race([replayed, interruption(stop.signal)]);
    show.ended();
    if (!options.headless) await untilInterrupted(stop.signal);
  } finally {
    deaf?.();
    await show.close();
  }
  return report(running, show, began);
}

function troublesOf({ options: { speed }, platform, model: { declaration } }: Running): Troubles {
  return new Troubles({
    platform,
    declaration,
    tellGateway: (drill) => tellGateway(platform.gatewayUrl, declaration.model, drill),
    speed: speed === 'lockstep' ? Number.POSITIVE_INFINITY : speed,
  });
}

async function report(running: Running, show: Show, began: number): Promise<CommandResult> {
  const { options, platform, client, records, model } = running;
  const summary = await summarise({
    records,
    client,
    gatewayUrl: platform.gatewayUrl,
    temporalAddress: platform.temporal.address,
    declaration: model.declaration,
    declarationDigest: model.digest,
    arguments: argumentsOf(options),
    progress: show.progress,
    wallMs: Date.now() - began,
    waitedMs: show.waitedMs,
  });
  if (options.summaryPath !== null)
    await writeOutput(options.summaryPath, `${JSON.stringify(summary, null, 2)}\n`, 'SUMMARY_NOT_WRITTEN');
  return { exit: 'ok', document: summary, text: closingReport(summary) };
}

function argumentsOf({ modelPath, untilDay, autoApprove, drill, speed }: DemoOptions): Summary['arguments'] {
  return { modelPath, until: untilDay, autoApprove, drill, speed: speed === 'lockstep' ? null : speed };
}

/** Never resolves; rejects with the reason of the stop. */
async function interruption(signal: AbortSignal): Promise<never> {
  await untilInterrupted(signal);
  throw signal.reason;
}

async function untilInterrupted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
