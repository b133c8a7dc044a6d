import type { CommandEntry } from './command.ts';

/** Every verb. Adding one is a line here and a file `src/cli/<verb>.ts` that exports `command`. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  doctor: {
    summary: 'Look whether this machine has what is needed',
    examples: ['doctor', 'doctor --json'],
    load: () => import('./doctor.ts'),
  },
  reset: {
    summary: 'Forget all records, workflows and logs here',
    examples: ['reset', 'reset --json'],
    load: () => import('./reset.ts'),
  },
  validate: {
    summary: 'Judge a model file and say in words what it declares',
    examples: ['validate models/flight-delay.yaml', 'validate models/flight-delay.yaml --json'],
    load: () => import('./validate.ts'),
  },
};
