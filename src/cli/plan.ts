import { composeDataSource, composeModelFile, composeObjectStore } from '../compose.ts';
import { environmentWith, objectStoreOf, readConfig } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { policyOf } from '../contracts/policy-record.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import { planRollout } from '../domain/rollout/rollout-plan.ts';
import type { ExpectedTraffic } from '../domain/rollout/rollout-plan.ts';
import { isInSlice } from '../domain/rollout/slices.ts';
import { DAY_MS, epochMs, isoDay } from '../domain/time.ts';
import { rolloutPlanInWords } from '../pages/rollout-plan.ts';
import type { CommandModule, Invocation } from './command.ts';

/** Differences of two versions of one model; measured on the shipped flights: 0.03 for a retrain to 0.17 for other features. */
const DEVIATION_DEFAULT = 0.1;
/** Traffic is taken from the last days before the live traffic begins. */
const PAST_DAYS = 14;

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument('<model.yaml>', 'model file whose policy is planned')
      .option('--claim <claim>', 'improve or not-worse', 'not-worse')
      .option('--units-per-day <n>', 'expected units a day (default: those of the source, before the live traffic)')
      .option(
        '--deviation <d>',
        'standard deviation of the two losses’ difference on a unit, 0 to 1',
        String(DEVIATION_DEFAULT),
      )
      .option(
        '--gain <per-1000>',
        'by how much the candidate is better, per 1,000 units (default: 0; the margin for improve)',
      )
      .option('--start <day>', 'day the rollout begins, for dates'),
  run: async ({ args, options }) => {
    const { declaration, folder } = await (await composeModelFile())(args[0] ?? '');
    const claim = claimOf(options);
    const { marginPerThousand } = declaration.rollout;
    const past = await pastTraffic(
      declaration,
      folder,
      numberOf(options, 'unitsPerDay', null, 'above 0', (n) => n > 0),
    );
    const deviation = numberOf(options, 'deviation', DEVIATION_DEFAULT, 'between 0 and 1', (n) => n > 0 && n <= 1) ?? 0;
    const gain =
      numberOf(options, 'gain', claim === 'improve' ? marginPerThousand : 0, '0 to 1000', (n) => n >= 0 && n <= 1000) ??
      0;
    const traffic: ExpectedTraffic = { ...past, deviation, gain: gain / 1000 };
    const forecast = planRollout(policyOf(declaration, claim), traffic);
    const start = typeof options['start'] === 'string' ? dayOf(options['start']) : null;
    const view = { model: declaration.model, claim, unitName: declaration.unit.name, traffic, start, forecast };
    return { exit: 'ok', document: view, text: rolloutPlanInWords(view) };
  },
};

function claimOf(options: Invocation['options']): 'improve' | 'not-worse' {
  const claim = options['claim'];
  if (claim === 'improve' || claim === 'not-worse') return claim;
  throw new HoldfastError('CLI_USAGE', `--claim is ${JSON.stringify(claim)}; give improve or not-worse`);
}

function dayOf(text: string): number {
  try {
    return epochMs(text);
  } catch {
    throw new HoldfastError('CLI_USAGE', `--start is ${JSON.stringify(text)}; give a day, for example 2001-02-12`);
  }
}

function numberOf(
  options: Invocation['options'],
  name: string,
  absent: number | null,
  allowed: string,
  fits: (value: number) => boolean,
): number | null {
  const given = options[name];
  if (typeof given !== 'string') return absent;
  const value = Number(given);
  if (given.trim() !== '' && fits(value)) return value;
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new HoldfastError('CLI_USAGE', `--${flag} is ${JSON.stringify(given)}; give a number ${allowed}`);
}

/** Units a day and the shares of the slices, counted in the source before the live traffic begins. */
async function pastTraffic(
  declaration: ModelDeclaration,
  folder: string,
  unitsPerDay: number | null,
): Promise<Pick<ExpectedTraffic, 'unitsPerDay' | 'sliceShares'>> {
  const { slices } = declaration.rollout;
  const config = readConfig(environmentWith({}));
  const source = await composeDataSource(config, await composeObjectStore(objectStoreOf(config)), declaration, folder);
  const until = epochMs(declaration.source.backfillUntil);
  const counts = new Map(slices.map(({ id }) => [id, 0]));
  const days = new Set<string>();
  let rows = 0;
  for await (const batch of source.stream(isoDay(until - PAST_DAYS * DAY_MS), isoDay(until))) {
    rows += batch.rows;
    for (let row = 0; row < batch.rows; row++) {
      days.add(isoDay(batch.at[row] ?? until));
      const inputs = Object.fromEntries(
        Object.entries(batch.inputs).map(([name, { values }]) => [name, values[row] ?? null]),
      );
      for (const slice of slices) if (isInSlice(slice, inputs)) counts.set(slice.id, (counts.get(slice.id) ?? 0) + 1);
    }
  }
  if (rows === 0 && unitsPerDay === null) {
    throw new HoldfastError(
      'CLI_USAGE',
      `the source has no rows in the ${PAST_DAYS} days before ${declaration.source.backfillUntil}; give --units-per-day`,
    );
  }
  return {
    unitsPerDay: unitsPerDay ?? rows / Math.max(1, days.size),
    sliceShares: Object.fromEntries([...counts].map(([id, count]) => [id, rows === 0 ? 0 : count / rows])),
  };
}
