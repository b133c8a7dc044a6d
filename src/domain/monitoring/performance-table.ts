/** Performance of the newest days as aligned lines for people. */

interface ShownDay {
  readonly day: string;
  readonly labelled: number;
  readonly loss: number | null;
  readonly fallbackLoss: number | null;
  readonly auc: number | null;
  readonly meanPrediction: number | null;
  readonly meanLabel: number | null;
  readonly freshnessMaxMs: number | null;
}

const MINUTE_MS = 60_000;

/** Losses per 1,000 units; `–` where nothing was measured. */
export function performanceTable(days: readonly ShownDay[]): string {
  const rows = [
    ['day', 'labelled', 'loss ‰', 'constant ‰', 'AUC', 'predicted', 'observed', 'oldest features'],
    ...days.map((day) => [
      day.day,
      String(day.labelled),
      fixed(day.loss, 1, 1000),
      fixed(day.fallbackLoss, 1, 1000),
      fixed(day.auc, 3),
      fixed(day.meanPrediction, 3),
      fixed(day.meanLabel, 3),
      day.freshnessMaxMs === null ? '–' : `${Math.round(day.freshnessMaxMs / MINUTE_MS)} min`,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')).join('\n');
}

function fixed(value: number | null, digits: number, scale = 1): string {
  return value === null ? '–' : (value * scale).toFixed(digits);
}
