/** `holdfast gate analyze`: the offline judge. A table of units or a file of cohort records, and a policy, become a judgement. */
import { composeGateInput } from '../../compose.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import type { ExitName } from '../../contracts/errors.ts';
import type { Judgement } from '../../domain/gate/judgement.ts';
import { judgePast, judgeRecords } from '../../domain/gate/judgement.ts';
import { formCohorts, OFFLINE_SALT } from '../../domain/gate/unit-cohorts.ts';
import { StatisticsError } from '../../domain/statistics/index.ts';
import type { GatePolicy } from '../../domain/statistics/index.ts';
import { analysisInWords } from '../../pages/gate/analysis.ts';
import type { Analysis } from '../../pages/gate/analysis-view.ts';
import type { CommandResult, Invocation } from '../command.ts';
import { notesOf, tableSummary } from './analysis-summary.ts';
import { choiceOption, textOption } from './options.ts';
import { calendarFor, readTable } from './table.ts';
import type { DescribedTable } from './table.ts';
import { declaredPolicy, policyForTable, unitOf } from './policy.ts';

type Options = Invocation['options'];

export async function analyzeCommand(file: string | null, options: Options): Promise<CommandResult> {
  const analysis = await analyse(file, options);
  return {
    exit: options['exitCode'] === true ? exitOf(analysis.judgement) : 'ok',
    document: analysis,
    text: analysisInWords(analysis),
  };
}

function exitOf({ terminal }: Judgement): ExitName {
  if (terminal === null) return 'pending';
  return terminal === 'promoted' ? 'ok' : 'rolledBack';
}

async function analyse(file: string | null, options: Options): Promise<Analysis> {
  const records = textOption(options, 'cohorts');
  if (file !== null && records !== null) {
    throw new HoldfastError(
      'CLI_USAGE',
      `both the table ${file} and --cohorts ${records} are given; judge one at a time`,
    );
  }
  if (records !== null) return analyseRecords(records, options);
  if (file !== null) return analyseTable(file, options);
  throw new HoldfastError('CLI_USAGE', 'no file is given', {
    remedy:
      'Name a table of units: holdfast gate analyze my_ab.csv --unit user --arm variant --time assigned_at --loss failed; or cohort records with --cohorts',
  });
}

const rangeWidth = ({ metric: { scale } }: DescribedTable): number => scale.high - scale.low;

const shownOf = (options: Options) => choiceOption(options, '--looks', ['some', 'all']) ?? 'some';

async function analyseTable(path: string, options: Options): Promise<Analysis> {
  const table = await readTable(path, options, 'gate analyze');
  const shown = shownOf(options);
  const calendar = calendarFor(table);
  const declared = policyForTable(table);
  const past = formCohorts(table.past.units, {
    calendar: calendar.calendar,
    candidate: table.past.arms?.candidate ?? '',
    streams: declared.streams,
    exposure: table.exposure,
    maxMatch: declared.maxMatch,
    salt: OFFLINE_SALT,
  });
  const policy = declared.policyFor(past.cohorts.map(({ record }) => record.exposureBp));
  const judgement = judged(() => judgePast(policy, past.cohorts, shown), path);
  const input = tableSummary(table, calendar, past);
  const analysis = {
    input,
    policy,
    policySource: declared.source,
    unit: unitOf(policy, rangeWidth(table)),
    judgement,
    notes: [],
  };
  return { ...analysis, notes: notesOf(analysis, table) };
}

async function analyseRecords(path: string, options: Options): Promise<Analysis> {
  const { policy, source } = await declaredPolicy(options);
  const { readCohortFile } = await composeGateInput();
  const records = await readCohortFile(path);
  const shown = shownOf(options);
  const judgement = judged(() => judgeRecords(policy, records, shown), path);
  const input = { kind: 'records', path, records: records.length } as const;
  return { input, policy, policySource: source, unit: unitOf(policy, 1), judgement, notes: strangers(policy, records) };
}

/** Streams that records speak of and the policy does not: evidence that nobody looks at. */
function strangers({ streams }: GatePolicy, records: ReadonlyArray<Parameters<typeof idsOf>[0]>): string[] {
  const known = new Set(streams.map(({ id }) => id));
  const given = new Set(records.flatMap(idsOf));
  const unknown = [...given].filter((id) => !known.has(id));
  const silent = [...known].filter((id) => !given.has(id));
  return [
    ...(unknown.length === 0
      ? []
      : [`the policy has no stream ${unknown.join(', ')}: what the records say of it is not judged`]),
    ...(silent.length === 0 ? [] : [`no record speaks of the stream ${silent.join(', ')}`]),
  ];
}

function idsOf({
  differences = {},
  counts = {},
}: {
  differences?: object | undefined;
  counts?: object | undefined;
}): string[] {
  return [...Object.keys(differences), ...Object.keys(counts)];
}

/** What the statistics refuse, in the words of the command. */
function judged(work: () => Judgement, path: string): Judgement {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof StatisticsError)) throw error;
    const [problem = '', ...remedy] = error.message.replace(/^[\w-]+: /, '').split('; ');
    throw new HoldfastError('GATE_COHORTS_INVALID', `${path}  ${problem}`, {
      ...(remedy.length === 0 ? {} : { remedy: remedy.join('; ') }),
      details: { statistics: error.code },
      cause: error,
    });
  }
}
