import { acceptCase } from '../../client/incident.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { acceptCaseMessage } from '../../contracts/messages.ts';
import type { Invocation } from '../command.ts';
import { signedCommand } from '../order.ts';
import { plannedWord, wordResult } from './order.ts';

/** The same yes twice is one yes: only the case that is proposed can be accepted. */
export const command = signedCommand({
  argument: 'incidentId',
  declare: (command) =>
    command
      .option('--max-regression <n>', 'tolerated extra mean loss per 1,000 units (default: as proposed)')
      .option('--min-units <n>', 'fewest units the case can be judged on (default: as proposed)'),
  say: (signed, options) => ({
    ...signed,
    ...numberOf(options, 'maxRegressionPerThousand'),
    ...numberOf(options, 'minUnits'),
  }),
  repeats: false,
  send: acceptCase,
  plan: (client, id, order) => plannedWord(client, id, { name: 'acceptCase', ...order }),
  result: wordResult,
});

const OPTIONS = {
  maxRegressionPerThousand: { option: 'maxRegression', flag: '--max-regression', range: 'a number from 0 to 1000' },
  minUnits: { option: 'minUnits', flag: '--min-units', range: 'a whole number from 1 on' },
} as const;

/** @throws CLI_USAGE for what the incident would refuse as no number of this kind */
function numberOf(
  options: Invocation['options'],
  field: keyof typeof OPTIONS,
): { readonly [F in keyof typeof OPTIONS]?: number } {
  const { option, flag, range } = OPTIONS[field];
  const given = options[option];
  if (typeof given !== 'string') return {};
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (acceptCaseMessage.schema.safeParse({ ...acceptCaseMessage.sample, [field]: value }).success)
    return { [field]: value };
  throw new HoldfastError('CLI_USAGE', `${flag} is ${JSON.stringify(given)}; give ${range}`);
}
