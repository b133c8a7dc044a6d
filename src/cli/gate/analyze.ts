import type { CommandModule } from '../command.ts';
import { declarePolicy, declareTable } from './options.ts';

export const command: CommandModule = {
  declare: (command) => {
    command.argument('[file]', 'table of units, CSV or Parquet: a row a unit, or several');
    declarePolicy(declareTable(command))
      .option('--cohorts <cohorts.jsonl>', 'instead of a table, cohort records, one JSON object a line')
      .option('--looks <which>', 'which looks to show: some | all', 'some')
      .option('--exit-code', 'exit with 5 after a rollback and 8 without a verdict, instead of 0');
  },
  run: async ({ args, options }) => {
    const { analyzeCommand } = await import('./analyze-run.ts');
    return analyzeCommand(args[0] ?? null, options);
  },
};
