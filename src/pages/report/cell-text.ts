/** How a cell of a report reads. One place, so that page and test agree on every number. */
import { grouped } from '../../domain/aligned-table.ts';
import type { Cell, Column } from '../../domain/report/report.ts';

const DIGEST_SHOWN = 12;
const NOTHING = '–';

/** `1234.5` → `1,234.5`; `2001-01-03T06:00:00Z` → `2001-01-03 06:00`; null → `–`. */
export function cellText({ kind, digits = 0 }: Column, cell: Cell): string {
  if (cell === null) return NOTHING;
  if (typeof cell === 'number') return numberText(cell, digits);
  if (kind === 'instant') return instantText(cell);
  return kind === 'digest' ? cell.slice(0, DIGEST_SHOWN) : proseText(cell);
}

/** Words as people read them: `2001-01-03T06:00:00Z` → `2001-01-03 06:00 UTC`, `-9.2` → `−9.2`, and `5 %` on one line. */
export const proseText = (words: string): string =>
  words
    .replaceAll(
      /(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})(?:\.\d+)?Z/g,
      (_, day: string, minute: string, second: string) => `${day} ${minute}${second === ':00' ? '' : second} UTC`,
    )
    .replaceAll(/(?<![\w-])-(?=\d)/g, '−')
    .replaceAll(/(\d) %/g, '$1\u00a0%');

/** Thousands are grouped; minus zero is zero. */
export function numberText(value: number, digits: number): string {
  const fixed = Math.abs(value).toFixed(digits);
  const [whole = '', part] = fixed.split('.');
  const sign = value < 0 && Number(fixed) !== 0 ? '−' : '';
  return `${sign}${grouped(Number(whole))}${part === undefined ? '' : `.${part}`}`;
}

/** Minutes are enough for people; the zone stands in the column's head or beside it. */
export const instantText = (instant: string): string => instant.slice(0, 16).replace('T', ' ');
