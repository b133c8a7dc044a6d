import type { CommandModule } from '../command.ts';
import { declarePolicy, declareTraffic } from './options.ts';

export const command: CommandModule = {
  declare: (command) =>
    void declareTraffic(declarePolicy(command))
      .option('--cohort <duration>', 'length of a cohort: PT1H, P1D (default: by the traffic)')
      .option('--cycle <share>', 'how much the base rate goes up and down over a day, 0.3 for ± 30 % (default: not)')
      .option('--differences <list>', 'true differences to try (default: 0, and 0.5, 1, 1.5 and 5 times the margin)')
      .option('--replications <count>', 'simulated rollouts for each difference and procedure', '1000')
      .option('--horizon <duration>', 'how long an undecided rollout goes on (default: by the plan)')
      .option('--step-cohorts <count>', 'cohorts that the rules it is compared with spend on a step', '12')
      .option('--seed <number>', 'another seed is another draw', '1')
      .option('--chart <file.svg>', 'draw the result'),
  run: async (invocation) => {
    const { simulateCommand } = await import('./simulate-run.ts');
    return simulateCommand(invocation);
  },
};
