/** A table of units as the command line describes it: columns, arms, exposure, cohorts, metric. */
import { composeGateInput, composeGatePolicyFile } from '../../compose.ts';
import type { DeclaredGatePolicy } from '../../contracts/gate-policy.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import type { MetricScale } from '../../domain/gate/cells.ts';
import { overlapOf } from '../../domain/gate/overlap.ts';
import { calendarOf, cohortLengthFor, COHORTS_MAX } from '../../domain/gate/unit-cohorts.ts';
import type { ExposureSource } from '../../domain/gate/unit-cohorts.ts';
import { MISSING_MEANINGS } from '../../domain/gate/unit-intake.ts';
import type { LossColumn, MissingMeaning } from '../../domain/gate/unit-intake.ts';
import { DAY_MS, HOUR_MS } from '../../domain/time.ts';
import type { CohortCalendar } from '../../domain/time.ts';
import type { Invocation } from '../command.ts';
import { basisPoints, choiceOption, durationOption, metricOptions, textOption } from './options.ts';
import { readPast } from './past.ts';
import type { ReadPast } from './past.ts';

type Options = Invocation['options'];

export interface DescribedTable {
  readonly path: string;
  readonly options: Options;
  readonly past: ReadPast;
  /** Units of days on which one arm alone was open, left out; null where both never were. */
  readonly unitsOutside: number | null;
  /** Name of the unit column, for people. */
  readonly unitName: string;
  /** The metric of the command line, or the policy's first. */
  readonly metric: { readonly column: string; readonly scale: MetricScale };
  readonly losses: readonly LossColumn[];
  readonly declared: DeclaredGatePolicy | null;
  readonly missing: MissingMeaning;
  readonly exposure: ExposureSource;
}

/**
 * Reads a table of units.
 * @param command the line that is offered begins with it: `gate analyze`
 * @throws HoldfastError GATE_*, CLI_USAGE
 */
export async function readTable(
  path: string,
  options: Options,
  command: string,
  needsArm = true,
): Promise<DescribedTable> {
  const policyPath = textOption(options, 'policy');
  const declared = policyPath === null ? null : await (await composeGatePolicyFile())(policyPath);
  const missing = choiceOption(options, '--missing', MISSING_MEANINGS) ?? 'refuse';
  const metric = metricOptions(options);
  const losses = lossColumns(metric, declared);
  const { exposure, column: exposureColumn } = exposureOption(options);
  const read = await readPast(await composeGateInput(), {
    path,
    columns: {
      unit: textOption(options, 'unit'),
      arm: textOption(options, 'arm'),
      time: textOption(options, 'time'),
      losses,
      stratum: textOption(options, 'stratum'),
      exposure: exposureColumn,
    },
    missing,
    bothArms: choiceOption(options, '--both-arms', ['refuse', 'first']) ?? 'refuse',
    candidate: textOption(options, 'candidate'),
    control: textOption(options, 'control'),
    needsArm,
    command,
  });
  // Without a loss column the reading has refused the table.
  const { name: column, scale } = losses[0]!;
  return {
    path,
    options,
    ...overlapping(read, exposure),
    unitName: unitNameOf(textOption(options, 'unit')),
    metric: { column, scale },
    losses,
    declared,
    missing,
    exposure,
  };
}

/** Where nobody said what was ordered, a comparison lasts as long as both arms were open. */
function overlapping(read: ReadPast, exposure: ExposureSource): Pick<DescribedTable, 'past' | 'unitsOutside'> {
  if (read.arms === null || exposure.kind !== 'inferred') return { past: read, unitsOutside: 0 };
  const overlap = overlapOf(read.units, read.arms.candidate);
  if (overlap === null) return { past: read, unitsOutside: null };
  return { past: { ...read, units: overlap.units }, unitsOutside: overlap.leftOut };
}

