/** Plays one drill from start to verdict: everything it starts is its own, and is stopped and removed at the end. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectClient, isTemporalGiven, temporalSettings } from '../../client/connect.ts';
import { startModel } from '../../client/lifecycle.ts';
import { composeModelFile, composeRecords, composeTraffic } from '../../compose.ts';
import { environmentWith, readConfig } from '../../config.ts';
import type { Config } from '../../config.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { DrillHappening, DrillReport } from '../../pages/drill.ts';
import { startPlatform } from '../../platform/platform.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Drill, DrillOptions } from './drill.ts';
import { NotMet } from './not-met.ts';
import { Rehearsal } from './rehearsal.ts';

export interface PlayOptions extends DrillOptions {
  readonly stateDir: string;
  readonly told: (happening: DrillHappening) => void;
  readonly signal: AbortSignal;
}

const SLICE = fileURLToPath(new URL('../../../../models/flight-slice.yaml', import.meta.url));
/** Nothing of a platform that may be running beside: what is broken on purpose is the drill's own. */
const OF_ITS_OWN = {
  HOLDFAST_POSTGRES_URL: '',
  HOLDFAST_OBJECT_STORE: '',
  HOLDFAST_TEMPORAL_PORT: '0',
  HOLDFAST_TEMPORAL_UI_PORT: '0',
  HOLDFAST_GATEWAY_PORT: '0',
  HOLDFAST_HTTP_PORT: '0',
};

/** @throws what drillConfig, startPlatform, the traffic and a child that was given up end with, and the reason of an aborted signal */
export async function playDrill(name: string, drill: Drill, options: PlayOptions): Promise<DrillReport> {
  const began = Date.now();
  const { stateDir, signal } = options;
  const config = drillConfig(stateDir);
  // The platform speaks before there is a rehearsal to write it down.
  let notice = (what: string): void => options.told({ wallSeconds: secondsSince(began), eventTime: null, what });
  const platform = await startPlatform({
    config,
    headless: true,
    clock: 'stream',
    environment: {
      HOLDFAST_GATEWAY_DRILLS: 'true',
      HOLDFAST_GATEWAY_SYNC_PREDICTIONS: 'false',
    },
    onNotice: (what) => notice(what),
    signal,
  });
  try {
    const begun = (rehearsal: Rehearsal): void => void (notice = (what) => rehearsal.happened(what));
    const rehearsal = await onPlatform({ drill, options, config, platform, began, begun });
    const { findings, happenings } = rehearsal;
    const { breaks, expects } = drill;
    const holds = findings.length > 0 && findings.every(({ met }) => met);
    return { drill: name, breaks, expects, holds, findings, happenings, wallSeconds: secondsSince(began) };
  } finally {
    await platform.stop();
  }
}

/** Settings of a platform of the drill's own. @throws CONFIG_INVALID where the environment names a Temporal */
export function drillConfig(stateDir: string): Config {
  if (!isTemporalGiven()) return readConfig(environmentWith({ ...OF_ITS_OWN, HOLDFAST_STATE_DIR: stateDir }));
  throw new HoldfastError(
    'CONFIG_INVALID',
    'TEMPORAL_ADDRESS names a server, and a drill breaks only what is its own',
    { remedy: 'Run it without TEMPORAL_ADDRESS and TEMPORAL_PROFILE in the environment' },
  );
}

const secondsSince = (began: number): number => Math.round((Date.now() - began) / 100) / 10;

interface Ground {
  readonly drill: Drill;
  readonly options: PlayOptions;
  readonly config: Config;
  readonly platform: Platform;
  readonly began: number;
  readonly begun: (rehearsal: Rehearsal) => void;
}

async function onPlatform(ground: Ground): Promise<Rehearsal> {
  const { drill, options, platform, began } = ground;
  const { declaration, digest, folder, path } = await declare(drill, options.stateDir);
  const client = await connectClient(temporalSettings(environmentWith(platform.environment)));
  const records = await composeRecords(platform.postgresUrl);
  try {
    const { stateDir, told } = options;
    const rehearsal = new Rehearsal({ platform, client, records, declaration, stateDir, told, began });
    ground.begun(rehearsal);
    if (drill.withTraffic === false) await playOut(drill, rehearsal, options);
    else {
      const input = { declaration, digest, baseDir: folder, modelPath: path };
      await startModel(client, input, { deadlineMs: 30_000 });
      await withTraffic(ground, rehearsal, folder);
    }
    return rehearsal;
  } finally {
    await Promise.all([client.connection.close(), records.close()]);
  }
}

/** The slice as the drill declares it, as a model file of its own: what is played is checked and named like any other model. */
async function declare(
  drill: Drill,
  stateDir: string,
): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof composeModelFile>>>>> {
  const declaration = await drillModel(drill);
  mkdirSync(stateDir, { recursive: true });
  const path = join(stateDir, 'model.yaml');
  // JSON is YAML.
  writeFileSync(path, `${JSON.stringify(declaration, null, 2)}\n`);
  return (await composeModelFile())(path);
}

/** The slice as the drill declares it. */
export async function drillModel(drill: Drill): Promise<ModelDeclaration> {
  const { declaration } = await (await composeModelFile())(SLICE);
  return drill.declare(declaration);
}

async function withTraffic(
  { drill, options, config, platform }: Ground,
  rehearsal: Rehearsal,
  folder: string,
): Promise<void> {
  const { declaration, records } = rehearsal;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const traffic = composeTraffic(config, folder, {
    declaration,
    records,
    gateway: platform.gatewayUrl,
    untilDay: null,
    speed: 'lockstep',
    faults: rehearsal.faults,
    signal,
    approve: null,
    onProgress: (progress) => rehearsal.progressed(progress),
    onWaiting: () => undefined,
    onTrouble: (trouble) => rehearsal.trouble(trouble),
    onBoundary: (through, sender) => rehearsal.arrive(through, sender),
  });
  const ended = traffic.then(() => {
    throw new Error('the traffic has ended before the drill');
  });
  rehearsal.endsWith(Promise.race([ended, platform.failed]));
  try {
    await playOut(drill, rehearsal, options);
  } finally {
    stop.abort(new Error('the drill is over'));
    rehearsal.runOn();
    // Preparing the data takes a while, and nobody who stops the drill waits for it.
    if (!options.signal.aborted) await traffic.catch(() => undefined);
  }
}

/** An expectation that everything further depends on ends the drill; other failures are defects and are thrown. */
async function playOut(drill: Drill, rehearsal: Rehearsal, options: DrillOptions): Promise<void> {
  try {
    await drill.play(rehearsal, options);
  } catch (error) {
    if (!(error instanceof NotMet)) throw error;
    rehearsal.expect(error.expectation, false, error.message);
  }
}
