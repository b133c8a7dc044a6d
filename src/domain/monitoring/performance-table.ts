/** Performance of the newest days as aligned lines for people. */
import { alignedTable, grouped } from '../aligned-table.ts';

interface ShownDay {
  readonly day: string;
  readonly labelled: number;
  readonly loss: number | null;
  readonly fallbackLoss: number | null;
  readonly auc: number | null;
  readonly meanPrediction: number | null;
  readonly meanLabel: number | null;
}

/** Losses per 1,000 units, of what served and of the declared fallback; `–` where nothing was measured. */
export function performanceTable(days: readonly ShownDay[]): string {
  const rows = days.map((day) => [
    day.day,
    grouped(day.labelled),
    fixed(day.loss, 1, 1000),
    fixed(day.fallbackLoss, 1, 1000),
    fixed(day.auc, 3),
    fixed(day.meanPrediction, 3),
    fixed(day.meanLabel, 3),
  ]);
  const head = ['day', 'labels', 'loss', 'fallback', 'AUC', 'predicted', 'observed'];
  return alignedTable([head, ...rows], 'lrrrrrr');
}

function fixed(value: number | null, digits: number, scale = 1): string {
  return value === null ? '–' : (value * scale).toFixed(digits);
}
