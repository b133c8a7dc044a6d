/** Columns for people, read in a fixed-width font: in a terminal, and in a fenced block of the web UI. */

/** What fits beside the web UI's summary on a screen 1,440 pixels wide. */
export const TABLE_COLUMNS_MAX = 64;

/**
 * Lines of aligned columns, each as wide as its widest cell.
 * @param sides one letter a column: `l` text, `r` numbers
 */
export function alignedTable(rows: ReadonlyArray<readonly string[]>, sides: string): string {
  const widths = Array.from(sides, (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    widths.map((width, column) => pad(row[column] ?? '', width, sides[column])).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** 1234567 → `1,234,567`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

const pad = (cell: string, width: number, side: string | undefined): string =>
  side === 'r' ? cell.padStart(width) : cell.padEnd(width);
