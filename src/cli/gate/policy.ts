/** The policy that a command judges by: a file, or a preset with margins. */
import { composeGatePolicyFile } from '../../compose.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { DEFAULT_MARGIN, gateStep, plainPolicy, QUANTUM, streamNames } from '../../domain/gate/default-policy.ts';
import type { StreamSource } from '../../domain/gate/unit-cohorts.ts';
import { STATISTICAL_PRESETS } from '../../domain/rollout/presets.ts';
import type { PresetName } from '../../domain/rollout/presets.ts';
import type { GatePolicy, StreamPolicy } from '../../domain/statistics/index.ts';
import { differenceInWords, metricUnit, unitName } from '../../pages/gate/numbers.ts';
import type { MetricUnit } from '../../pages/gate/numbers.ts';
import type { Invocation } from '../command.ts';
import { choiceOption, numberOption, textOption } from './options.ts';
import type { DescribedTable } from './table.ts';

type Options = Invocation['options'];

const PRESET_NAMES = Object.keys(STATISTICAL_PRESETS) as PresetName[];

/** Margins of a difference, as shares of the metric's range. */
export interface Margins {
  readonly safe: number;
  readonly harm: number;
  readonly isDefault: boolean;
}

/** @param width of the metric: margins are given in its own unit */
export function marginOptions(options: Options, width: number): Margins {
  const range =
    width === 1 ? 'a difference between -1 and 1, 0.01 for one percentage point' : `a difference of at most ${width}`;
  const margin = numberOption(options, '--margin', (value) => Math.abs(value) < width, range);
  const harm = numberOption(options, '--harm-margin', (value) => Math.abs(value) < width, range);
  const safe = margin === null ? DEFAULT_MARGIN : margin / width;
  if (harm === null && safe <= 0) {
    throw new HoldfastError('CLI_USAGE', `--margin is ${margin}, a claimed improvement, and half of it is no harm`, {
      remedy: 'Say with --harm-margin what is harm: 0 for any difference for the worse',
    });
  }
  return { safe, harm: harm === null ? safe / 2 : harm / width, isDefault: margin === null };
}

/** @throws CLI_USAGE where the command line says twice what the file says */
export function refuseBesideFile(options: Options, flags: readonly string[]): void {
  const given = flags.find((flag) => textOption(options, flag.slice(2).replace(/-m/, 'M')) !== null);
  if (given === undefined) return;
  throw new HoldfastError('CLI_USAGE', `${given} is given beside --policy, which says it already`, {
    remedy: `Change the policy file, or leave --policy away`,
  });
}

/** The policy of a file, with a ladder of its own. */
export async function declaredPolicy(options: Options): Promise<{ policy: GatePolicy; source: string }> {
  const path = textOption(options, 'policy');
  if (path === null) {
    throw new HoldfastError('CLI_USAGE', 'cohort records are judged by a policy, and --policy is not given', {
      remedy: 'Write the policy as a file: docs/reference/gate-policy.md explains every field',
    });
  }
  refuseBesideFile(options, ['--preset', '--margin', '--harm-margin']);
  const { policy } = await (await composeGatePolicyFile())(path);
  if (policy.steps.length > 0) return { policy, source: path };
  throw new HoldfastError('GATE_POLICY_INVALID', `${path}  declares no steps, and cohort records count for steps`, {
    remedy: 'Declare the ladder: steps: [{ exposure: 0.05 }, { exposure: 0.5 }]',
  });
}

/** How a table is turned into streams, and the policy once its exposures are known. */
export interface TablePolicy {
  readonly streams: readonly StreamSource[];
  readonly maxMatch: number;
  readonly source: string;
  readonly policyFor: (exposuresBp: readonly number[]) => GatePolicy;
}

export function policyForTable(table: DescribedTable): TablePolicy {
  return table.declared === null ? plain(table) : fromFile(table);
}

/** Losses of 0 and 1 are kept exactly, others as multiples of the quantum. */
export function quantumFor(losses: Float64Array): number {
  return losses.every((loss) => Number.isNaN(loss) || loss === 0 || loss === 1) ? 0 : QUANTUM;
}

