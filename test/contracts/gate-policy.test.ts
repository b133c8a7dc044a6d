import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGatePolicyFile } from '../../src/adapters/declaration-file/gate-policy.ts';
import { HoldfastError } from '../../src/contracts/errors.ts';
import { checkGatePolicy } from '../../src/contracts/gate-policy.ts';
import type { GatePolicy } from '../../src/domain/statistics/index.ts';

const STREAM = 'streams:\n  - { id: failed, kind: difference, safeMargin: 0.02 }\n';

/** Title, file, what is said with its place. */
const FAULTS: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['nothing', '', /p\.yaml:1:1 {2}the file: is empty; declare at least one stream/],
  ['no YAML', 'streams: [', /p\.yaml:\d+:\d+ {2}the file: is not YAML here/],
  [
    'two documents',
    `${STREAM}---\n${STREAM}`,
    /p\.yaml:3:1 {2}the file: holds a second document; one policy, one file/,
  ],
  ['no streams', 'alpha: 0.05\n', /p\.yaml:1:1 {2}streams: is missing; allowed: a list/],
  ['an empty list of streams', 'streams: []\n', /p\.yaml:1:10 {2}streams: has too few entries/],
  ['a field nobody knows', `alhpa: 0.05\n${STREAM}`, /p\.yaml:1:1 {2}alhpa: unknown field; did you mean "alpha"\?/],
  [
    'a preset that is none',
    `preset: quick\n${STREAM}`,
    /p\.yaml:1:9 {2}preset: is not one of the choices \(got "quick"\); allowed: "cautious", "standard" or "fast"/,
  ],
  ['a level of 0', `alpha: 0\n${STREAM}`, /p\.yaml:1:8 {2}alpha: is too small \(got 0\); allowed: more than 0/],
  ['a level of 1', `beta: 1\n${STREAM}`, /p\.yaml:1:7 {2}beta: is too large \(got 1\); allowed: less than 1/],
  [
    'a stream of no kind',
    'streams: [{ id: a }]\n',
    /p\.yaml:1:1\d {2}streams\[0\]\.kind: is missing; allowed: "difference" or "count"/,
  ],
  [
    'a stream without margins',
    'streams:\n  - id: a\n    kind: difference\n',
    /p\.yaml:2:5 {2}streams\[0\]\.harmMargin: is missing; without a positive safeMargin or a harmBudget to take half of/,
  ],
  [
    'a claimed improvement without harm',
    'streams:\n  - { id: a, kind: difference, safeMargin: 0 }\n',
    /streams\[0\]\.harmMargin: is missing/,
  ],
  [
    'a required stream that cannot be certified',
    'streams:\n  - { id: a, kind: count, harmRatio: 2, requiredForAdvance: true }\n',
    /p\.yaml:2:5 {2}streams\[0\]: .*is required for advance but has no safe margin; declare one, or a harm budget/,
  ],
  [
    'two streams of one name',
    'streams:\n  - { id: a, kind: count, harmRatio: 2 }\n  - { id: a, kind: count, harmRatio: 3 }\n',
    /streams: stream id "a" is empty or repeated; give each stream its own id/,
  ],
  [
    'weights over 1',
    'streams:\n  - { id: a, kind: count, harmRatio: 2, weight: 0.7 }\n  - { id: b, kind: count, harmRatio: 3, weight: 0.6 }\n',
    /streams: stream weights sum to 1\.29\d*; all harm tests share one alpha, so give at most 1/,
  ],
  [
    'weights that leave nothing',
    'streams:\n  - { id: a, kind: count, harmRatio: 2, weight: 1 }\n  - { id: b, kind: count, harmRatio: 3 }\n',
    /streams: weights sum to 1 and leave nothing to 1 more/,
  ],
  [
    'a margin beyond 1',
    'streams:\n  - id: a\n    kind: difference\n    safeMargin: 2\n',
    /p\.yaml:4:17 {2}streams\[0\]\.safeMargin: is 2 in direction safe \(got 2\); give an absolute loss difference in \[-1, 1\)/,
  ],
  [
    'a harm margin beyond 1',
    'streams:\n  - { id: a, kind: difference, harmMargin: -1 }\n',
    /p\.yaml:2:44 {2}streams\[0\]\.harmMargin: is -1 in direction harm/,
  ],
  [
    'a budget of 1',
    'streams:\n  - { id: a, kind: difference, harmBudget: 1 }\n',
    /streams\[0\]\.harmBudget: is too large \(got 1\)/,
  ],
  [
    'a ratio of 0',
    'streams:\n  - { id: a, kind: count, harmRatio: 0 }\n',
    /streams\[0\]\.harmRatio: is too small \(got 0\)/,
  ],
  ['an empty ladder', `steps: []\n${STREAM}`, /p\.yaml:1:8 {2}steps: has too few entries/],
  [
    'a step without exposure',
    `steps:\n  - { minUnits: 5 }\n${STREAM}`,
    /p\.yaml:2:5 {2}steps\[0\]: says no exposure; give exposure as a fraction, 0\.05 for 5 %/,
  ],
  [
    'a step with two',
    `steps:\n  - { exposure: 0.05, exposureBp: 500 }\n${STREAM}`,
    /p\.yaml:2:35 {2}steps\[0\]\.exposureBp: says the exposure again \(got 500\)/,
  ],
  [
    'an exposure as per cent',
    `steps:\n  - { exposure: 5 }\n${STREAM}`,
    /p\.yaml:2:17 {2}steps\[0\]\.exposure: is too large \(got 5\); allowed: 1 or less/,
  ],
  [
    'an exposure too fine',
    `steps:\n  - { exposure: 0.00001 }\n${STREAM}`,
    /steps\[0\]\.exposure: is finer than 0\.0001 \(got 0\.00001\)/,
  ],
  [
    'half a unit',
    `steps:\n  - { exposure: 0.5, minUnits: 0.5 }\n${STREAM}`,
    /steps\[0\]\.minUnits: must be a whole number \(got 0\.5\)/,
  ],
  [
    'a grid the wrong way round',
    `grid: { points: 3, min: 0.9, max: 0.1 }\n${STREAM}`,
    /p\.yaml:1:7 {2}grid: runs from 0\.9 to 0\.1; give .* <= min <= max < 1/,
  ],
  ['more partners than there are', `maxMatch: 40\n${STREAM}`, /maxMatch: is too large \(got 40\); allowed: 20 or less/],
];

