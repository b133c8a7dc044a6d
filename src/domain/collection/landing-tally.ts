/** What has landed so far, small enough to be carried for years, and its table for people. */
import { alignedTable, grouped } from '../aligned-table.ts';

/** What the tally needs of a landed partition. */
export interface LandedDay {
  readonly day: string;
  readonly rows: number;
  readonly accepted: number;
  readonly quarantined: readonly { readonly checkId: string; readonly rows: number }[];
  readonly blockedBy: { readonly checkId: string; readonly reason: string } | null;
}

export interface LandingTally {
  readonly days: number;
  readonly lastDay: string | null;
  readonly accepted: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly blockedDays: number;
  readonly blockedRows: number;
  /** The newest blocked days, oldest first. */
  readonly blocked: readonly { readonly day: string; readonly reason: string }[];
}

/** Older blocked days stay in the records. */
const BLOCKED_SHOWN_MAX = 10;

export const EMPTY_TALLY: LandingTally = {
  days: 0,
  lastDay: null,
  accepted: 0,
  quarantined: {},
  blockedDays: 0,
  blockedRows: 0,
  blocked: [],
};

export function addLanding(tally: LandingTally, landed: LandedDay): LandingTally {
  const quarantined = { ...tally.quarantined };
  for (const { checkId, rows } of landed.quarantined) quarantined[checkId] = (quarantined[checkId] ?? 0) + rows;
  const next = { ...tally, quarantined, days: tally.days + 1, lastDay: landed.day };
  if (landed.blockedBy === null) return { ...next, accepted: tally.accepted + landed.accepted };
  const { checkId, reason } = landed.blockedBy;
  return {
    ...next,
    blockedDays: tally.blockedDays + 1,
    blockedRows: tally.blockedRows + landed.rows,
    blocked: [...tally.blocked, { day: landed.day, reason: `${checkId}: ${reason}` }].slice(-BLOCKED_SHOWN_MAX),
  };
}

/** One line: how much has landed, and what was blocked. */
export function landedInWords({ days, lastDay, accepted, blockedDays }: LandingTally): string {
  const blocked = blockedDays === 0 ? 'none blocked' : `${grouped(blockedDays)} blocked`;
  return `${grouped(days)} days landed through ${lastDay ?? 'none'}, ${grouped(accepted)} rows accepted, ${blocked}`;
}

/** Lines with aligned numbers: days and rows by what became of them, then each blocked day with its reason. */
export function tallyTable(tally: LandingTally): string {
  const rows: Array<[string, number, string]> = [
    ['days landed', tally.days, tally.lastDay === null ? '' : `through ${tally.lastDay}`],
    ['rows accepted', tally.accepted, ''],
    ...Object.entries(tally.quarantined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([checkId, count]): [string, number, string] => ['rows in quarantine', count, checkId]),
    ['days blocked', tally.blockedDays, tally.blockedDays === 0 ? '' : `${grouped(tally.blockedRows)} rows`],
  ];
  const lines = alignedTable(
    rows.map(([name, count, note]) => [name, grouped(count), note]),
    'lrl',
  );
  return [lines, ...tally.blocked.map(({ day, reason }) => `${day} blocked by ${reason}`)].join('\n');
}
