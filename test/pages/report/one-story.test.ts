/** A page tells one story: its parts give one number for one fact, one word for one limit, and say what does not count. */
import assert from 'node:assert/strict';
import type { RolloutMaterial } from '../../../src/domain/report/material.ts';
import type { Cell, Report } from '../../../src/domain/report/report.ts';
import { runSeen } from '../../../src/domain/report/course.ts';
import { rolloutReport } from '../../../src/domain/report/rollout-report.ts';
import { maturitySection } from '../../../src/domain/report/unit-sections.ts';
import { materialOf, PREPARED } from './prepared-worlds.ts';

const sectionOf = ({ sections }: Report, id: string) => sections.find((section) => section.id === id)!;
const wordsOf = (report: Report, id: string): string => sectionOf(report, id).words.join(' ');

function rowsOf(report: Report, id: string): Array<Readonly<Record<string, Cell>>> {
  const { columns, rows } = sectionOf(report, id).table!;
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column.id, row[index] ?? null])));
}

describe('a page of evidence, read from end to end', function () {
  this.timeout(30_000);
  const read = ['page-01', 'page-02', 'page-03', 'page-05', 'page-06', 'page-07', 'page-08', 'page-09'] as const;
  const materials = new Map<string, RolloutMaterial>();
  const pages = new Map<string, Report>();
  before(async () => {
    for (const world of PREPARED.filter(({ name }) => read.some((each) => each === name))) {
      const material = await materialOf(world);
      materials.set(world.name, material);
      pages.set(world.name, rolloutReport(material));
    }
  });
  const page = (name: (typeof read)[number]): Report => pages.get(name)!;

  it('gives a difference one interval: in the answer, the table, and the sentence on record', () => {
    for (const name of ['page-01', 'page-03', 'page-07'] as const) {
      const report = page(name);
      const sentence = String(rowsOf(report, 'decisions').at(-1)!['inWords']);
      const difference = report.sections.find(({ id }) => id.startsWith('difference-'))!;
      const { lower, upper } = rowsOf(report, difference.id).at(-1)!;
      for (const end of [lower, upper]) {
        const shown = Math.abs(Number(end)).toFixed(1);
        assert.ok(sentence.includes(shown), `${name}: ${shown} is not in: ${sentence}`);
        assert.ok(report.answer.why.some((line) => line.startsWith('loss: ') && line.includes(shown)));
      }
    }
    assert.match(page('page-01').answer.why.join('\n'), /at most 39\.0 per 1,000 for sure[^]*and 39\.0 worse/);
    // Certified better in shadow: the sentence of that look says so, too.
    const pass = rowsOf(page('page-09'), 'decisions').find(({ verdict }) => verdict === 'advance');
    assert.match(String(pass!['inWords']), /^certified: the loss is better by /);
  });

  it('tells apart what is tolerated and what is harm, and which comes first', () => {
    assert.match(
      page('page-01').answer.why.join('\n'),
      /up to 10\.0 worse is tolerated for leaving the step, above 5\.0 worse for sure is harm; where both hold, harm decides/,
    );
    for (const name of ['page-03', 'page-09'] as const) {
      const [reason] = page(name).answer.why;
      assert.match(reason!, /units\), harm is above \d+\.0; it overturns/);
      assert.doesNotMatch(reason!, /tolerated/);
    }
  });

  it('says that a pass knew what was due, where the harm came after it', () => {
    const [reason] = page('page-03').answer.why;
    assert.match(reason!, /after cohort 12 \(.*\), when loss of cohort 12 was not due yet$/);
  });

  it('names one time of the promotion, and when exposure became full, as the timeline does', () => {
    for (const name of ['page-02', 'page-08'] as const) {
      const timeline = rowsOf(page(name), 'timeline');
      const full = timeline.find(({ what }) => what === 'full at 100 %')!;
      const end = timeline.at(-1)!;
      assert.deepEqual([end['kind'], end['what'], end['exposure']], ['outcome', 'promoted', 100]);
      assert.equal(
        page(name).answer.inWords,
        `Yes: it was certified at every step, has been at full exposure since ${full['at']}, and was promoted at ${end['at']}.`,
      );
    }
  });

  it('draws the timeline to the newest look, on a scale also where nobody was exposed', () => {
    const { plot } = sectionOf(page('page-01'), 'timeline');
    assert.deepEqual(plot?.kind === 'course' ? plot.cut : null, [0, 100]);
    for (const [name, report] of pages) {
      const through = sectionOf(report, 'timeline').basis!.through!;
      const last = String(rowsOf(report, 'timeline').at(-1)!['at']);
      assert.ok(Date.parse(last) >= Date.parse(through), `${name} ends at ${last} before ${through}`);
    }
  });

  for (const [name, why] of [
    ['page-06', 'arms not comparable'],
    ['page-07', 'evidence overdue'],
  ] as const)
    it(`says in the row of a metric that its evidence does not count: ${why}`, () => {
      const [loss, errors] = rowsOf(page(name), 'metrics');
      assert.equal(loss!['assessment'], `error: ${why}`);
      // Answers that fail are counted by the gateway itself, whoever was to be asked.
      assert.equal(errors!['assessment'], 'watched');
    });

  it('says where a difference stands that it does not count', () => {
    assert.match(wordsOf(page('page-06'), 'difference-canary'), /^None of this counts: the arms cannot be compared/);
    for (const name of ['page-01', 'page-07'] as const)
      assert.doesNotMatch(wordsOf(page(name), 'difference-shadow'), /None of this counts/);
  });

  it('does not let time seem to help while evidence that is due stays away', () => {
    assert.match(
      page('page-07').answer.why.join('\n'),
      /^needs 1 hour of event time more of matured evidence on loss, counted once what is due has arrived$/m,
    );
  });

  it('says what became of every unit without a matured label', () => {
    assert.match(
      wordsOf(page('page-07'), 'maturity'),
      /^Of 1,680 flights so far 840 have .*; of the others 600 are overdue, 120 are not due yet and 120 are of a run that ended before they were due\.$/,
    );
    for (const [name, report] of pages) {
      const [all, matured, ...others] = wordsOf(report, 'maturity')
        .match(/\d[\d,]*/g)!
        .map((text) => Number(text.replace(',', '')));
      assert.equal(
        others.reduce((sum, part) => sum + part, matured!),
        all,
        name,
      );
    }
  });

  it('counts units that were told of after their look', () => {
    const material = structuredClone(materials.get('page-01')!);
    const [first, ...others] = material.recorded.chain;
    const later = [{ cohort: 1, exposureBp: 0, control: 30, candidate: 0 }];
    const basis = { ...first!.body.basis!, assignedLater: later };
    const chain = [{ ...first!, body: { ...first!.body, basis } }, ...others];
    const seen = runSeen(materials.get('page-01')!, 'shadow')!;
    const told = { policy: [...material.recorded.policies.values()][0]!, unit: 'flight', units: 'flights' };
    const section = maturitySection(told, { ...material, recorded: { ...material.recorded, chain } }, seen);
    assert.match(
      section.words.join(),
      /^Of 1,110 flights so far 960 have .*; of the others 120 are not due yet and 30 came without one\.$/,
    );
  });

  it('says of a slice that can only stop that nobody asked whether it is safe', () => {
    const words = 'o harm of it is certified, and the policy does not ask that it be certified safe';
    assert.ok(page('page-08').answer.why.at(-1)!.endsWith(words));
    assert.ok(wordsOf(page('page-08'), 'slices').includes(words));
    const { limits } = sectionOf(page('page-08'), 'slices').plot as Extract<
      Report['sections'][number]['plot'],
      { kind: 'intervals' }
    >;
    assert.deepEqual(
      limits.map(({ column }) => column),
      ['margin', 'harm'],
    );
    const north = rowsOf(page('page-08'), 'slices').find(({ slice }) => slice === 'north')!;
    assert.deepEqual([north['margin'], north['harm']], [null, 15]);
  });

  it('says whose answers are compared', () => {
    assert.match(wordsOf(page('page-08'), 'errors'), /stable for 9 of 1,440: both are asked for every one/);
    assert.match(wordsOf(page('page-08'), 'difference-canary'), /flight by flight: both bundles score every one/);
  });

  it('tells what scoring took and how often it failed, run by run, for both bundles', () => {
    const rows = rowsOf(page('page-08'), 'latency');
    assert.deepEqual(
      rows.map(({ who, asked, failed }) => [who, asked, failed]),
      [
        ['shadow, stable', 840, 6],
        ['shadow, candidate', 840, 6],
        ['exposed, stable', 1_440, 9],
        ['exposed, candidate', 1_440, 9],
      ],
    );
    for (const { p50, p95, p99 } of rows) assert.ok(Number(p50) < Number(p95) && Number(p95) <= Number(p99));
    // Units that fail are those of the gate's own stream, where a unit asks once.
    const [errors] = rowsOf(page('page-08'), 'errors');
    assert.deepEqual([errors!['candidateEvents'], errors!['candidateUnits']], [9, 1_440]);
    const overTime = rowsOf(page('page-08'), 'failures');
    assert.equal(
      overTime.reduce((sum, { candidateFailed }) => sum + Number(candidateFailed), 0),
      15,
    );
    assert.equal(sectionOf(page('page-05'), 'failures'), undefined);
  });

  it('says that times were not measured where none are on record, and shows none', () => {
    const material = materials.get('page-01')!;
    const bare = (arm: RolloutMaterial['timings'][number]['stable']) => ({ ...arm, buckets: [] });
    for (const timings of [
      [],
      material.timings.map((each) => ({ ...each, stable: bare(each.stable), candidate: bare(each.candidate) })),
    ]) {
      const section = sectionOf(rolloutReport({ ...material, timings }), 'latency');
      assert.match(section.words[0]!, /^Not measured: /);
      assert.deepEqual([section.plot, section.table], [null, null]);
    }
  });

  it('places an order at its event time, in the picture and in the table, and an approval once', () => {
    const timeline = rowsOf(page('page-05'), 'timeline');
    const order = timeline.find(({ kind }) => kind === 'order')!;
    assert.deepEqual([order['what'], order['detail']], ['extend by ben', 'the review takes until tomorrow (cli)']);
    const { plot } = sectionOf(page('page-05'), 'timeline');
    assert.deepEqual(plot?.kind === 'course' ? plot.moments : null, [{ at: order['at'], label: 'extend' }]);
    const approved = rowsOf(page('page-02'), 'timeline').filter(({ what }) => String(what).includes(' ana '));
    assert.deepEqual(
      approved.map(({ kind }) => kind),
      ['approval'],
    );
  });

  it('names an order whose time is not on record beside the table, and counts evidence that was sent', () => {
    const material = materials.get('page-05')!;
    const [order] = material.orders;
    const sent = { ...order!, command: 'recordEvidence', commandId: 'evidence-1' };
    const orders = [{ ...order!, eventTime: null }, sent, { ...sent, commandId: 'evidence-2' }];
    const report = rolloutReport({ ...material, orders });
    assert.match(
      wordsOf(report, 'timeline'),
      /time that is not on record: extend by ben\. Evidence .* sent 2 times\.$/,
    );
    assert.equal(
      rowsOf(report, 'timeline').some(({ kind }) => kind === 'order'),
      false,
    );
  });
});
