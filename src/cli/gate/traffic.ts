/** The world that a plan or a simulation assumes, and the policy it is tried by. */
import { composeGatePolicyFile } from '../../compose.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { gateStep, plainPolicy } from '../../domain/gate/default-policy.ts';
import { STATISTICAL_PRESETS } from '../../domain/rollout/presets.ts';
import type { PresetName } from '../../domain/rollout/presets.ts';
import type { DifferenceStreamPolicy, GatePolicy } from '../../domain/statistics/index.ts';
import { DAY_MS, HOUR_MS } from '../../domain/time.ts';
import { metricUnit } from '../../pages/gate/numbers.ts';
import type { Invocation } from '../command.ts';
import { basisPoints, choiceOption, durationOption, numberOption, stepsOption, textOption } from './options.ts';
import { marginOptions, marginsInWords, refuseBesideFile } from './policy.ts';

type Options = Invocation['options'];

const PRESET_NAMES = Object.keys(STATISTICAL_PRESETS) as PresetName[];

export interface TriedPolicy {
  readonly policy: GatePolicy;
  readonly source: string;
  /** The stream that decides: the first difference stream that an advance needs. */
  readonly stream: DifferenceStreamPolicy;
}

/** The policy of a file, or of a preset with margins and a ladder. @param width range of the metric the margins are given in */
export async function triedPolicy(options: Options, width: number, cohortMs: number): Promise<TriedPolicy> {
  const path = textOption(options, 'policy');
  if (path === null) return plainLadder(options, width, cohortMs);
  refuseBesideFile(options, ['--preset', '--margin', '--harm-margin', '--steps', '--window']);
  const { policy } = await (await composeGatePolicyFile())(path);
  const stream = policy.streams.find((one) => one.kind === 'difference' && one.requiredForAdvance === true);
  if (stream === undefined || stream.kind !== 'difference') {
    throw new HoldfastError(
      'GATE_POLICY_INVALID',
      `${path}  has no difference stream that an advance needs: nothing can be planned`,
      {
        remedy: 'Give one a safeMargin or a harmBudget, and requiredForAdvance: true',
      },
    );
  }
  const steps = policy.steps.length > 0 ? policy.steps : ladderOf(stepsOption({}));
  return { policy: { ...policy, steps }, source: path, stream };
}

const ladderOf = (shares: readonly number[]) => shares.map((share) => gateStep(basisPoints(share)));

function plainLadder(options: Options, width: number, cohortMs: number): TriedPolicy {
  const margins = marginOptions(options, width);
  const preset = choiceOption(options, '--preset', PRESET_NAMES) ?? 'standard';
  const policy = plainPolicy({
    preset,
    loss: 'loss',
    missing: 'refuse',
    harmMargin: margins.harm,
    safeMargin: margins.safe,
    quantum: 0,
    steps: ladderOf(stepsOption(options)),
  });
  const lag = Math.ceil((durationOption(options, '--window')?.ms ?? 0) / cohortMs);
  const stream = policy.streams.find((one) => one.kind === 'difference')!;
  const lagged = { ...stream, ...(lag === 0 ? {} : { lag }) };
  return {
    policy: { ...policy, streams: [lagged] },
    source: marginsInWords(preset, margins, metricUnit(width, margins.safe)),
    stream: lagged,
  };
}

/** Fewer units of the smaller arm make a cohort of its own pointless. */
const UNITS_MIN = 20;
const LENGTHS: ReadonlyArray<readonly [text: string, ms: number]> = [
  ['PT1H', HOUR_MS],
  ['PT3H', 3 * HOUR_MS],
  ['PT6H', 6 * HOUR_MS],
  ['P1D', DAY_MS],
  ['P7D', 7 * DAY_MS],
];

/** Cohorts as asked for, or the shortest that hold twenty candidate units at the first step. */
export function cohortFor(options: Options, unitsPerDay: number, firstShare: number): { text: string; ms: number } {
  const asked = durationOption(options, '--cohort');
  if (asked !== null) return asked;
  const found = LENGTHS.find(([, ms]) => unitsPerDay * firstShare * (ms / DAY_MS) >= UNITS_MIN) ?? LENGTHS.at(-1)!;
  return { text: found[0], ms: found[1] };
}

/** @throws CLI_USAGE naming the option that is missing */
export function required(value: number | null, flag: string, example: string): number {
  if (value !== null) return value;
  throw new HoldfastError('CLI_USAGE', `${flag} is not given`, {
    remedy: `Say it, for example ${flag} ${example}; or give the file of a past`,
  });
}

export const unitsPerDayOption = (options: Options): number | null =>
  numberOption(options, '--units-per-day', (value) => value > 0 && value <= 1e9, 'a count above 0');
