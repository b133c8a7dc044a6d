/**
 * What differences that move from day to day do to a gate, on the shipped flights: `npm run verify:heterogeneity -- [--folder DIR]
 * [--json FILE]`. Trains with the product's learner, judges with the product's gate from every start day, and prints the shares beside
 * those of the gate statistics (§9.7), whose trainer was another.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom } from '../src/simulation/gate/random.ts';
import { measuredJson } from './measured-json.ts';
import { openFlights, rowsWhere, train } from './verify-heterogeneity/flights.ts';
import { averageOf, meanOf, pairsOf, shuffledInTime, spreadOf, verdictsOf } from './verify-heterogeneity/looks.ts';
import type { Pairs, Verdicts } from './verify-heterogeneity/looks.ts';

const SEED = 20_010_701;
/** Ways to halve the training weeks into twins. */
const SPLITS = 3;
const STATIC = ['origin', 'destination', 'distance', 'hour', 'weekday'];
const FRESH = [...STATIC, 'lateOrigin3h', 'lateDestination3h', 'lateNation3h'];

const { values: options } = parseArgs({ options: { folder: { type: 'string' }, json: { type: 'string' } } });
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'holdfast-flights-'));
const start = performance.now();
const say = (text: string) => console.log(`${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${text}`);

const flights = await openFlights(folder);
say('flights landed');
const early = await flights.weeks(0, 4, FRESH);
const later = await flights.weeks(8, 12, STATIC);
const season = await flights.weeks(12, 24, FRESH);
say(
  `rows: ${early.matrix.rows} of weeks 0-3, ${later.matrix.rows} of weeks 8-11, ${season.matrix.rows} of weeks 12-23`,
);

const { declaration } = flights;
const frozen = train(declaration, 'static', early, early.matrix)(season);
const retrained = train(declaration, 'static', later, later.matrix)(season);
const fresh = train(declaration, 'fresh', early, early.matrix)(season);
const random = randomFrom(SEED);
const halves = Array.from({ length: SPLITS }, () => {
  const isIn = Uint8Array.from({ length: early.matrix.rows }, () => (random() < 0.5 ? 1 : 0));
  return [1, 0].map((half) =>
    train(
      declaration,
      'static',
      early,
      rowsWhere(early.matrix, (row) => isIn[row] === half),
    )(season),
  );
});
say('models trained, season scored');
if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });

const pairOf = (candidate: Float64Array, stable: Float64Array): Pairs =>
  pairsOf(season.at, season.matrix.labels, candidate, stable);
const tie = pairOf(retrained, frozen);
const better = pairOf(fresh, frozen);
/** Each twin is once the candidate, so that the better one of a split does not decide. */
const twins = halves.flatMap(([a, b]) => [pairOf(a!, b!), pairOf(b!, a!)]);

interface Line {
  pair: string;
  /** Mean difference; of several pairs its root mean square. */
  delta: string;
  harmMargin: number;
  safeMargin: number;
  verdicts: Verdicts;
  /** Of the gate statistics: harm at some hourly look, at some daily look, at the seventh day's end, certified there. */
  text: readonly [hourly: number | null, daily: number | null, atEnd: number | null, certified: number | null];
}

function line(
  pair: string,
  pairs: readonly Pairs[],
  [harmMargin, safeMargin]: readonly [number, number],
  text: Line['text'],
): Line {
  const means = pairs.map((one) => spreadOf(one).mean);
  const delta =
    means.length === 1 ? means[0]!.toFixed(5) : `±${Math.sqrt(meanOf(means.map((mean) => mean ** 2))).toFixed(5)}`;
  const verdicts = averageOf(pairs.map((one) => verdictsOf(one, harmMargin, safeMargin)));
  return { pair, delta, harmMargin, safeMargin, verdicts, text };
}

const lines: Line[] = [
  line('retrained', [tie], [0, 0.004], [0.75, null, null, null]),
  line('retrained, shuffled in time', [shuffledInTime(tie, random)], [0, 0.004], [0, null, null, null]),
  line('twins', twins, [0, 0.004], [0.52, null, null, null]),
  line('twins', twins, [0.002, 0.004], [0, null, null, null]),
  line('retrained', [tie], [0.002, 0.004], [null, 0.44, 0.01, 0.99]),
  line('retrained', [tie], [0.001, 0.002], [null, 0.56, 0.27, 0.73]),
  line('fresh', [better], [0.002, 0.004], [null, 0, 0, 1]),
];
say('judged from every start day');

const percent = (value: number | null) => (value === null ? '–' : `${Math.round(100 * value)} %`);
const spreads = { retrained: spreadOf(tie), twins: spreadOf(twins[0]!), fresh: spreadOf(better) };
for (const [name, { mean, deviation, designEffect }] of Object.entries(spreads)) {
  console.log(
    `${name}: mean difference ${mean.toFixed(5)}, deviation ${deviation.toFixed(4)}, design effect of hours ${designEffect.toFixed(1)}`,
  );
}
console.log('measured (text): harm within 7 days hourly, daily; at day 7; certified at day 7');
for (const { pair, delta, harmMargin, safeMargin, verdicts, text } of lines) {
  const { harmHourly, harmDaily, harmAtEnd, certifiedAtEnd, startDays } = verdicts;
  const shown = [harmHourly, harmDaily, harmAtEnd, certifiedAtEnd].map(
    (value, i) => `${percent(value)} (${percent(text[i]!)})`,
  );
  console.log(`${pair} (Δ ${delta}), m_h ${harmMargin}, m ${safeMargin}, ${startDays} start days: ${shown.join(', ')}`);
}
const verdictsOn = (pair: string) => lines.find((one) => one.pair === pair)!.verdicts;
const isSound =
  verdictsOn('retrained, shuffled in time').harmHourly <= 0.05 &&
  verdictsOn('fresh').harmHourly === 0 &&
  verdictsOn('fresh').certifiedAtEnd === 1;
console.log(
  isSound ? 'sound' : 'NOT SOUND: the shuffled tie is reported harmful, or the fresh model is, or is not certified',
);
process.exitCode = isSound ? 0 : 1;
if (options.json !== undefined) writeFileSync(options.json, measuredJson({ spreads, lines }));
