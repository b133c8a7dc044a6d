import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkModel } from '../../src/contracts/model-check.ts';
import { faultInWords } from '../../src/contracts/model-fault.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { modelInWords } from '../../src/pages/model.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Steps = Record<string, Json>[];

const text = readFileSync('test/fixtures/broken-models/sound.yaml', 'utf8');
const sound = (): { [key: string]: Json } => parse(text) as { [key: string]: Json };

/** Problems of a sound file after a change, without their explanations. */
function problems(change: (file: ReturnType<typeof sound>) => void): string[] {
  const file = sound();
  change(file);
  const { faults } = checkModel(file);
  return (faults ?? []).map(({ path, problem }) => `${path.join('.')} ${problem.split(/[,:]/)[0]}`);
}

const stepsOf = (file: ReturnType<typeof sound>): Steps => (file['rollout'] as { steps: Steps }).steps;

describe('a rule of the model file at its boundary', () => {
  // Evidence of the sound file: spans of 3, 1 and 1 days, each followed by 2 days of maturity.
  for (const [season, expected] of [
    ['P10D', []],
    ['P11D', []],
    ['P11DT1M', ['rollout.steps.4.mode exposes 100 % after 11 days of evidence']],
  ] as const)
    it(`holds a season of ${season} against eleven days of evidence`, () =>
      assert.deepEqual(
        problems((file) => void ((file['rollout'] as Record<string, Json>)['season'] = season)),
        expected,
      ));

  it('asks for the season before the first step above 25 %, not before it', () => {
    const raised = (exposure: number) =>
      problems((file) => {
        (file['rollout'] as Record<string, Json>)['season'] = 'P9D';
        stepsOf(file)[3]!['exposure'] = exposure;
      });
    assert.deepEqual(raised(0.25), []);
    assert.deepEqual(raised(0.2501), ['rollout.steps.3.mode exposes 25.01 % after 8 days of evidence']);
  });

  for (const [deadline, expected] of [
    ['P4DT23H', ['rollout.steps.1.deadline comes before the step can be judged']],
    ['P5D', ['rollout.steps.1.deadline comes before the step can be judged']],
    ['P5DT1H', []],
  ] as const)
    it(`holds a deadline of ${deadline} against three days of span and two of maturity`, () =>
      assert.deepEqual(
        problems((file) => void (stepsOf(file)[1]!['deadline'] = deadline)),
        expected,
      ));

  for (const [title, margin] of [
    ['below', 10],
    ['at', 20],
    ['above', 30],
  ] as const)
    it(`lets the certificate of a slice and of a metric lie ${title} its harm margin, as that of the loss may`, () =>
      assert.deepEqual(
        problems((file) => {
          const rollout = file['rollout'] as Record<string, Json>;
          const where = { depot: ['north'] };
          const harm = { role: 'required', harmMarginPerThousand: 20, marginPerThousand: margin };
          const metric = { unitOfAnalysis: 'parcel', meaning: 'Cost', source: { kind: 'pushed' }, lag: 'PT6H' };
          rollout['harmMarginPerThousand'] = 30;
          rollout['slices'] = [{ id: 'north', where, ...harm }];
          rollout['metrics'] = [{ shape: 'difference', name: 'cost', ...metric, ...harm }];
        }),
        [],
      ));

  for (const [step, expected] of [
    ['PT2M', []],
    ['PT2S', []],
    ['PT1S', ['rollout.metrics.0.source.step asks for 21600 points a cohort']],
    ['PT7S', ['rollout.metrics.0.source.step does not divide the cohort of PT6H']],
  ] as const)
    it(`holds a step of ${step} against a cohort of six hours and the points of one answer`, () =>
      assert.deepEqual(
        problems((file) => {
          const source = { kind: 'prometheus', events: 'bad', exposures: 'all', step };
          const metric = { name: 'slow', shape: 'count', meaning: 'slow answers', harmRatio: 2, role: 'diagnostic' };
          (file['rollout'] as Record<string, Json>)['metrics'] = [{ ...metric, unitOfAnalysis: 'request', source }];
        }),
        expected,
      ));

  for (const [cohort, tiles] of [
    ['PT1M', true],
    ['PT7M', false],
    ['PT8H', true],
    ['PT9H', false],
    ['P1D', true],
    ['PT25H', false],
    ['P0D', false],
  ] as const)
    it(`${tiles ? 'accepts' : 'refuses'} cohorts of ${cohort}`, () =>
      assert.equal(
        problems((file) => void (file['cohort'] = cohort)).some((problem) => problem.startsWith('cohort ')),
        !tiles,
      ));

  for (const [quorum, expected] of [
    [1, []],
    [2, []],
    [3, ['rollout.steps.3.approvals.quorum asks for 3 people']],
  ] as const)
    it(`holds a quorum of ${quorum} against two people`, () =>
      assert.deepEqual(
        problems((file) => void ((stepsOf(file)[3]!['approvals'] as Record<string, Json>)['quorum'] = quorum)),
        expected,
      ));

  const asking = (file: ReturnType<typeof sound>, changes: Record<string, Json> = {}): Json =>
    (file['labeling'] = {
      question: 'Was it late?',
      every: 'PT12H',
      size: 50,
      deadline: 'P1D',
      role: 'approver',
      ...changes,
    });

  for (const [deadline, expected] of [
    ['P1DT11H', []],
    ['P1DT12H', ['labeling.every comes to answers that do not count']],
    ['P1DT13H', ['labeling.every comes to answers that do not count']],
  ] as const)
    it(`holds campaigns of twelve hours and a deadline of ${deadline} against two days in which a label counts`, () =>
      assert.deepEqual(
        problems((file) => void asking(file, { deadline })),
        expected,
      ));

  for (const [size, expected] of [
    [44, ['labeling.goldShare gives a campaign of 44 tasks 4 of known outcome']],
    [45, []],
    [46, []],
  ] as const)
    it(`holds the gold tasks of ${size} against five that judge a person`, () =>
      assert.deepEqual(
        problems((file) => void asking(file, { size })),
        expected,
      ));

  it('finds no fault in what the guide declares of labelling', () => {
    const [, block = ''] = /```yaml\n([^]*?)```/.exec(readFileSync('docs/guides/label-by-hand.md', 'utf8')) ?? [];
    const guide = parse(block) as { [key: string]: Json };
    const faults = problems((file) => {
      file['labeling'] = guide['labeling']!;
      file['people'] = { ...(file['people'] as object), ...(guide['people'] as object) };
      Object.assign(file['label'] as object, guide['label']);
    });
    assert.deepEqual(
      faults.filter((problem) => problem.startsWith('labeling')),
      [],
    );
    assert.deepEqual(Object.keys(guide['labeling'] as object).length, 9);
  });

  it('asks nobody for numbers', () => {
    const asked = (task: string, labeling: boolean): string[] =>
      problems((file) => {
        file['task'] = task;
        if (labeling) asking(file);
      });
    assert.deepEqual(
      asked('regression', true).filter((problem) => !asked('regression', false).includes(problem)),
      ['labeling asks people whether something is so'],
    );
  });

  it('asks nobody about what is declared to be a no', () =>
    assert.deepEqual(
      problems((file) => {
        (file['label'] as Record<string, Json>)['absence'] = 'zero';
        asking(file);
      }),
      ['labeling asks about outcomes that have not come'],
    ));

  it('accepts a ladder without canaries where nothing may be exposed before full', () =>
    assert.deepEqual(
      problems((file) => {
        file['unit'] = { name: 'parcel', assignment: 'shadow-only' };
        const rollout = file['rollout'] as Record<string, Json>;
        rollout['season'] = 'P5D';
        rollout['steps'] = stepsOf(file).filter(({ mode }) => mode !== 'canary');
      }),
      [],
    ));

  it('accepts a ladder without shadow where acting changes the label', () =>
    assert.deepEqual(
      problems((file) => {
        (file['label'] as Record<string, Json>)['affectsLabel'] = true;
        for (const idea of file['ideas'] as Record<string, Json>[]) idea['claim'] = 'not-worse';
        const rollout = file['rollout'] as Record<string, Json>;
        rollout['seasonWaiver'] = 'no season';
        rollout['steps'] = stepsOf(file).filter(({ mode }) => mode !== 'shadow');
      }),
      [],
    ));
});

