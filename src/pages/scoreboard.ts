import { alignedTable, grouped } from '../domain/aligned-table.ts';
import type { Score, Scoreboard } from '../domain/rollout/scoreboard.ts';

/** A heading, then one row a rule: bad predictions served, good candidates turned away. Pure. */
export function scoreboardTable({ holdfast, threshold, calendar, candidates, days }: Scoreboard): string[] {
  const row = (name: string, { badPredictions, goodRefused }: Score): string[] => [
    name,
    grouped(badPredictions),
    grouped(goodRefused),
  ];
  const table = alignedTable(
    [
      ['', 'bad predictions served', 'good candidates refused'],
      row('Holdfast', holdfast),
      row('fixed threshold', threshold),
      row('calendar', calendar),
    ],
    'lrr',
  );
  return [
    `Same stream, other rules (${counted(candidates, 'candidate')}, ${counted(days, 'day')})`,
    ...table.split('\n'),
  ];
}

const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
