/** Word that a running platform leaves of itself, so that commands in other terminals find it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const platformFileSchema = z.object({
  /** Variables by which another process finds everything. */
  environment: z.record(z.string(), z.string()),
  /** Temporal's web UI; null without one. */
  uiUrl: z.string().nullable(),
});
export type PlatformFile = z.infer<typeof platformFileSchema>;

export const platformFileIn = (stateDir: string): string => join(stateDir, 'platform.json');

/** Readable by its owner alone: the address of the records carries a password. */
export function writePlatformFile(stateDir: string, content: PlatformFile): void {
  removePlatformFile(stateDir);
  writeFileSync(platformFileIn(stateDir), `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

export function removePlatformFile(stateDir: string): void {
  rmSync(platformFileIn(stateDir), { force: true });
}
