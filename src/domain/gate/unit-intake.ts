/**
 * Rows of a table become units: a unit counts once, with its arm, instant and stratum at first exposure and the mean of its rows'
 * losses. Rows come in any order. Nothing is dropped silently: what cannot be read is a fault with the row it stands in.
 */
import type { EpochMs } from '../time.ts';
import { instantOf, isMissing, lossOf, numberOf } from './cells.ts';
import type { MetricScale } from './cells.ts';

/** What a missing loss means. `worst-case` and `exclude` leave it to the forming of cohorts. */
export const MISSING_MEANINGS = ['refuse', 'zero', 'exclude', 'worst-case'] as const;
export type MissingMeaning = (typeof MISSING_MEANINGS)[number];

/** A column that holds a loss, or events as 0 and 1. */
export interface LossColumn {
  readonly name: string;
  readonly scale: MetricScale;
}

/** What the columns are called; for messages. */
export interface UnitColumns {
  readonly unit: string;
  /** null: a past of one model alone. */
  readonly arm: string | null;
  readonly time: string;
  readonly losses: readonly LossColumn[];
  readonly stratum: string | null;
  readonly exposure: string | null;
}

/** One row, as text; null where the cell is null. `place` is its line or row number, counted from 1. */
export interface UnitRow {
  readonly place: number;
  readonly unit: string | null;
  readonly arm: string | null;
  readonly time: string | null;
  readonly losses: readonly (string | null)[];
  readonly stratum: string | null;
  readonly exposure: string | null;
}

/** Something wrong with a row. */
export interface RowFault {
  readonly place: number;
  readonly column: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Faults that are told one by one; all are counted. */
const FAULTS_TOLD = 10;
const BP_WHOLE = 10_000;

/** A unit seen with two arms: the rows that say so. */
export interface ArmSwitch {
  readonly unit: string;
  readonly arms: readonly [first: string, other: string];
  readonly places: readonly [first: number, other: number];
  /** Both at its first instant: no arm came first. */
  readonly isTied: boolean;
}

/** Units in the order of their first row. */
export interface UnitSet {
  readonly ids: readonly string[];
  /** Arm at first exposure, as the file names it. */
  readonly arms: readonly string[];
  readonly at: readonly EpochMs[];
  readonly strata: readonly string[];
  /** Basis points of the row of first exposure; null without a column. */
  readonly exposureBp: readonly number[] | null;
  /** Per loss column the mean of each unit's rows; NaN where it has no outcome. */
  readonly losses: readonly Float64Array[];
  readonly rows: number;
  readonly unitsWithSeveralRows: number;
  readonly switches: readonly ArmSwitch[];
  readonly switchedUnits: number;
  readonly tiedUnits: number;
  readonly lastAt: EpochMs;
}

interface Entry {
  index: number;
  rows: number;
  /** Row of first exposure. */
  place: number;
  /** Latest instant at which both arms were seen at once. */
  tiedAt: number | null;
}

/** Collects rows; `units()` when all have come. */
export class UnitIntake {
  readonly faults: RowFault[] = [];
  faultCount = 0;
  /** Rows per arm name, in the order of appearance. */
  readonly armRows = new Map<string, number>();
  private readonly columns: UnitColumns;
  private readonly missing: MissingMeaning;
  /** Arms to read, all when null. */
  private readonly armsRead: ReadonlySet<string> | null;
  private readonly entries = new Map<string, Entry>();
  private readonly ids: string[] = [];
  private readonly arms: string[] = [];
  private readonly at: number[] = [];
  private readonly strata: string[] = [];
  private readonly exposures: number[] = [];
  private readonly sums: number[][];
  private readonly counts: number[][];
  private readonly switches = new Map<string, Omit<ArmSwitch, 'isTied'>>();
  private rows = 0;
  private lastAt = -Infinity;

  constructor(columns: UnitColumns, missing: MissingMeaning, armsRead: readonly string[] | null) {
    this.columns = columns;
    this.missing = missing;
    this.armsRead = armsRead === null ? null : new Set(armsRead);
    this.sums = columns.losses.map(() => []);
    this.counts = columns.losses.map(() => []);
  }

  private fault(place: number, column: string, problem: string, remedy: string): void {
    this.faultCount += 1;
    if (this.faults.length < FAULTS_TOLD) this.faults.push({ place, column, problem, remedy });
  }

  add(row: UnitRow): void {
    this.rows += 1;
    const arm = this.armOf(row);
    if (arm === null) return;
    const id = row.unit?.trim() ?? '';
    if (id === '') {
      this.fault(row.place, this.columns.unit, 'is empty', 'every row belongs to a unit: export its id');
      return;
    }
    const at = this.instantOf(row);
    const exposure = this.exposureOf(row);
    const losses = this.columns.losses.map((column, index) => this.lossOf(row, column, index));
    if (at === null || exposure === null || losses.includes(null)) return;
    if (at > this.lastAt) this.lastAt = at;
    this.count(this.entryOf(id, arm, at, exposure, row), losses as number[]);
  }

  /** Arm of a row that is read; null where it is not, or has none. */
  private armOf({ arm, place }: UnitRow): string | null {
    if (this.columns.arm === null) return '';
    if (isMissing(arm) || arm === null) {
      this.fault(place, this.columns.arm, 'is empty', 'every row has the arm its unit was assigned to');
      return null;
    }
    const name = arm.trim();
    this.armRows.set(name, (this.armRows.get(name) ?? 0) + 1);
    return this.armsRead === null || this.armsRead.has(name) ? name : null;
  }

