/** A past comparison, from a table of units to cohort records. Every refusal says where, what is allowed and what to type. */
import { HoldfastError } from '../../contracts/errors.ts';
import { closestName } from '../../domain/closest-name.ts';
import { armsOf } from '../../domain/gate/arms.ts';
import { guessColumns } from '../../domain/gate/column-guess.ts';
import { UnitIntake } from '../../domain/gate/unit-intake.ts';
import type {
  LossColumn,
  MissingMeaning,
  RowFault,
  UnitColumns,
  UnitRow,
  UnitSet,
} from '../../domain/gate/unit-intake.ts';
import type { composeGateInput } from '../../compose.ts';

type GateInput = Awaited<ReturnType<typeof composeGateInput>>;
type UnitTable = Awaited<ReturnType<GateInput['openUnitTable']>>;

/** Columns as named on the command line. */
export interface NamedColumns {
  readonly unit: string | null;
  readonly arm: string | null;
  readonly time: string | null;
  readonly losses: readonly LossColumn[];
  readonly stratum: string | null;
  readonly exposure: string | null;
}

export interface PastQuestion {
  readonly path: string;
  readonly columns: NamedColumns;
  readonly missing: MissingMeaning;
  readonly bothArms: 'refuse' | 'first';
  readonly candidate: string | null;
  readonly control: string | null;
  /** Whether the arm is needed: a plan may read the past of one model. */
  readonly needsArm: boolean;
  /** The command, for the line that is offered: `gate analyze`. */
  readonly command: string;
}

export interface ReadPast {
  readonly units: UnitSet;
  /** null for the past of one model. */
  readonly arms: { readonly candidate: string; readonly control: string; readonly isGuessed: boolean } | null;
  /** Rows of arms that were not compared. */
  readonly rowsLeftOut: number;
}

/**
 * Reads a table and forms its units.
 * @throws HoldfastError GATE_* with the place and the remedy
 */
