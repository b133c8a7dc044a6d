import assert from 'node:assert/strict';
import { captured } from '../captured.ts';
import { COLUMNS, csvOf, Folder, pastUnits } from './fixtures.ts';

const folder = new Folder();
const sound = csvOf(pastUnits({ units: 400, delta: 0, share: 0.5, seed: 1, days: 1 }));

describe('holdfast gate analyze refuses, of records and policies,', () => {
  after(() => folder.remove());

  const POLICY = 'steps: [{ exposure: 0.5 }]\nstreams: [{ id: failed, kind: difference, safeMargin: 0.02 }]\n';
  const COHORT =
    '{"cohort":1,"step":0,"exposureBp":5000,"status":"ok","assigned":{"control":1,"candidate":1},"differences":{"failed":[[0,1,1]]}}';

  for (const [title, records, message] of [
    ['a line that is no JSON', `${COHORT}\n{cohort: 2}\n`, /c\.jsonl:2 {2}is no JSON/],
    [
      'a record without status',
      COHORT.replace('"status":"ok",', ''),
      /c\.jsonl:1 {2}status: is missing; allowed: "ok", "pending" or "void"/,
    ],
    ['a record with a field nobody knows', COHORT.replace('step', 'stage'), /c\.jsonl:1 {2}stage: unknown field/],
    [
      'a negative count',
      COHORT.replace('"control":1', '"control":-1'),
      /c\.jsonl:1 {2}assigned\.control: is too small \(got -1\)/,
    ],
    ['a difference beyond 1', COHORT.replace('[0,1,1]', '[2,1,1]'), /difference 2\/1 is out of range/],
    ['no records', '\n\n', /c\.jsonl {2}has no cohort records/],
  ] as const)
    it(`cohort records with ${title}`, async () => {
      const [file, policy] = [folder.write('c.jsonl', records), folder.write('p.yaml', POLICY)];
      const { exitCode, stderr } = await captured(['gate', 'analyze', '--cohorts', file, '--policy', policy]);
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
    });

  for (const [title, flags, message] of [
    ['a margin', ['--margin', '0.01'], /--margin is given beside --policy/],
    ['a harm margin', ['--harm-margin', '0.01'], /--harm-margin is given beside --policy/],
    ['a preset', ['--preset', 'fast'], /--preset is given beside --policy/],
  ] as const)
    it(`a policy file beside ${title}`, async () => {
      const [file, policy] = [folder.write('s.csv', sound), folder.write('p.yaml', POLICY)];
      const { exitCode, stderr } = await captured(['gate', 'analyze', file, ...COLUMNS, '--policy', policy, ...flags]);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });

  it('a range for the columns of several streams', async () => {
    const [file, policy] = [
      folder.write('s.csv', sound.replace('failed', 'late')),
      folder.write(
        'two.yaml',
        'streams:\n  - { id: failed, kind: count, harmRatio: 2 }\n  - { id: late, kind: count, harmRatio: 2 }\n',
      ),
    ];
    const args = [...COLUMNS.slice(0, 6), '--policy', policy, '--range', '0..9'];
    const { exitCode, stderr } = await captured(['gate', 'analyze', file, ...args]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--range is given for the streams of failed, late; it is one metric’s/);
  });
});