/** What a unit is called: `visitor_id` and `visitorId` hold visitors, `uid` just units. */
function unitNameOf(column: string | null): string {
  if (column === null || /^(u?u?id|key|unit|.)$/i.test(column)) return 'unit';
  return column.replace(/[_ ](u?u?id|key)$/i, '').replace(/(?<=[a-z])Id$/, '');
}

/** One column from the command line, or those of the policy's streams. */
function lossColumns(metric: ReturnType<typeof metricOptions>, declared: DeclaredGatePolicy | null): LossColumn[] {
  if (declared === null) return metric.column === null ? [] : [{ name: metric.column, scale: metric.scale }];
  const columns = [...new Set(Object.values(declared.columns))];
  if (metric.column === null && columns.length > 1 && metric.scale.isCut) {
    throw new HoldfastError(
      'CLI_USAGE',
      `--range is given for the streams of ${columns.join(', ')}; it is one metric’s`,
      {
        remedy: 'Bring all but one column between 0 and 1 before, or judge them one by one',
      },
    );
  }
  if (metric.column === null) return columns.map((name) => ({ name, scale: metric.scale }));
  if (columns.length > 1) {
    throw new HoldfastError(
      'CLI_USAGE',
      `the policy has streams of ${columns.join(', ')}, and the command line names ${metric.column}`,
      {
        remedy: 'Leave --loss and --gain away, or name the column of each stream in the policy',
      },
    );
  }
  return [{ name: metric.column, scale: metric.scale }];
}

/** A number is the share of all cohorts, anything else a column. */
function exposureOption(options: Options): { exposure: ExposureSource; column: string | null } {
  const written = textOption(options, 'exposure');
  if (written === null) return { exposure: { kind: 'inferred' }, column: null };
  const share = Number(written.replace(/ ?%$/, ''));
  if (Number.isNaN(share)) return { exposure: { kind: 'column' }, column: written };
  if (share > 0 && share < 1 && !written.endsWith('%'))
    return { exposure: { kind: 'declared', bp: basisPoints(share) }, column: null };
  const fraction = share > 0 && share < 100 ? `: ${share / 100} for ${share} %` : '';
  throw new HoldfastError(
    'CLI_USAGE',
    `--exposure is ${JSON.stringify(written)}; give a fraction between 0 and 1${fraction}, or the column that holds it`,
  );
}

export interface ChosenCalendar {
  readonly calendar: CohortCalendar;
  readonly text: string;
  readonly isChosen: boolean;
}

/** Cohorts as asked for, or as long as the traffic needs. @throws CLI_USAGE when there would be too many */
export function calendarFor({ past: { units, arms }, options }: DescribedTable): ChosenCalendar {
  let firstAt = Infinity;
  for (const at of units.at) if (at < firstAt) firstAt = at;
  let lastAt = -Infinity;
  for (const at of units.at) if (at > lastAt) lastAt = at;
  const asked = durationOption(options, '--cohort');
  const candidates = arms === null ? units.ids.length : units.arms.filter((arm) => arm === arms.candidate).length;
  const controls = arms === null ? candidates : units.arms.filter((arm) => arm === arms.control).length;
  const lengthMs = asked?.ms ?? cohortLengthFor(firstAt, lastAt, Math.min(candidates, controls));
  const count = Math.ceil((lastAt - firstAt) / lengthMs);
  if (count > COHORTS_MAX) {
    throw new HoldfastError(
      'CLI_USAGE',
      `--cohort is ${JSON.stringify(asked?.text)}, which makes ${count.toLocaleString('en')} cohorts`,
      {
        remedy: `At most ${COHORTS_MAX.toLocaleString('en')} are judged: give a longer one, such as PT1H or P1D`,
      },
    );
  }
  return {
    calendar: calendarOf(firstAt, lengthMs),
    text: asked?.text ?? durationText(lengthMs),
    isChosen: asked === null,
  };
}

const durationText = (ms: number): string => (ms % DAY_MS === 0 ? `P${ms / DAY_MS}D` : `PT${ms / HOUR_MS}H`);
