/**
 * Proves what people operate with: `npm run verify:operating`. Runs its parts one after the other, each a list of test files, and ends
 * with one line `N passed, N failed`. `--only <part>` runs one of them.
 */
import { runMocha } from '../test/mocha-process.ts';
import type { Count } from '../test/mocha-process.ts';

interface Part {
  readonly name: string;
  /** Compiled test files; what is too long for the suite ends in `.proof.js`. */
  readonly files: readonly string[];
}

const PARTS: readonly Part[] = [
  {
    name: 'pages',
    files: [
      'dist/test/domain/report/other-reports.test.js',
      'dist/test/pages/report/page.test.js',
      'dist/test/pages/report/chart-spec.test.js',
      'dist/test/pages/report/one-story.test.js',
      'dist/test/pages/report/prepared-pages.proof.js',
      'dist/test/http/reports.test.js',
      'dist/test/cli/report.test.js',
    ],
  },
  {
    name: 'terminal',
    files: [
      'dist/test/cli/main.test.js',
      'dist/test/cli/program.test.js',
      'dist/test/cli/orders.test.js',
      'dist/test/cli/operating.test.js',
      'dist/test/cli/completion.test.js',
      'dist/test/cli/reset.test.js',
      'dist/test/contracts/error-fixtures.test.js',
    ],
  },
  {
    name: 'notifications',
    files: [
      'dist/test/adapters/notifier/notifiers.test.js',
      'dist/test/activities/notifications.test.js',
      'dist/test/workflows/notifications.test.js',
      'dist/test/workflows/incident-notices.test.js',
      'dist/test/cli/notification.test.js',
    ],
  },
  {
    name: 'parity',
    files: [
      'dist/test/scripts/operator-actions.test.js',
      'dist/test/integration/new-cases.test.js',
      'dist/test/integration/label-ways.test.js',
      'dist/test/integration/parity.proof.js',
    ],
  },
  { name: 'web UI', files: ['dist/test/integration/web-ui.test.js'] },
  {
    name: 'documents',
    files: ['dist/test/documents/typed.proof.js'],
  },
];

const PATIENCE_MS = 120_000;

/** In a process of its own, as in the suite: servers that test files share end with it. A skipped test has not passed, and counts nowhere. */
function runPart({ name, files }: Part): Promise<Count> {
  process.stdout.write(`\n${name}\n`);
  return runMocha(['--timeout', String(PATIENCE_MS), ...files], (line) => void process.stdout.write(`${line}\n`));
}

const only = process.argv[process.argv.indexOf('--only') + 1];
const chosen = process.argv.includes('--only') ? PARTS.filter(({ name }) => name === only) : PARTS;
if (chosen.length === 0) throw new RangeError(`no part ${only}; there are ${PARTS.map(({ name }) => name).join(', ')}`);
const counts: Count[] = [];
for (const part of chosen) counts.push(await runPart(part));
const sum = (which: 'passed' | 'failed'): number => counts.reduce((total, count) => total + count[which], 0);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exit(sum('failed') === 0 && sum('passed') > 0 ? 0 : 1);