export async function readPast(input: GateInput, question: PastQuestion): Promise<ReadPast> {
  const table = await input.openUnitTable(question.path);
  const columns = columnsOf(table, question);
  const wanted =
    question.candidate !== null && question.control !== null ? [question.candidate, question.control] : null;
  const intake = new UnitIntake(columns, question.missing, wanted);
  for await (const rows of readRows(table, columns)) for (const row of rows) intake.add(row);
  if (intake.faultCount > 0) throw rowFaults(table, intake);
  const units = intake.units();
  if (units.rows === 0) throw new HoldfastError('GATE_FILE_EMPTY', `${table.path}  has a header and no rows`);
  if (columns.arm === null) return { units, arms: null, rowsLeftOut: 0 };
  const seen = [...intake.armRows].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const arms = armsOf(seen, question);
  if (arms.problem !== null) {
    throw new HoldfastError('GATE_ARMS_UNCLEAR', `${table.path}  column ${columns.arm}: ${arms.problem}`, {
      remedy: sentence(arms.remedy),
    });
  }
  refuseSwitches(table, columns, units, question.bothArms);
  const compared = (intake.armRows.get(arms.candidate) ?? 0) + (intake.armRows.get(arms.control) ?? 0);
  return { units, arms, rowsLeftOut: units.rows - compared };
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The columns, all there. @throws GATE_COLUMN_MISSING with a command line that would work */
function columnsOf(table: UnitTable, { columns, needsArm, command }: PastQuestion): UnitColumns {
  const { unit, arm, time, losses } = columns;
  const named: ReadonlyArray<readonly [flag: string, column: string | null]> = [
    ['--unit', unit],
    ['--arm', arm],
    ['--time', time],
    ['--stratum', columns.stratum],
    ['--exposure', columns.exposure],
    ...losses.map(({ name }) => ['the loss', name] as const),
  ];
  for (const [flag, column] of named)
    if (column !== null && !table.columns.includes(column)) throw missing(table, flag, column);
  if (unit !== null && time !== null && losses.length > 0 && (arm !== null || !needsArm)) {
    return { ...columns, unit, arm, time };
  }
  const unsaid = [
    ...(unit === null ? ['--unit'] : []),
    ...(arm === null && needsArm ? ['--arm'] : []),
    ...(time === null ? ['--time'] : []),
    ...(losses.length === 0 ? ['--loss'] : []),
  ];
  throw new HoldfastError(
    'GATE_COLUMN_MISSING',
    `${table.path}  has the columns ${table.columns.join(', ')}; ${unsaid.join(', ')} ${unsaid.length === 1 ? 'does' : 'do'} not say which`,
    {
      remedy: `For example: holdfast ${command} ${table.path} ${lineFor(table, columns, needsArm)}`,
    },
  );
}

function lineFor(table: UnitTable, columns: NamedColumns, needsArm: boolean): string {
  const guess = guessColumns(table.columns);
  const shown = (named: string | null, guessed: string | null) => named ?? guessed ?? '<column>';
  return [
    `--unit ${shown(columns.unit, guess.unit)}`,
    ...(needsArm ? [`--arm ${shown(columns.arm, guess.arm)}`] : []),
    `--time ${shown(columns.time, guess.time)}`,
    `--loss ${shown(columns.losses[0]?.name ?? null, guess.loss)}`,
  ].join(' ');
}

function missing(table: UnitTable, flag: string, column: string): HoldfastError {
  const near = closestName(column, table.columns);
  const has = `the file has ${table.columns.join(', ')}`;
  return new HoldfastError('GATE_COLUMN_MISSING', `${table.path}  has no column ${JSON.stringify(column)} (${flag})`, {
    remedy: near === null ? sentence(has) : `Did you mean ${JSON.stringify(near)}? ${sentence(has)}`,
  });
}

async function* readRows(table: UnitTable, columns: UnitColumns): AsyncGenerator<readonly UnitRow[]> {
  const optional = [columns.arm, columns.stratum, columns.exposure].filter((name) => name !== null);
  const asked = [columns.unit, columns.time, ...columns.losses.map(({ name }) => name), ...optional];
  const at = (name: string | null) => (name === null ? -1 : asked.indexOf(name));
  const [arm, stratum, exposure] = [at(columns.arm), at(columns.stratum), at(columns.exposure)];
  for await (const rows of table.rows(asked)) {
    yield rows.map(({ place, cells }): UnitRow => ({
      place,
      unit: cells[0] ?? null,
      time: cells[1] ?? null,
      losses: columns.losses.map((_, index) => cells[2 + index] ?? null),
      arm: cells[arm] ?? null,
      stratum: cells[stratum] ?? null,
      exposure: cells[exposure] ?? null,
    }));
  }
}

function rowFaults({ path, placeName }: UnitTable, { faults, faultCount }: UnitIntake): HoldfastError {
  const place = (fault: RowFault) => (placeName === 'line' ? `${path}:${fault.place}` : `${path} row ${fault.place}`);
  const lines = faults.map((fault) => `${place(fault)}  ${fault.column} ${fault.problem}`);
  if (faultCount > faults.length)
    lines.push(`and ${(faultCount - faults.length).toLocaleString('en')} more rows like these`);
  const remedies = [...new Set(faults.map(({ remedy }) => sentence(remedy)))];
  return new HoldfastError('GATE_ROWS_INVALID', lines.join('\n'), { remedy: remedies.join('. '), details: faults });
}

function refuseSwitches(table: UnitTable, { unit }: UnitColumns, units: UnitSet, bothArms: 'refuse' | 'first'): void {
  const isTied = units.tiedUnits > 0;
  if (units.switchedUnits === 0 || (bothArms === 'first' && !isTied)) return;
  const lines = units.switches
    .filter((seen) => bothArms === 'refuse' || seen.isTied)
    .slice(0, 3)
    .map(({ unit: id, arms, places }) => {
      const where = `${table.placeName}s ${places[0]} and ${places[1]}`;
      return `${table.path}:${places[1]}  ${unit} ${JSON.stringify(id)} is in the arms ${arms.map((arm) => JSON.stringify(arm)).join(' and ')} (${where})`;
    });
  const count = bothArms === 'first' ? units.tiedUnits : units.switchedUnits;
  if (count > lines.length)
    lines.push(
      `and ${(count - lines.length).toLocaleString('en')} more of ${units.ids.length.toLocaleString('en')} units`,
    );
  throw new HoldfastError('GATE_UNIT_IN_BOTH_ARMS', lines.join('\n'), {
    ...(bothArms === 'first'
      ? { remedy: 'Both at the same instant: no arm came first. Correct the rows, or name as unit what was assigned' }
      : {}),
    details: units.switches,
  });
}