/** The exposure that most cohorts with both arms had: what a comparison of one step is called by. At none of them it would be a shadow. */
function commonest(exposuresBp: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const bp of exposuresBp) if (bp > 0 && bp < 10_000) counts.set(bp, (counts.get(bp) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 5000;
}

function plain({ options, metric, missing, past }: DescribedTable): TablePolicy {
  const width = metric.scale.high - metric.scale.low;
  const margins = marginOptions(options, width);
  const preset = choiceOption(options, '--preset', PRESET_NAMES) ?? 'standard';
  const quantum = quantumFor(past.units.losses[0] ?? new Float64Array());
  const question = {
    preset,
    loss: metric.column,
    missing,
    harmMargin: margins.harm,
    safeMargin: margins.safe,
    quantum,
  };
  const policyFor = (exposuresBp: readonly number[]) =>
    plainPolicy({ ...question, steps: [gateStep(commonest(exposuresBp))] });
  return {
    streams: policyFor([]).streams.map(({ id }) => sourceOf(id, metric.column, quantum)),
    maxMatch: 20,
    source: marginsInWords(preset, margins, metricUnit(width, margins.safe)),
    policyFor,
  };
}

export function marginsInWords(preset: string, margins: Margins, unit: MetricUnit): string {
  const words = (value: number) => `${differenceInWords(value, unit)}${unitName(unit)}`;
  const how = margins.isDefault ? ' (the default; --margin sets it)' : '';
  return `preset ${preset}; tolerated ${words(margins.safe)}${how}, harm beyond ${words(margins.harm)}`;
}

function sourceOf(id: string, loss: string, quantum: number): StreamSource {
  const names = streamNames(loss);
  const source = { id, kind: 'difference', loss: 0, quantum, absent: null, countsAbsence: false } as const;
  if (id === names.missing) return { ...source, kind: 'count', countsAbsence: true };
  if (id === names.forSafe) return { ...source, absent: { candidate: 1, control: 0 } };
  if (id === names.forHarm) return { ...source, absent: { candidate: 0, control: 1 } };
  return source;
}

function fromFile({ options, declared, losses, missing, past }: DescribedTable): TablePolicy {
  refuseBesideFile(options, ['--preset', '--margin', '--harm-margin']);
  if (missing === 'worst-case') {
    throw new HoldfastError(
      'CLI_USAGE',
      '--missing worst-case makes streams of its own, and the policy names its streams',
      {
        remedy: 'Use --missing exclude and a count stream for missing outcomes, or leave --policy away',
      },
    );
  }
  const { policy, columns } = declared!;
  const indexOf = (id: string) => (losses.length === 1 ? 0 : losses.findIndex(({ name }) => name === columns[id]));
  // A quantum that a policy leaves open is chosen by the losses: exact for 0 and 1.
  const streams = policy.streams.map((stream): StreamPolicy => {
    const quantum =
      stream.kind === 'difference' && stream.quantum === undefined
        ? quantumFor(past.units.losses[indexOf(stream.id)]!)
        : 0;
    return stream.kind === 'difference' && quantum > 0 ? { ...stream, quantum } : stream;
  });
  return {
    streams: streams.map((stream): StreamSource => ({
      id: stream.id,
      kind: stream.kind,
      loss: indexOf(stream.id),
      quantum: stream.kind === 'difference' ? (stream.quantum ?? 0) : 0,
      absent: null,
      countsAbsence: false,
    })),
    maxMatch: policy.maxMatch,
    source: String(options['policy']),
    policyFor: (exposuresBp) => ({
      ...policy,
      streams,
      steps: policy.steps.length > 0 ? policy.steps : [gateStep(commonest(exposuresBp))],
    }),
  };
}

/** The unit that differences of a policy's first required stream are told in. */
export function unitOf({ streams }: GatePolicy, rangeWidth: number): MetricUnit {
  const margins = streams.flatMap((stream) =>
    stream.kind === 'difference' ? [stream.safeMargin ?? stream.harmBudget ?? stream.harmMargin] : [],
  );
  return metricUnit(rangeWidth, margins[0] ?? 0);
}
