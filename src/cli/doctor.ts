import { readConfig } from '../config.ts';
import { findingsInWords } from '../pages/machine.ts';
import { examine } from '../platform/machine.ts';
import type { CommandModule } from './command.ts';

export const command: CommandModule = {
  declare: () => undefined,
  run: async ({ progress }) => {
    const findings = await examine(readConfig(), undefined, progress);
    const ok = findings.every((finding) => finding.ok);
    return { exit: ok ? 'ok' : 'error', document: { ok, findings }, text: findingsInWords(findings) };
  },
};
