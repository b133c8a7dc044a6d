import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../../../src/simulation/gate/random.ts';

/** A folder of files for the length of a suite. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'holdfast-gate-'));

  write(name: string, content: string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface PastOptions {
  readonly units: number;
  readonly delta: number;
  readonly share: number;
  readonly seed: number;
  readonly days: number;
}

export interface PastUnit {
  readonly id: string;
  readonly arm: 'A' | 'B';
  /** Seconds since the first midnight. */
  readonly second: number;
  readonly failed: 0 | 1;
}

/** Units of a comparison at a base rate of 5 %. */
export function pastUnits({ units, delta, share, seed, days }: PastOptions): PastUnit[] {
  const random = randomFrom(seed);
  return Array.from({ length: units }, (_, index): PastUnit => {
    const second = Math.floor(random() * days * 86_400);
    const arm = random() < share ? 'B' : 'A';
    const failed = random() < 0.05 + (arm === 'B' ? delta : 0) ? 1 : 0;
    return { id: `u${index}`, arm, second, failed };
  });
}

const BEGIN_MS = Date.UTC(2024, 2, 1);

export const instant = (second: number): string => new Date(BEGIN_MS + second * 1000).toISOString();

export function csvOf(units: readonly PastUnit[]): string {
  const lines = units.map(({ id, arm, second, failed }) => `${id},${arm},${instant(second)},${failed}`);
  return `user,variant,assigned_at,failed\n${lines.join('\n')}\n`;
}

export const COLUMNS = ['--unit', 'user', '--arm', 'variant', '--time', 'assigned_at', '--loss', 'failed'];
