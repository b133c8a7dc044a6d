/**
 * A page of evidence as data: everything a person is shown, every number once, nothing about how it looks. Plain JSON: what `--json`
 * prints is what the page is made of.
 */

/** What a cell holds; null: nothing is known. Numbers are in the unit their column names. */
export type Cell = number | string | null;

export interface Column {
  readonly id: string;
  readonly title: string;
  /** Decimals shown; absent for text and for whole numbers. */
  readonly digits?: number;
  /** Instants are ISO 8601 UTC; digests are shown by their beginning. */
  readonly kind: 'text' | 'number' | 'instant' | 'digest';
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: ReadonlyArray<readonly Cell[]>;
  /** Rows there are, where not all of them are shown. */
  readonly of?: number;
}

/** Colours by meaning, so that a page may choose them for light and dark. */
export type Tone = 'stable' | 'candidate' | 'neutral' | 'limit' | 'harm';

/** One layer of a plot; names of columns of the table beside it. */
export type Layer =
  /** Between two columns. */
  | {
      readonly mark: 'band';
      readonly lower: string;
      readonly upper: string;
      readonly tone: Tone;
      readonly name: string;
    }
  | {
      readonly mark: 'line';
      readonly y: string;
      readonly tone: Tone;
      readonly name: string;
      /** step: a value holds until the next row. */
      readonly shape: 'straight' | 'step';
      readonly dashed: boolean;
      readonly points: boolean;
    }
  | { readonly mark: 'bar'; readonly y: string; readonly tone: Tone; readonly name: string };

/** A vertical line at a moment of the x axis. */
export interface Moment {
  readonly at: string;
  readonly label: string;
}

interface PlotBase {
  /** What the plot shows, for who cannot see it. */
  readonly summary: string;
  readonly x: { readonly column: string; readonly title: string };
  readonly y: { readonly title: string };
}

export type Plot =
  /** Over event time, or over a number. */
  | (PlotBase & {
      readonly kind: 'course';
      readonly over: 'time' | 'number';
      readonly layers: readonly Layer[];
      readonly moments: readonly Moment[];
      /** Whether zero belongs in the picture. */
      readonly zero: boolean;
      /** Where the picture is cut; null: nowhere. */
      readonly cut: readonly [number, number] | null;
    })
  /** One row of the table a line of the plot: an interval with its middle, and its limits where it has them. */
  | (PlotBase & {
      readonly kind: 'intervals';
      readonly row: string;
      readonly lower: string;
      readonly middle: string;
      readonly upper: string;
      /** Column that says whose a row is, where they are not all the candidate's; its cells are among the tones. */
      readonly toneColumn: string | null;
      readonly tones: ReadonlyArray<{ readonly tone: Tone; readonly name: string }>;
      readonly limits: ReadonlyArray<{ readonly column: string; readonly tone: Tone; readonly name: string }>;
    })
  /** Predicted against seen, with the diagonal on which both agree. */
  | (PlotBase & {
      readonly kind: 'calibration';
      readonly y: { readonly title: string };
      readonly arms: readonly Arm[];
    });

/** Columns of one arm in a calibration plot. */
export interface Arm {
  readonly predicted: string;
  readonly seen: string;
  readonly tone: Tone;
  readonly name: string;
}

/** What every number of a section rests on. */
export interface Basis {
  /** What is counted. */
  readonly unit: string;
  readonly n: number | null;
  readonly timeZone: 'UTC';
  /** Event time through which data was complete; null where no data was read. */
  readonly through: string | null;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  /** Sentences, the finding first. */
  readonly words: readonly string[];
  readonly basis: Basis | null;
  readonly plot: Plot | null;
  readonly table: Table | null;
  /** Lines to type, or to compare. */
  readonly commands?: readonly string[];
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export const REPORT_KINDS = ['rollout', 'decision', 'dataset', 'experiment', 'monitoring', 'incident'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export interface Report {
  readonly format: 1;
  readonly kind: ReportKind;
  readonly model: string;
  /** Id of what it is about. */
  readonly subject: string;
  readonly title: string;
  readonly answer: {
    readonly question: string;
    readonly answer: 'yes' | 'no' | 'not yet';
    /** One sentence that begins with the answer. */
    readonly inWords: string;
    readonly why: readonly string[];
  };
  readonly facts: readonly Fact[];
  readonly sections: readonly Section[];
}

/** Columns in short: `number('units', 'Units')`. */
export const text = (id: string, title: string): Column => ({ id, title, kind: 'text' });
export const instant = (id: string, title: string): Column => ({ id, title, kind: 'instant' });
export const digest = (id: string, title: string): Column => ({ id, title, kind: 'digest' });
export const number = (id: string, title: string, digits = 0): Column => ({ id, title, kind: 'number', digits });

/** Differences of a loss are told per 1,000 units. */
export const PER_THOUSAND = 1000;

/** A difference and where it lies. */
export const DIFFERENCE_COLUMNS: readonly Column[] = [
  number('difference', 'Difference', 1),
  number('lower', 'At least', 1),
  number('upper', 'At most', 1),
];

/** The same beside what an advance must stay below, and what is harm. */
export const LIMITED_DIFFERENCE_COLUMNS: readonly Column[] = [
  ...DIFFERENCE_COLUMNS,
  number('margin', 'Tolerated', 1),
  number('harm', 'Harm above', 1),
];
