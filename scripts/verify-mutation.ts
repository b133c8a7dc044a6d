/**
 * Mutation tests of the e-process and gate files: `npm run verify:mutation [-- --files gate-run,gate-plan] [--survivors FILE]`. Each
 * mutant changes one spot of an emitted module; the fast tests that run this spot, and the vectors, must notice. Mutants that no input
 * tells apart, and those that are known to survive, are listed with the reason in scripts/verify-mutation/known.json. Fails below 90 % of
 * those that can be told apart.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { placeOf, readKnown, sortOut } from './verify-mutation/known.ts';
import { mutantsOf } from './verify-mutation/mutants.ts';
import { runMutants } from './verify-mutation/run.ts';

const SHARE_MIN = 0.9;
/**
 * The e-process files are what turns outcomes into an e-value and e-values into a rejection; the gate files are what turns a policy and
 * cohorts into a decision. Special functions, drift, metrics and agreement are not among them; nor is `domain/gate`, which reads tables
 * for the offline judge and is tested through the command line.
 */
const FILES = [
  'betting-martingale',
  'block-matching',
  'diff-histogram',
  'eta-grid',
  'event-counts',
  'factor-table',
  'gate',
  'gate-cohort',
  'gate-evidence',
  'gate-plan',
  'gate-policy',
  'gate-run',
  'gate-state',
  'gate-verdict',
  'latency-slo',
  'log-sum-exp',
  'multiplicity',
  'restart-mixture',
  'sample-ratio',
  'sr-detector',
].map((name) => `statistics/${name}`);
/** Too slow for thousands of runs; the vectors come by files of their own. */
const LEFT_OUT = new Set(['simulation.test.js', 'vectors.test.js']);

const urlOf = (path: string) => pathToFileURL(resolve(path)).href;

function testModules(): string[] {
  const modules = ['statistics', 'gate'].flatMap((room) =>
    readdirSync(`dist/test/domain/${room}`)
      .filter((name) => name.endsWith('.test.js') && !LEFT_OUT.has(name))
      .map((name) => `dist/test/domain/${room}/${name}`),
  );
  return [...modules, 'dist/scripts/verify-mutation/gate-vectors.js'].map(urlOf);
}

const { values } = parseArgs({ options: { files: { type: 'string' }, survivors: { type: 'string' } } });
const asked = values.files?.split(',');
const files = FILES.filter((file) => asked?.some((name) => file.endsWith(`/${name}`)) ?? true);
const mutants = files.flatMap((file) => {
  const path = `dist/src/domain/${file}.js`;
  return mutantsOf(urlOf(path), readFileSync(path, 'utf8'));
});

const begun = performance.now();
const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`;
const progress = (done: number) =>
  console.error(`${done} of ${mutants.length} mutants tried, ${seconds(performance.now() - begun)}`);
const outcomes = await runMutants(mutants, testModules(), { progress });
const { killed, equivalent, survivors, wrong } = sortOut(
  outcomes,
  readKnown('scripts/verify-mutation/known.json'),
  asked === undefined,
);
const shown = survivors.map(({ mutant, tests, reason }) => {
  const { file, line, text } = placeOf(mutant);
  return { file, line, text, from: mutant.from, to: mutant.to.trim(), tests, reason };
});
for (const { file, line, from, to, tests, reason } of shown)
  console.log(
    `${file}:${line}  ${from} → ${to}  (${reason ?? (tests === 0 ? 'no test runs it' : `${tests} tests run it`)})`,
  );
for (const message of wrong) console.log(message);
if (values.survivors !== undefined) writeFileSync(values.survivors, JSON.stringify(shown, null, 2));

const share = killed.length / (killed.length + survivors.length);
const { user, system } = process.cpuUsage();
console.log(
  `${mutants.length} mutants of ${files.length} files: ${killed.length} noticed, ${equivalent.length} change nothing`,
);
console.log(`${(100 * share).toFixed(1)} % of the others noticed (asked: ${100 * SHARE_MIN} %)`);
console.log(`${seconds(performance.now() - begun)}, ${seconds((user + system) / 1000)} of them computing`);
console.log(`${killed.length} passed, ${survivors.length} failed`);
process.exitCode = share >= SHARE_MIN && wrong.length === 0 ? 0 : 1;
