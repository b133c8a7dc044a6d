/** `holdfast gate plan`: from a base rate or a past to units, days and dates. */
import { HoldfastError } from '../../contracts/errors.ts';
import { designEffect } from '../../domain/gate/design-effect.ts';
import type { DesignEffect } from '../../domain/gate/design-effect.ts';
import { planLadder } from '../../domain/gate/ladder-plan.ts';
import { binaryShape, meanLoss, shapeOf, shiftRange } from '../../domain/gate/loss-shape.ts';
import type { LossShape } from '../../domain/gate/loss-shape.ts';
import { meanDifference } from '../../domain/gate/difference-bounds.ts';
import { formCohorts, OFFLINE_SALT } from '../../domain/gate/unit-cohorts.ts';
import { histogramSize, mergeHistograms } from '../../domain/statistics/index.ts';
import { DAY_MS, epochMs, isoDay } from '../../domain/time.ts';
import { datesOf, neverInWords, planInWords } from '../../pages/gate/plan.ts';
import type { GatePlanView } from '../../pages/gate/plan.ts';
import type { CommandResult, Invocation } from '../command.ts';
import { numberOption, numbersOption, stepsOption, textOption } from './options.ts';
import { quantumFor, unitOf } from './policy.ts';
import { calendarFor, readTable } from './table.ts';
import type { DescribedTable } from './table.ts';
import { cohortFor, required, triedPolicy, unitsPerDayOption } from './traffic.ts';

type Options = Invocation['options'];

/** What is known of the world before a policy is tried in it. */
interface KnownWorld {
  readonly path: string | null;
  readonly unitName: string;
  readonly shape: LossShape;
  readonly unitsPerDay: number;
  /** Range of the metric, and how to say its mean. */
  readonly width: number;
  readonly mean: number;
  readonly effect: DesignEffect | null;
  readonly hasArms: boolean;
}

export async function planGateCommand(file: string | null, options: Options): Promise<CommandResult> {
  const world = file === null ? worldOfRates(options) : await worldOfPast(file, options);
  const cohort = cohortFor(options, world.unitsPerDay, stepsOption(options)[0] ?? 0.05);
  const { policy, source, stream } = await triedPolicy(options, world.width, cohort.ms);
  const unit = unitOf(policy, world.width);
  const used = world.effect?.isBeyondChance === true ? world.effect.value : 1;
  const margin = stream.safeMargin ?? stream.harmBudget ?? stream.harmMargin;
  const [, worst] = shiftRange(world.shape);
  const usual = [1, 2, 5].map((times) => times * Math.abs(margin || 0.01)).filter((harm) => harm <= worst);
  const harms = harmsOption(options, world.width) ?? usual;
  const planned = { shape: world.shape, unitsPerDay: world.unitsPerDay, cohortMs: cohort.ms, designEffect: used };
  const plan = planLadder(policy, stream, planned, harms);
  const start = startOption(options);
  const view: GatePlanView = {
    world: {
      path: world.path,
      unit: world.unitName,
      unitsPerDay: world.unitsPerDay,
      mean: world.mean,
      cohort: cohort.text,
      cohortMs: cohort.ms,
      designEffect: world.effect,
      designEffectUsed: used,
    },
    policy,
    policySource: source,
    stream: stream.id,
    unit,
    start,
    plan,
    dates: datesOf(plan.steps, start, cohort.ms),
    never: neverInWords(plan, cohort.ms, unit),
    notes: notesOf(world, policy.streams.length),
  };
  return { exit: 'ok', document: view, text: planInWords(view) };
}

function harmsOption(options: Options, width: number): number[] | null {
  const harms = numbersOption(
    options,
    '--harms',
    (value) => value > 0 && value < width,
    `differences above 0 and below ${width}, such as 0.01,0.03`,
  );
  return harms?.map((harm) => harm / width) ?? null;
}