describe('a gate policy', () => {
  let folder = '';
  let file = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-policy-'));
    file = join(folder, 'p.yaml');
  });
  after(() => rm(folder, { recursive: true }));

  for (const [title, text, message] of FAULTS)
    it(`refuses ${title}, and says where`, async () => {
      await writeFile(file, text);
      const error = await readGatePolicyFile(file).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof HoldfastError);
      assert.equal(error.code, 'GATE_POLICY_INVALID');
      assert.match(error.message, message);
    });

  it('tells every fault at once, in the order of the file', async () => {
    await writeFile(file, 'alpha: 2\nbeta: 2\nstreams: [{ id: a, kind: differences }]\n');
    await assert.rejects(readGatePolicyFile(file), ({ message }: Error) => {
      assert.deepEqual(
        message.split('\n').map((line) => line.split('  ')[1]?.split(':')[0]),
        ['alpha', 'beta', 'streams[0].kind'],
      );
      return true;
    });
  });

  it('fills in what a preset, half margins and equal weights stand for', () => {
    const { value } = checkGatePolicy({
      preset: 'cautious',
      steps: [{ exposure: 0.05, minUnits: 100 }],
      streams: [
        { id: 'failed', kind: 'difference', safeMargin: 0.02 },
        { id: 'budgeted', kind: 'difference', harmBudget: 0.004, column: 'y' },
        { id: 'errors', kind: 'count', harmRatio: 1.5, weight: 0.2 },
      ],
    });
    assert.ok(value !== null);
    const { alpha, beta, restartEvery, srmConcentration, maxMatch, steps, streams } = value.policy;
    assert.deepEqual(
      { alpha, beta, restartEvery, srmConcentration, maxMatch },
      { alpha: 0.1, beta: 0.01, restartEvery: 12, srmConcentration: 1000, maxMatch: 20 },
    );
    assert.deepEqual(steps, [{ exposureBp: 500, minUnits: 100, minCohorts: 0, maxCohorts: Number.MAX_SAFE_INTEGER }]);
    assert.deepEqual(
      streams.map(({ weight, requiredForAdvance }) => [weight, requiredForAdvance]),
      [
        [0.4, true],
        [0.4, true],
        [0.2, false],
      ],
    );
    assert.deepEqual(
      streams.map((stream) => stream.kind === 'difference' && stream.harmMargin),
      [0.01, 0.002, false],
    );
    assert.deepEqual(value.columns, { failed: 'failed', budgeted: 'y', errors: 'errors' });
  });

  it('reads every policy of the published replays as it is', () => {
    const { cases } = JSON.parse(readFileSync('test/vectors/gate-replay.json', 'utf8')) as {
      cases: ReadonlyArray<{ id: string; input: { policy: GatePolicy } }>;
    };
    for (const { id, input } of cases) {
      const { value } = checkGatePolicy(input.policy);
      assert.deepEqual(value?.policy, input.policy, id);
    }
  });
});
