import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { analyzeCohorts, logEValue, matchBlock, mergeHistograms } from '../../../src/domain/statistics/index.ts';
import type { Cohort, GatePolicy, Unit } from '../../../src/domain/statistics/index.ts';
import { OFFLINE_SALT } from '../../../src/domain/gate/unit-cohorts.ts';
import type { Analysis } from '../../../src/pages/gate/analysis-view.ts';
import { captured } from '../captured.ts';
import { COLUMNS, csvOf, Folder, instant, pastUnits } from './fixtures.ts';

interface Vector {
  readonly id: string;
  readonly input: { readonly policy: GatePolicy; readonly cohorts: readonly Cohort[] };
  readonly expected: { readonly error?: string };
}

const HOUR_S = 3600;
const folder = new Folder();
const analyse = async (...args: readonly string[]) => captured(['gate', 'analyze', ...args]);

async function analysis(...args: readonly string[]): Promise<Analysis> {
  const { stdout, stderr, exitCode } = await analyse(...args, '--json');
  assert.equal(stderr, '');
  assert.equal(exitCode, 0);
  return JSON.parse(stdout) as Analysis;
}

describe('holdfast gate analyze', () => {
  after(() => folder.remove());

  describe('on the published replays, given as cohort records', () => {
    const { cases } = JSON.parse(readFileSync('test/vectors/gate-replay.json', 'utf8')) as { cases: Vector[] };
    for (const { id, input, expected } of cases) {
      const records = input.cohorts.map((cohort) => JSON.stringify(cohort)).join('\n');
      if (input.cohorts.length === 0) continue;
      it(`answers what the gate answers: ${id}`, async () => {
        const policy = folder.write(`${id}.yaml`, JSON.stringify(input.policy));
        const file = folder.write(`${id}.jsonl`, records);
        if (expected.error !== undefined) {
          const { exitCode, stderr } = await analyse('--cohorts', file, '--policy', policy);
          assert.equal(exitCode, 1);
          assert.match(stderr, /was delivered before with different content/);
          return;
        }
        const { decisions, final } = analyzeCohorts(input.policy, input.cohorts);
        const { judgement } = await analysis('--cohorts', file, '--policy', policy);
        const looks = judgement.looks.map(
          ({ until: _until, exposureBp: _bp, units: _units, bounds: _bounds, ...look }) => look,
        );
        assert.deepEqual(looks, JSON.parse(JSON.stringify(decisions)));
        assert.deepEqual([judgement.terminal, judgement.step], [final.terminal, final.step]);
      });
    }
  });

  it('finds in a table what matching and counting by hand finds', async () => {
    const units = pastUnits({ units: 4000, delta: 0.01, share: 0.3, seed: 1, days: 2 });
    const file = folder.write('by-hand.csv', csvOf(units.toReversed()));
    const { judgement } = await analysis(file, ...COLUMNS, '--cohort', 'PT6H', '--exposure', '0.3', '--margin', '0.08');
    const cohorts = Array.from({ length: 8 }, (_, cohort) =>
      units
        .filter(({ second }) => Math.floor(second / (6 * HOUR_S)) === cohort)
        .map(({ id, arm, failed }): Unit => ({ id, arm: arm === 'B' ? 'candidate' : 'control', y: failed })),
    );
    const blocks = cohorts.map((block) => matchBlock(block, { salt: OFFLINE_SALT, maxMatch: 20, quantum: 0 }).hist);
    for (const { cohort, streams, units: counted } of judgement.looks) {
      const seen = mergeHistograms(...blocks.slice(0, cohort));
      assert.ok(Math.abs(streams!['failed']!.lnSafe! - logEValue(seen, 0.08, 'safe')) < 2e-9);
      const mixture = Math.log(0.75 * Math.exp(logEValue(seen, 0.04, 'harm')) + 0.25);
      assert.ok(Math.abs(streams!['failed']!.lnHarm - mixture) < 2e-9);
      assert.equal(
        counted['failed'],
        seen.reduce((sum, [, , count]) => sum + count, 0),
      );
    }
    assert.ok(judgement.looks.length >= 3);
  });

  it('says in words the numbers of its document', async () => {
    const units = pastUnits({ units: 8000, delta: 0.003, share: 0.5, seed: 3, days: 4 });
    const file = folder.write('words.csv', csvOf(units));
    const args = [file, ...COLUMNS, '--cohort', 'PT6H', '--exposure', '0.5'];
    const { judgement, input } = await analysis(...args);
    const { stdout } = await analyse(...args);
    const pp = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(2)}`;
    const [stream] = judgement.streams;
    const { mean, lower, upper, units: matched } = stream!.difference!;
    assert.ok(
      stdout.includes(
        `worse by ${pp(mean)} pp, between ${pp(lower)} … ${pp(upper)} pp; ${matched.toLocaleString('en')} matched units`,
      ),
    );
    const times = (ln: number) => `×${Math.exp(ln).toPrecision(2)}`;
    assert.ok(stdout.includes(`harm beyond +0.50 pp: ×20 evidence needed, ${times(stream!.harm!.ln)} so far`));
    assert.ok(stdout.includes(`safe within +1.00 pp: ×20 evidence needed, ${times(stream!.safe!.ln)} so far`));
    assert.ok(input.kind === 'table' && stdout.includes(`candidate "B" ${input.candidate.units.toLocaleString('en')}`));
    for (const { cohort, bounds, streams, decision } of judgement.looks) {
      if (bounds === null) continue;
      const row = stdout.split('\n').find((line) => line.trimStart().startsWith(`${cohort}  `)) ?? '';
      for (const part of [pp(bounds['failed']!.mean), times(streams!['failed']!.lnSafe!), decision])
        assert.ok(row.includes(part), `${row} has ${part}`);
    }
    assert.ok(judgement.looks.some(({ bounds }) => bounds !== null));
  });

  it('rolls back a worse candidate, promotes an equal one, and says so by its exit code where asked', async () => {
    const run = (delta: number, name: string) =>
      folder.write(name, csvOf(pastUnits({ units: 20_000, delta, share: 0.5, seed: 5, days: 7 })));
    const bad = run(0.04, 'bad.csv');
    const good = run(-0.01, 'good.csv');
    const short = folder.write('short.csv', csvOf(pastUnits({ units: 200, delta: 0, share: 0.5, seed: 5, days: 1 })));
    for (const [file, exit, verdict] of [
      [bad, 5, /ROLLED BACK at look \d+ of \d+ \(2024-03-0\d \d\d:00 UTC\): harm is certified on failed/],
      [good, 0, /PROMOTED at look \d+/],
      [
        short,
        8,
        /NO VERDICT after \d+ looks[^]*Missing for a verdict\n {2}the certificate that failed is within \+1\.00 pp: /,
      ],
    ] as const) {
      const plain = await analyse(file, ...COLUMNS);
      assert.equal(plain.exitCode, 0);
      assert.match(plain.stdout, verdict);
      assert.equal((await analyse(file, ...COLUMNS, '--exit-code')).exitCode, exit);
    }
  });

  it('holds where the split is not the one declared, and warns where none is', async () => {
    const file = folder.write(
      'split.csv',
      csvOf(pastUnits({ units: 20_000, delta: 0, share: 0.47, seed: 6, days: 4 })),
    );
    const declared = await analyse(file, ...COLUMNS, '--exposure', '0.5');
    assert.match(declared.stdout, /NO VERDICT, and none to come: the split is broken/);
    assert.match(declared.stdout, /50 % ordered, 4\d(\.\d+)? % measured/);
    assert.match(
      (await analyse(file, ...COLUMNS)).stdout,
      /if 50 % was ordered, the split is broken: 4\d(\.\d+)? % measured/,
    );
  });

  it('groups cohorts by the exposures it measures', async () => {
    const early = pastUnits({ units: 6000, delta: 0, share: 0.05, seed: 7, days: 2 });
    const late = pastUnits({ units: 6000, delta: 0, share: 0.25, seed: 8, days: 2 });
    const units = [...early, ...late.map((unit) => ({ ...unit, id: `l${unit.id}`, second: unit.second + 2 * 86_400 }))];
    const { judgement, notes } = await analysis(folder.write('ramp.csv', csvOf(units)), ...COLUMNS, '--cohort', 'PT3H');
    const exposures = [...new Set(judgement.split.segments.map(({ exposureBp }) => exposureBp))];
    assert.equal(exposures.length, 2);
    assert.ok(Math.abs(exposures[0]! - 500) < 60 && Math.abs(exposures[1]! - 2500) < 150, String(exposures));
    assert.match(notes.join(), /the split was not tested/);
  });

  it('climbs the ladder of a policy as far as the exposures of the past allow', async () => {
    const early = pastUnits({ units: 20_000, delta: -0.02, share: 0.05, seed: 7, days: 4 });
    const late = pastUnits({ units: 6000, delta: -0.02, share: 0.25, seed: 8, days: 2 });
    const units = [...early, ...late.map((unit) => ({ ...unit, id: `l${unit.id}`, second: unit.second + 4 * 86_400 }))];
    const policy = folder.write(
      'ladder.yaml',
      'steps:\n  - { exposure: 0.05, minUnits: 200 }\n  - { exposure: 0.25, minUnits: 300 }\nstreams: [{ id: failed, kind: difference, safeMargin: 0.05 }]\n',
    );
    const args = [...COLUMNS.slice(0, 6), '--policy', policy, '--cohort', 'PT3H'];
    const { judgement } = await analysis(folder.write('climb.csv', csvOf(units)), ...args);
    const advances = judgement.looks.filter(({ decision }) => decision === 'advance');
    assert.equal(judgement.terminal, 'promoted');
    assert.deepEqual(
      advances.map(({ step }) => step),
      [0, 1],
    );
    assert.ok(advances[0]!.exposureBp < 1000 && advances[0]!.cohort < 32, 'left the first step at its exposure');
    assert.ok(advances[1]!.exposureBp > 2000 && advances[1]!.cohort > 32, 'waited for the second step’s exposure');
    const between = judgement.looks.filter(({ step, exposureBp }) => step === 1 && exposureBp < 1000);
    assert.ok(
      between.some(({ reasons }) => reasons[0] === 'floors'),
      'certified, and held back by the floor alone',
    );
  });

  it('compares the days on which both arms were open, where nobody says what was ordered', async () => {
    const units = pastUnits({ units: 6000, delta: 0, share: 0.3, seed: 12, days: 6 });
    const launched = units.filter(({ arm, second }) => arm === 'A' || second > 4.5 * 86_400);
    const { input, judgement, notes } = await analysis(folder.write('launch.csv', csvOf(launched)), ...COLUMNS);
    assert.ok(
      input.kind === 'table' && input.from.startsWith('2024-03-05') && judgement.streams[0]!.difference!.units > 300,
    );
    assert.match(notes[0]!, /users of days on which one arm alone was open are left out/);
  });

  it('finds nothing to compare in a before and an after', async () => {
    const units = pastUnits({ units: 2000, delta: 0, share: 0.5, seed: 13, days: 4 });
    const apart = units.map((unit) => ({ ...unit, second: unit.arm === 'B' ? unit.second + 4 * 86_400 : unit.second }));
    const { stdout } = await analyse(folder.write('apart.csv', csvOf(apart)), ...COLUMNS);
    assert.match(
      stdout,
      /NO VERDICT, and none to come: no cohort has units of both arms\.\n {2}The arms were open on different days/,
    );
  });

  it('judges a share of the candidate so small that it rounds to nobody', async () => {
    const units = pastUnits({ units: 30_000, delta: 0, share: 0, seed: 14, days: 1 });
    const few = units.map((unit, index) => (index === 0 ? { ...unit, arm: 'B' as const } : unit));
    const { judgement } = await analysis(folder.write('few.csv', csvOf(few)), ...COLUMNS, '--cohort', 'P1D');
    assert.deepEqual([judgement.decision, judgement.split.segments[0]!.exposureBp], ['continue', 1]);
  });

  it('counts a unit with several rows once, by the mean of its rows, in the arm it saw first', async () => {
    const rows = pastUnits({ units: 600, delta: 0, share: 0.5, seed: 9, days: 1 }).flatMap((unit) => [
      unit,
      { ...unit, second: unit.second + 60, failed: (1 - unit.failed) as 0 | 1 },
    ]);
    const { input, notes, judgement } = await analysis(folder.write('rows.csv', csvOf(rows)), ...COLUMNS);
    assert.ok(input.kind === 'table');
    assert.deepEqual([input.rows, input.units, input.unitsWithSeveralRows], [1200, 600, 600]);
    assert.equal(judgement.streams[0]!.difference!.mean, 0);
    assert.match(notes.join('\n'), /600 users have several rows: the mean of their rows counts/);
  });

  it('judges a metric over its range in its own unit, more being better', async () => {
    const units = pastUnits({ units: 4000, delta: 0, share: 0.5, seed: 10, days: 2 });
    const lines = units.map(
      ({ id, arm, second, failed }) => `${id};${arm};${instant(second)};${failed === 1 ? 20 : 60}`,
    );
    const file = folder.write('minutes.csv', `user;variant;at;minutes\n${lines.join('\n')}\n`);
    const args = [
      '--unit',
      'user',
      '--arm',
      'variant',
      '--time',
      'at',
      '--gain',
      'minutes',
      '--range',
      '0..100',
      '--margin',
      '5',
    ];
    const { input, policy } = await analysis(file, ...args);
    assert.ok(input.kind === 'table' && input.candidate.mean! > 55 && input.candidate.mean! < 60);
    const [stream] = policy.streams;
    assert.equal(stream?.kind === 'difference' ? stream.safeMargin : null, 0.05);
    assert.match(
      (await analyse(file, ...args)).stdout,
      /minutes \(more is better\)[^]*safe within \+5\.00: ×20 evidence needed/,
    );
  });

  for (const [meaning, expected] of [
    ['zero', ['failed']],
    ['exclude', ['failed', 'failed missing']],
    ['worst-case', ['failed, worst case', 'failed, best case']],
  ] as const)
    it(`takes a missing outcome as ${meaning}`, async () => {
      const csv = csvOf(pastUnits({ units: 2000, delta: 0, share: 0.5, seed: 11, days: 1 }));
      const file = folder.write('missing.csv', csv.replaceAll(/(u\d*7,.*),[01]\n/g, '$1,\n'));
      const { judgement, input } = await analysis(file, ...COLUMNS, '--missing', meaning);
      assert.deepEqual(
        judgement.streams.map(({ id }) => id),
        expected,
      );
      assert.equal(input.kind === 'table' && input.unitsWithoutOutcome, meaning === 'zero' ? 0 : 200);
    });
});