function startOption(options: Options): string {
  const written = textOption(options, 'start');
  if (written === null) return isoDay(Date.now());
  try {
    return isoDay(epochMs(written));
  } catch {
    throw new HoldfastError('CLI_USAGE', `--start is ${JSON.stringify(written)}; give a day such as 2026-11-25`);
  }
}

function worldOfRates(options: Options): KnownWorld {
  const rate = (value: number) => value > 0 && value < 1;
  const base = required(
    numberOption(options, '--base', rate, 'a rate between 0 and 1, 0.05 for 5 in 100'),
    '--base',
    '0.05',
  );
  const unitsPerDay = required(unitsPerDayOption(options), '--units-per-day', '24000');
  return {
    path: null,
    unitName: 'unit',
    shape: binaryShape(base),
    unitsPerDay,
    width: 1,
    mean: base,
    effect: null,
    hasArms: false,
  };
}

async function worldOfPast(path: string, options: Options): Promise<KnownWorld> {
  if (textOption(options, 'base') !== null) {
    throw new HoldfastError('CLI_USAGE', '--base is given beside a file, which says it already', {
      remedy: 'Leave one of the two away',
    });
  }
  const table = await readTable(path, options, 'gate plan', false);
  const { units, arms } = table.past;
  const { scale } = table.metric;
  const losses = units.losses[0]!;
  const control = arms === null ? losses : losses.filter((_, index) => units.arms[index] === arms.control);
  const shape = shapeOf(control);
  const loss = meanLoss(shape);
  const width = scale.high - scale.low;
  return {
    path,
    unitName: table.unitName,
    shape,
    unitsPerDay: unitsPerDayOption(options) ?? unitsPerDayOf(units.at),
    width,
    mean: scale.low + width * (scale.isGain ? 1 - loss : loss),
    effect: arms === null ? null : effectOf(table),
    hasArms: arms !== null,
  };
}

function unitsPerDayOf(at: readonly number[]): number {
  let [first, last] = [Infinity, -Infinity];
  for (const instant of at) {
    first = Math.min(first, instant);
    last = Math.max(last, instant);
  }
  return (at.length * DAY_MS) / Math.max(last - first, DAY_MS / 24);
}

/** How much more the means of cohorts and days scatter than independent units would. */
function effectOf(table: DescribedTable): DesignEffect | null {
  const quantum = quantumFor(table.past.units.losses[0]!);
  const stream = { id: 'loss', kind: 'difference', loss: 0, quantum, absent: null, countsAbsence: false } as const;
  const { cohorts, blocks } = formCohorts(table.past.units, {
    calendar: calendarFor(table).calendar,
    candidate: table.past.arms?.candidate ?? '',
    streams: [stream],
    exposure: { kind: 'inferred' },
    maxMatch: 20,
    salt: OFFLINE_SALT,
  });
  const all = mergeHistograms(...cohorts.map(({ record }) => record.differences?.['loss'] ?? []));
  const size = histogramSize(all);
  const mean = meanDifference(all);
  const variance = all.reduce((sum, [num, den, count]) => sum + count * (num / den - mean) ** 2, 0) / Math.max(size, 1);
  return designEffect(blocks, variance);
}

function notesOf({ effect, hasArms, path }: KnownWorld, streams: number): string[] {
  const notes: string[] = [];
  if (path === null)
    notes.push(
      'units are taken for independent; a past file with both arms shows how much more differences really scatter (design effect)',
    );
  else if (!hasArms)
    notes.push(
      'one model’s past cannot show how differences scatter from day to day: units are taken for independent; --arm of a past comparison shows it',
    );
  else if (effect === null) notes.push('too few cohorts and days for a design effect: units are taken for independent');
  else {
    const size = Number(effect.value.toPrecision(3));
    const used =
      effect.value > 1
        ? 'all units are multiplied by it'
        : 'chance alone does that, so units are taken for independent';
    notes.push(
      `differences of ${effect.blocks} ${effect.by}s scatter ${size} times as much as those of independent units; ${used}`,
    );
  }
  if (streams > 1) notes.push('one stream is planned; every other one that an advance needs makes it later');
  return notes;
}