describe('judging any content as a model', () => {
  /** Places of every value in the sound file. */
  const places: (string | number)[][] = [];
  const collect = (value: Json, place: (string | number)[]): void => {
    places.push(place);
    if (Array.isArray(value)) value.forEach((element, index) => collect(element, [...place, index]));
    else if (value !== null && typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) collect(member, [...place, key]);
    }
  };
  const base = sound();
  collect(base, []);

  const replaced = (value: Json, [head, ...rest]: (string | number)[], by: Json): Json => {
    if (head === undefined) return by;
    if (Array.isArray(value))
      return value.map((element, index) => (index === head ? replaced(element, rest, by) : element));
    const mapping = value as { [key: string]: Json };
    // A place under what an earlier mutation has replaced is gone.
    if (mapping === null || typeof mapping !== 'object' || !Object.hasOwn(mapping, head)) return value;
    return { ...mapping, [head]: replaced(mapping[head]!, rest, by) };
  };

  const wild = fc.oneof(
    fc.jsonValue() as fc.Arbitrary<Json>,
    fc.constantFrom<Json>(
      'P7D',
      'PT0S',
      'P0D',
      'stable',
      'depot',
      'weight',
      'lateDepot',
      '__proto__',
      'constructor',
      0,
      1,
      -1,
      1e308,
    ),
    fc
      .constantFrom(...places)
      .map((place) => place.reduce<Json>((here, part) => (here as { [key: string]: Json })[part]!, base)),
  );
  const mutated = fc
    .array(fc.tuple(fc.constantFrom(...places), wild), { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce<Json>((file, [place, by]) => replaced(file, place, by), base));

  it('never throws, and answers with faults in words or a declaration that can be named and read back', () =>
    fc.assert(
      fc.property(mutated, (content) => {
        const { declaration, faults } = checkModel(content);
        if (declaration === null) {
          assert.ok(faults.length > 0);
          for (const fault of faults) assert.match(faultInWords(fault), /^\S.*: \S/s);
        } else {
          assert.doesNotThrow(() => canonicalJson(declaration));
          assert.doesNotMatch(modelInWords(declaration), /undefined|\[object/);
        }
      }),
      { numRuns: 500 },
    ));

  it('judges a validated declaration as valid again, unchanged', () =>
    fc.assert(
      fc.property(mutated, (content) => {
        const { declaration } = checkModel(content);
        if (declaration !== null) assert.deepEqual(checkModel(declaration).declaration, declaration);
      }),
      { numRuns: 500 },
    ));
});
