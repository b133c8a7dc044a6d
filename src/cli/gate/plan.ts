import { declarePolicy, declareTable, declareTraffic } from './options.ts';
import type { CommandModule } from '../command.ts';

export const command: CommandModule = {
  declare: (command) => {
    command.argument(
      '[file]',
      'table of a past, CSV or Parquet: gives rate, variance and traffic; without arms the past of one model',
    );
    declareTraffic(declarePolicy(declareTable(command)))
      .option(
        '--harms <differences>',
        'how much worse candidates to detect (default: once, twice and five times the margin)',
      )
      .option('--start <day>', 'day the ladder begins (default: today)');
  },
  run: async ({ args, options }) => {
    const { planGateCommand } = await import('./plan-run.ts');
    return planGateCommand(args[0] ?? null, options);
  },
};
