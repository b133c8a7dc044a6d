import { readConfig } from '../config.ts';
import { resetState } from '../platform/reset.ts';
import type { CommandModule } from './command.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export const command: CommandModule = {
  declare: () => undefined,
  run: async () => {
    const { stateDir } = readConfig();
    const { forgotten, kept, ended } = await resetState(stateDir);
    const lines = [
      ...(ended.length === 0 ? [] : [`ended what an earlier start had left running: ${ended.join(', ')}`]),
      forgotten.length === 0 ? `there is nothing to forget in ${stateDir}` : `forgotten in ${stateDir}:`,
      ...forgotten.map(({ name, meaning, bytes }) => `  ${name.padEnd(15)}  ${meaning} (${megabytes(bytes)})`),
      ...(kept.length === 0 ? [] : [`kept, because Holdfast did not put it there: ${kept.join(', ')}`]),
    ];
    return { exit: 'ok', document: { stateDir, forgotten, kept, ended }, text: lines.join('\n') };
  },
};