  private instantOf({ time, place }: UnitRow): number | null {
    const at = time === null ? null : instantOf(time.trim());
    if (at !== null) return at;
    const remedy = 'write the instant of assignment as 2024-03-01T06:00:00Z, or as seconds since 1970';
    if (isMissing(time)) this.fault(place, this.columns.time, 'is empty', remedy);
    else this.fault(place, this.columns.time, `is no time: ${JSON.stringify(time)}`, remedy);
    return null;
  }

  private exposureOf({ exposure, place }: UnitRow): number | null {
    if (this.columns.exposure === null) return 0;
    const share = exposure === null ? null : numberOf(exposure);
    if (share !== null && share >= 0 && share <= 1) return Math.round(share * BP_WHOLE);
    const remedy = 'write the share of units assigned to the candidate as a fraction from 0 to 1, 0.05 for 5 %';
    this.fault(place, this.columns.exposure, `is no exposure: ${JSON.stringify(exposure)}`, remedy);
    return null;
  }

  /** NaN for a missing one that may be missing; null after a fault. */
  private lossOf({ losses, place }: UnitRow, { name, scale }: LossColumn, index: number): number | null {
    const text = losses[index] ?? null;
    if (isMissing(text) || text === null) return this.missingLoss(place, name, scale);
    const value = numberOf(text);
    if (value === null) {
      this.fault(place, name, `is no number: ${JSON.stringify(text)}`, 'write 0 and 1, true and false, or a number');
      return null;
    }
    const loss = lossOf(value, scale);
    if (loss === null) {
      this.fault(
        place,
        name,
        `is ${value}, outside ${scale.low} to ${scale.high}`,
        'a loss lies between 0 (good) and 1 (bad); for another metric declare its range: --range LOW..HIGH, and values beyond it are cut',
      );
    }
    return loss;
  }

  private missingLoss(place: number, name: string, scale: MetricScale): number | null {
    if (this.missing === 'zero') return lossOf(0, { ...scale, isCut: true });
    if (this.missing !== 'refuse') return Number.NaN;
    this.fault(
      place,
      name,
      'has no value',
      'say what no outcome means: --missing zero (nothing bad happened), worst-case (assume the worst for either verdict), exclude (leave the unit out and watch how many are)',
    );
    return null;
  }

  private entryOf(id: string, arm: string, at: EpochMs, exposure: number, row: UnitRow): Entry {
    const known = this.entries.get(id);
    if (known === undefined) {
      const entry: Entry = { index: this.ids.length, rows: 1, place: row.place, tiedAt: null };
      this.entries.set(id, entry);
      this.ids.push(id);
      this.arms.push(arm);
      this.at.push(at);
      this.strata.push(row.stratum?.trim() ?? '');
      this.exposures.push(exposure);
      for (const [loss, sums] of this.sums.entries()) {
        sums.push(0);
        this.counts[loss]!.push(0);
      }
      return entry;
    }
    known.rows += 1;
    const { index } = known;
    if (arm !== this.arms[index]) this.noteSwitch(id, known, arm, at, row.place);
    if (at < this.at[index]!) {
      this.at[index] = at;
      this.arms[index] = arm;
      this.strata[index] = row.stratum?.trim() ?? '';
      this.exposures[index] = exposure;
      known.place = row.place;
    }
    return known;
  }

  private noteSwitch(id: string, known: Entry, arm: string, at: EpochMs, place: number): void {
    const { index } = known;
    if (at === this.at[index]) known.tiedAt = at;
    const seen = { arm: this.arms[index]!, place: known.place };
    const now = { arm, place };
    const [first, other] = at < this.at[index]! ? [now, seen] : [seen, now];
    this.switches.set(id, { unit: id, arms: [first.arm, other.arm], places: [first.place, other.place] });
  }

  private count({ index }: Entry, losses: readonly number[]): void {
    for (const [column, loss] of losses.entries()) {
      if (Number.isNaN(loss)) continue;
      this.sums[column]![index]! += loss;
      this.counts[column]![index]! += 1;
    }
  }

  units(): UnitSet {
    let several = 0;
    for (const { rows } of this.entries.values()) if (rows > 1) several += 1;
    const switches = Array.from(this.switches.values(), (seen): ArmSwitch => {
      const entry = this.entries.get(seen.unit);
      return { ...seen, isTied: entry !== undefined && entry.tiedAt === this.at[entry.index] };
    });
    switches.sort((a, b) => Number(b.isTied) - Number(a.isTied));
    return {
      ids: this.ids,
      arms: this.arms,
      at: this.at,
      strata: this.strata,
      exposureBp: this.columns.exposure === null ? null : this.exposures,
      losses: this.sums.map((sums, column) =>
        Float64Array.from(sums, (sum, index) => sum / this.counts[column]![index]!),
      ),
      rows: this.rows,
      unitsWithSeveralRows: several,
      switches: switches.slice(0, FAULTS_TOLD),
      switchedUnits: switches.length,
      tiedUnits: switches.filter(({ isTied }) => isTied).length,
      lastAt: this.lastAt,
    };
  }
}
