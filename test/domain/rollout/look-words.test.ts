import assert from 'node:assert/strict';
import { TABLE_COLUMNS_MAX } from '../../../src/domain/aligned-table.ts';
import { ERROR_STREAM, LOSS_STREAM, planGateRun } from '../../../src/domain/rollout/gate-runs.ts';
import { lookInWords, lookTable } from '../../../src/domain/rollout/look-words.ts';
import { STATISTICAL_PRESETS } from '../../../src/domain/rollout/presets.ts';
import { beginGate, lookAt } from '../../../src/domain/statistics/index.ts';
import type { Cohort, DiffHistogram, GatePolicy, GateState, LookRecord } from '../../../src/domain/statistics/index.ts';

const RUN = {
  preset: STATISTICAL_PRESETS.standard,
  claim: 'not-worse',
  cohortMs: 3 * 3_600_000,
  labelLag: 0,
  policy: {
    marginPerThousand: 4,
    harmBudgetPerThousand: 5,
    errorRatio: 2,
    slices: [],
    metrics: [],
    steps: [
      { mode: 'offline' },
      { mode: 'shadow', minSpan: 'PT6H', minUnits: 100, deadline: 'P1D' },
      { mode: 'canary', exposure: 0.05, minSpan: 'PT3H', minUnits: 100, deadline: 'P1D' },
      { mode: 'full', watch: 'PT0S', holdback: 0 },
    ],
  },
} as const;
const SHADOW = planGateRun(RUN, 'shadow').policy;
const CANARY = planGateRun(RUN, 'canary').policy;

/** Differences of `size` per unit, in ten-thousandths, for so many units. */
const differences = (size: number, units: number): DiffHistogram => [[size, 10_000, units]];

interface Arrived {
  readonly loss?: DiffHistogram;
  readonly errors?: readonly [number, number, number, number];
  readonly exposureBp?: number;
}

function afterLooks(
  policy: GatePolicy,
  arrived: readonly Arrived[],
  mayAdvance = false,
): [GatePolicy, GateState, LookRecord] {
  let state = beginGate(policy);
  let record: LookRecord | null = null;
  arrived.forEach(({ loss, errors = [0, 0, 500, 1000], exposureBp = 0 }, index) => {
    const cohort: Cohort = {
      cohort: index + 1,
      step: state.step,
      exposureBp,
      status: 'ok',
      assigned: { control: 10_000 - exposureBp, candidate: exposureBp },
      counts: { [ERROR_STREAM]: errors },
      ...(loss === undefined ? { pending: [LOSS_STREAM] } : { differences: { [LOSS_STREAM]: loss } }),
    };
    ({ state, record } = lookAt(policy, state, cohort, { mayAdvance }));
  });
  assert.ok(record !== null);
  return [policy, state, record];
}

const inWords = (policy: GatePolicy, arrived: readonly Arrived[]): string =>
  lookInWords(...afterLooks(policy, arrived), LOSS_STREAM);

describe('a look of the gate in words', () => {
  it('is a table of metrics, of the evidence for either verdict, and of the span', () => {
    const look = afterLooks(SHADOW, [{ loss: differences(-2000, 1500), errors: [4, 6, 500, 1000] }]);
    assert.deepEqual(lookTable(...look).split('\n'), [
      'metric  differs  between          margin  units      assessment',
      'loss     -200.0  -203.4 … -195.2  < 4.0   1,500/100  successful',
      'errors     ×2.0                   < ×2    500        watched',
      '',
      'evidence  that it is safe  that it harms',
      'loss      ×1e114 of ×20    ×0.27 of ×25',
      'errors    –                ×0.90 of ×100',
      '',
      'matured cohorts of this step: 1, needs 2',
    ]);
  });

  it('fits beside the summary of the web UI, also with many units', () => {
    const look = afterLooks(CANARY, [{ loss: differences(-123, 260_580), exposureBp: 500 }]);
    for (const line of lookTable(...look).split('\n')) assert.ok(line.length <= TABLE_COLUMNS_MAX, line);
  });

  it('says that nothing has matured where nothing has', () => {
    const look = afterLooks(SHADOW, [{}]);
    assert.match(lookTable(...look), /^loss +– +– +< 4\.0 +0\/100 +error$/m);
    assert.equal(
      lookInWords(...look, LOSS_STREAM),
      'holds, evidence of loss that is due has not arrived: no label has matured yet',
    );
  });

  it('says better, worse or open with the range that goes with it', () => {
    const shadow = SHADOW;
    assert.match(
      inWords(shadow, [{ loss: differences(-2000, 1500) }]),
      /^certified, and the step’s span or units are not covered yet: the loss is better by 200\.0 per 1,000 \(195\.2 to 203\.4; 1,500 units\)$/,
    );
    assert.match(
      inWords(shadow, [{ loss: differences(30, 40) }]),
      /^not enough evidence yet: the loss looks worse by 3\.0 per 1,000 \(\d+\.\d better to \d+\.\d worse; 40 units\)$/,
    );
    const harmful = inWords(CANARY, [{ loss: differences(2000, 1500), exposureBp: 500 }]);
    assert.match(harmful, /^harm certified on loss: the loss is worse by 200\.0 per 1,000 \(.*\), harm is above 2\.5$/);
  });

  it('names what failed', () => {
    const look = afterLooks(CANARY, [{ loss: differences(2000, 1500), exposureBp: 500 }]);
    assert.match(lookTable(...look), /^loss .* failed$/m);
  });

  it('says what margin a worse loss was certified below when it advances', () => {
    const advanced = (size: number): string => {
      const loss = differences(size, 100_000);
      return lookInWords(...afterLooks(SHADOW, [{ loss }, { loss }], true), LOSS_STREAM);
    };
    assert.match(advanced(10), /^certified below the margin of 4\.0: the loss is worse by 1\.0 per 1,000 \(/);
    assert.match(advanced(-10), /^certified: the loss is better by 1\.0 per 1,000 \(/);
  });

  it('says that only an approval is missing once everything else is there', () => {
    const loss = differences(-2000, 1500);
    assert.match(inWords(SHADOW, [{ loss }, { loss }]), /^only an approval is missing: the loss is better by/);
  });
});
