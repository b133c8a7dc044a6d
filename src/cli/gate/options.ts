/** Options that the gate commands share, each read once into what it means. */
import type { Command } from 'commander';
import { HoldfastError } from '../../contracts/errors.ts';
import { closestName } from '../../domain/closest-name.ts';
import type { MetricScale } from '../../domain/gate/cells.ts';
import { MISSING_MEANINGS } from '../../domain/gate/unit-intake.ts';
import { STATISTICAL_PRESETS } from '../../domain/rollout/presets.ts';
import { durationMs } from '../../domain/time.ts';
import type { Invocation } from '../command.ts';

type Options = Invocation['options'];

const PRESETS = Object.keys(STATISTICAL_PRESETS).join(' | ');
const BP_WHOLE = 10_000;

/** Options that say which column is which, and how a past is cut into cohorts. */
export function declareTable(command: Command): Command {
  return command
    .option('--unit <column>', 'what was assigned: user, account, request')
    .option('--arm <column>', 'arm the unit was assigned to')
    .option('--time <column>', 'when it was assigned (ISO 8601, UTC unless it says otherwise, or seconds since 1970)')
    .option('--loss <column>', 'what is compared, 0 good to 1 bad, or true and false')
    .option('--gain <column>', 'instead of --loss, where more is better: converted, watched minutes')
    .option('--range <low..high>', 'range of a metric that is not 0 to 1; values beyond it are cut')
    .option('--candidate <arm>', 'name of the arm under judgement (default: told by its name)')
    .option('--control <arm>', 'name of the arm it is compared with; units of others are left out')
    .option(
      '--cohort <duration>',
      'length of a cohort, after each of which the gate looks: PT1H, P1D (default: by the traffic)',
    )
    .option(
      '--exposure <share>',
      'share of units that was to be assigned to the candidate, 0.5, or the column that holds it (default: measured)',
    )
    .option('--stratum <column>', 'only units alike in it are matched: country, device')
    .option('--missing <meaning>', `what a row without a loss means: ${MISSING_MEANINGS.join(' | ')}`, 'refuse')
    .option('--both-arms <what>', 'units seen in both arms: refuse | first (count in the arm seen first)', 'refuse');
}

/** Options that say what the gate is told in advance. */
export function declarePolicy(command: Command): Command {
  return command
    .option('--policy <policy.yaml>', 'gate policy as a file: docs/reference/gate-policy.md')
    .option('--preset <name>', `instead of a file, how sure it must be: ${PRESETS} (default: standard)`)
    .option(
      '--margin <difference>',
      'how much worse is tolerated, in the metric’s own unit (default: 0.01, one percentage point)',
    )
    .option('--harm-margin <difference>', 'how much worse is harm (default: half the margin)');
}

export const textOption = (options: Options, name: string): string | null =>
  typeof options[name] === 'string' ? options[name] : null;

function refused(flag: string, written: string, allowed: string): HoldfastError {
  return new HoldfastError('CLI_USAGE', `${flag} is ${JSON.stringify(written)}; give ${allowed}`);
}

/** Camel-case name of an option as commander keeps it: `--harm-margin` is harmMargin. */
const keyOf = (flag: string): string =>
  flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A number, or null where the option is not given. */
export function numberOption(
  options: Options,
  flag: string,
  isAllowed: (value: number) => boolean,
  allowed: string,
): number | null {
  const written = textOption(options, keyOf(flag));
  if (written === null) return null;
  const value = written.trim() === '' ? Number.NaN : Number(written);
  if (!Number.isFinite(value) || !isAllowed(value)) throw refused(flag, written, allowed);
  return value;
}

/** A list of numbers separated by commas. */
export function numbersOption(
  options: Options,
  flag: string,
  isAllowed: (value: number) => boolean,
  allowed: string,
): number[] | null {
  const written = textOption(options, keyOf(flag));
  if (written === null) return null;
  return written.split(',').map((part) => {
    const value = part.trim() === '' ? Number.NaN : Number(part);
    if (!Number.isFinite(value) || !isAllowed(value)) throw refused(flag, written, allowed);
    return value;
  });
}

export function choiceOption<const C extends string>(options: Options, flag: string, choices: readonly C[]): C | null {
  const written = textOption(options, keyOf(flag));
  if (written === null) return null;
  const chosen = choices.find((choice) => choice === written);
  if (chosen !== undefined) return chosen;
  const near = closestName(written, choices);
  throw refused(flag, written, `${choices.join(', ')}${near === null ? '' : ` (did you mean ${near}?)`}`);
}

/** An ISO 8601 duration in milliseconds. */
export function durationOption(options: Options, flag: string): { text: string; ms: number } | null {
  const text = textOption(options, keyOf(flag));
  if (text === null) return null;
  try {
    const ms = durationMs(text);
    if (ms > 0) return { text, ms };
  } catch {
    // Told below, with the option's name.
  }
  throw refused(flag, text, 'an ISO 8601 duration such as PT1H, PT6H or P1D');
}

/** `0..100`, or null. */
export function rangeOption(options: Options): readonly [low: number, high: number] | null {
  const written = textOption(options, 'range');
  if (written === null) return null;
  const [low = Number.NaN, high = Number.NaN, ...more] = written
    .split('..')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (low < high && more.length === 0 && Number.isFinite(high - low)) return [low, high];
  throw refused('--range', written, 'two numbers, the lower first, such as 0..30000');
}

/** How the metric becomes a loss, and which column it is in; the column is null where none is named. */
export function metricOptions(options: Options): { column: string | null; scale: MetricScale } {
  const [loss, gain] = [textOption(options, 'loss'), textOption(options, 'gain')];
  if (loss !== null && gain !== null) {
    throw new HoldfastError('CLI_USAGE', 'both --loss and --gain are given; one metric is judged: name it once');
  }
  const range = rangeOption(options);
  const [low, high] = range ?? [0, 1];
  return { column: loss ?? gain, scale: { low, high, isGain: gain !== null, isCut: range !== null } };
}

/** A share in basis points. */
export function basisPoints(share: number): number {
  return Math.round(share * BP_WHOLE);
}

/** Options that say which ladder is climbed, and at what traffic. */
export function declareTraffic(command: Command): Command {
  return command
    .option('--base <rate>', 'loss rate of the control, 0.05 for 5 in 100')
    .option('--units-per-day <count>', 'units that come in a day, both arms together')
    .option('--steps <shares>', 'the ladder, without a policy file (default: 0.05,0.1,0.25,0.5)')
    .option('--window <duration>', 'how long after assignment an outcome is known, P7D (default: at once)');
}

const DEFAULT_STEPS = [0.05, 0.1, 0.25, 0.5];

/** The ladder of the command line. */
export function stepsOption(options: Options): number[] {
  const allowed = 'rising shares between 0 and 1, such as 0.05,0.25,0.5';
  const shares = numbersOption(options, '--steps', (share) => share > 0 && share < 1, allowed);
  if (shares === null) return DEFAULT_STEPS;
  if (shares.every((share, index) => index === 0 || share > shares[index - 1]!)) return shares;
  throw refused('--steps', String(options['steps']), allowed);
}
