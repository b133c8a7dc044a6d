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
  const wanted: Ports = {
    postgres: 0,
    temporal: config.temporalPort,
    temporalUi: config.temporalUiPort,
    gateway: config.gatewayPort,
    worker: 0,
    http: config.httpPort,
  };
  const file = fileIn(config.stateDir);
  const remembered = readPorts(file);
  const chosen = new Set<number>();
  const ports = { ...wanted };
  for (const name of PORT_NAMES) {
    const last = remembered[name]?.wanted === wanted[name] ? remembered[name].port : wanted[name];
    ports[name] = await freePort(last === 0 ? anyInternal() : last, chosen);
    chosen.add(ports[name]);
    if (last !== 0 && ports[name] !== last) onNotice(`port ${last} is in use; ${name} takes ${ports[name]} instead`);
  }
  const memory = PORT_NAMES.map((name) => [name, { wanted: wanted[name], port: ports[name] }]);
  mkdirSync(config.stateDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(memory), null, 2)}\n`);
  return ports;
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
