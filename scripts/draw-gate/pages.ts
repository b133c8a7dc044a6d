/** Pictures and tables of the documentation, from seeded simulations and from what was measured. */
import { readFileSync } from 'node:fs';
import { drawFrontier } from './frontier.ts';
import { readMeasuredFlights, readMeasuredGate } from './measured.ts';
import { drawDailyDifferences } from './pictures.ts';
import { acceptanceTable, comparatorTable, frontierTable, headlineTable, heterogeneityTable } from './tables.ts';

/** Puts a table between its marks. @throws RangeError where the page has none */
function placed(page: string, name: string, text: string): string {
  const marks = new RegExp(`(<!-- measured: ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!marks.test(page)) throw new RangeError(`no marks "measured: ${name}"; write them where the table belongs`);
  return page.replace(marks, (_, before: string, after: string) => `${before}\n${text}\n\n${after}`);
}

/** Everything that follows from the measurements alone, by path: what a test compares with the pages as committed. */
export function measuredFiles(): Map<string, string> {
  const gate = readMeasuredGate();
  const flights = readMeasuredFlights();
  const pageOf = (path: string, tables: Record<string, string>): [string, string] => [
    path,
    Object.entries(tables).reduce((page, [name, text]) => placed(page, name, text), readFileSync(path, 'utf8')),
  ];
  return new Map([
    ['docs/concepts/gate-frontier.svg', drawFrontier(gate)],
    ['docs/concepts/gate-daily.svg', drawDailyDifferences(flights)],
    pageOf('README.md', { comparators: comparatorTable(gate) }),
    pageOf('docs/concepts/gate.md', { heterogeneity: heterogeneityTable(flights) }),
    pageOf('docs/concepts/gate-measured.md', {
      headline: headlineTable(gate),
      frontier: frontierTable(gate),
      acceptance: acceptanceTable(gate),
    }),
  ]);
}
