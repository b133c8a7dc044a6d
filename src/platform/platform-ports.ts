/** Which port each part of the platform listens on, and the memory of it from start to start. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { freePort, isPortFree } from './ports.ts';

/**
 * Ports that only this machine uses begin anywhere here: below the range from which systems take ports of outgoing connections, and at
 * random, so that two platforms started at once do not reach for the same.
 */
const INTERNAL_PORTS = { from: 20_000, to: 32_000 };
const PORT_NAMES = ['postgres', 'temporal', 'temporalUi', 'gateway', 'worker', 'http'] as const;
export type Ports = Record<(typeof PORT_NAMES)[number], number>;

/** The ports of the last start where they are still free, so that open pages and clients find everything again. */
export async function choosePorts(config: Config, onNotice: (text: string) => void): Promise<Ports> {
  const wanted = wantedPorts(config);
  const lastOnes = preferredPorts(config);
  const chosen = new Set<number>();
  const ports = { ...wanted };
  for (const name of PORT_NAMES) {
    const last = lastOnes[name];
    ports[name] = await freePort(last === 0 ? anyInternal() : last, chosen);
    chosen.add(ports[name]);
    if (last !== 0 && ports[name] !== last) onNotice(`port ${last} is in use; ${name} takes ${ports[name]} instead`);
  }
  const memory = PORT_NAMES.map((name) => [name, { wanted: wanted[name], port: ports[name] }]);
  mkdirSync(config.stateDir, { recursive: true });
  writeFileSync(fileIn(config.stateDir), `${JSON.stringify(Object.fromEntries(memory), null, 2)}\n`);
  return ports;
}

/** The ports that a start would choose now; null where any free one would do. Nothing is written. */
export async function foreseenPorts(config: Config): Promise<Record<(typeof PORT_NAMES)[number], number | null>> {
  const preferred = preferredPorts(config);
  const chosen = new Set<number>();
  const foreseen = {} as Record<(typeof PORT_NAMES)[number], number | null>;
  for (const name of PORT_NAMES) {
    const port = preferred[name] === 0 ? null : await freePort(preferred[name], chosen);
    foreseen[name] = port;
    if (port !== null) chosen.add(port);
  }
  return foreseen;
}

function wantedPorts(config: Config): Ports {
  return {
    postgres: 0,
    temporal: config.temporalPort,
    temporalUi: config.temporalUiPort,
    gateway: config.gatewayPort,
    worker: 0,
    http: config.httpPort,
  };
}

/** Those of the last start, where the same were wanted then; 0: any. */
function preferredPorts(config: Config): Ports {
  const wanted = wantedPorts(config);
  const remembered = readPorts(fileIn(config.stateDir));
  const last = PORT_NAMES.map((name) => {
    const memory = remembered[name];
    return [name, memory?.wanted === wanted[name] ? memory.port : wanted[name]];
  });
  return Object.fromEntries(last) as Ports;
}

/** Chosen ports on which somebody listens; asked when everything of ours has stopped, those of others. */
export async function portsInUse(stateDir: string): Promise<string[]> {
  const chosen = Object.entries(readPorts(fileIn(stateDir)));
  const used = await Promise.all(
    chosen.map(async ([, memory]) => memory === undefined || !(await isPortFree(memory.port))),
  );
  return chosen.filter((_, index) => used[index]).map(([name, memory]) => `port ${memory?.port} of ${name}`);
}

const fileIn = (stateDir: string): string => join(stateDir, 'ports.json');

const anyInternal = (): number =>
  INTERNAL_PORTS.from + Math.floor(Math.random() * (INTERNAL_PORTS.to - INTERNAL_PORTS.from));

function readPorts(file: string): Partial<Record<string, { wanted: number; port: number }>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
