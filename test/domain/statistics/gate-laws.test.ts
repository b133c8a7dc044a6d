import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  analyzeCohorts,
  beginGate,
  effectiveSafeMargin,
  logECounts,
  logEHarmRestart,
  logEValue,
  lookAt,
  mergeHistograms,
} from '../../../src/domain/statistics/index.ts';
import type { Cohort, Completion, GatePolicy, GateState, LookRecord } from '../../../src/domain/statistics/index.ts';
import { shuffled } from './arbitraries.ts';

const LAG = 2;
const POLICY: GatePolicy = {
  alpha: 0.05,
  beta: 0.05,
  alphaHold: 0.2,
  alphaSrm: 0.001,
  srmConcentration: 1000,
  maxMatch: 20,
  restartEvery: 3,
  steps: [
    { exposureBp: 0, minUnits: 50, minCohorts: 1, maxCohorts: 30, minSpan: 2 },
    { exposureBp: 500, minUnits: 50, minCohorts: 2, maxCohorts: 30 },
    { exposureBp: 5000, minUnits: 50, minCohorts: 2, maxCohorts: 30 },
  ],
  streams: [
    {
      id: 'loss',
      kind: 'difference',
      weight: 0.5,
      harmMargin: 0,
      safeMargin: null,
      harmBudget: 0.02,
      lag: LAG,
      requiredForAdvance: true,
    },
    { id: 'slice', kind: 'difference', weight: 0.3, harmMargin: 0.01, safeMargin: 0.05, quantum: 100 },
    { id: 'errors', kind: 'count', weight: 0.2, harmRatio: 1.2, safeRatio: 1.5, requiresExposureIntegrity: false },
  ],
};

const counts = fc.record({
  isVoid: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  loss: fc.tuple(fc.nat(12), fc.nat(400), fc.nat(12)),
  slice: fc.tuple(fc.integer({ min: -100, max: 100 }), fc.nat(30)),
  errors: fc.nat(9),
  candidate: fc.integer({ min: 20, max: 80 }),
});

const rollouts: fc.Arbitrary<Cohort[]> = fc.array(counts, { minLength: 1, maxLength: 14 }).map((drawn) =>
  drawn.map(({ isVoid, loss, slice, errors, candidate }, i) => ({
    cohort: i + 1,
    step: Math.floor(i / 4),
    exposureBp: i < 4 ? 0 : 500,
    status: isVoid ? 'void' : 'ok',
    assigned: { control: 1000 - candidate, candidate: i < 4 ? 0 : candidate },
    differences: {
      loss: [
        [-1, 1, loss[0]],
        [0, 1, loss[1]],
        [1, 1, loss[2]],
      ],
      slice: [[slice[0], 100, slice[1]]],
    },
    counts: { errors: [errors, errors + 9, candidate, 1000] },
  })),
);

/** Feeds cohorts one by one; the labels of each come LAG cohorts later, the state through JSON each time. */
function lookThrough(cohorts: readonly Cohort[]): { state: GateState; records: LookRecord[] } {
  let state = beginGate(POLICY);
  const records: LookRecord[] = [];
  for (const cohort of cohorts) {
    if (state.terminal !== null) break;
    const { loss: _, ...known } = cohort.differences!;
    const record: Cohort = cohort.status === 'void' ? cohort : { ...cohort, differences: known };
    const matured = cohorts[cohort.cohort - 1 - LAG];
    const completions: Completion[] =
      matured === undefined || matured.status === 'void'
        ? []
        : [{ cohort: matured.cohort, differences: { loss: matured.differences!['loss']! } }];
    const look = lookAt(POLICY, JSON.parse(JSON.stringify(state)) as GateState, record, { completions });
    state = look.state;
    records.push(look.record);
  }
  return { state, records };
}

describe('the gate', () => {
  it('decides byte for byte the same in any order of delivery, with any duplicates', () => {
    fc.assert(
      fc.property(rollouts, fc.nat(), (cohorts, seed) => {
        const repeated = shuffled([...cohorts, ...cohorts.filter((_, i) => (seed >> (i % 20)) % 2 === 1)], seed);
        assert.equal(JSON.stringify(analyzeCohorts(POLICY, repeated)), JSON.stringify(analyzeCohorts(POLICY, cohorts)));
      }),
    );
  });

  it('looks one cohort at a time, state through JSON, exactly as it judges the whole set', () => {
    fc.assert(
      fc.property(rollouts, (cohorts) => {
        const { decisions, final } = analyzeCohorts(POLICY, cohorts);
        const { records, state } = lookThrough(cohorts);
        assert.equal(JSON.stringify(records), JSON.stringify(decisions));
        const { progress: _, ...stateFinal } = state;
        assert.equal(JSON.stringify(stateFinal), JSON.stringify(final));
      }),
    );
  });

  it('neither rolls back nor advances for want of data: a pending cohort holds and ends the looks', () => {
    fc.assert(
      fc.property(rollouts, fc.nat(13), (cohorts, index) => {
        const at = index % cohorts.length;
        const down = cohorts.map((cohort, i): Cohort => (i >= at ? { ...cohort, status: 'pending' } : cohort));
        const [before, during] = [analyzeCohorts(POLICY, cohorts).decisions, analyzeCohorts(POLICY, down).decisions];
        if (before.length <= at) return;
        assert.deepEqual(during.slice(0, at), before.slice(0, at));
        assert.deepEqual(
          during.slice(at).map(({ decision, reasons }) => [decision, reasons]),
          [['hold', ['data-pending']]],
        );
        assert.deepEqual(analyzeCohorts(POLICY, [...down, ...cohorts]).decisions, before);
      }),
    );
  });

  it('never advances while a required stream is overdue, and goes on judging the others', () => {
    fc.assert(
      fc.property(rollouts, fc.nat(13), (cohorts, from) => {
        const dead = cohorts.map((cohort, i): Cohort => (i >= from ? { ...cohort, pending: ['loss'] } : cohort));
        for (const { cohort, decision, prefixes, streams } of analyzeCohorts(POLICY, dead).decisions) {
          assert.ok(streams !== undefined);
          if ((prefixes?.['loss'] ?? cohort) < cohort - LAG) assert.notEqual(decision, 'advance');
        }
      }),
    );
  });

  it('keeps the running maxima and the step from falling', () => {
    fc.assert(
      fc.property(rollouts, (cohorts) => {
        const { decisions } = analyzeCohorts(POLICY, cohorts);
        for (const [i, record] of decisions.entries()) {
          const before = decisions[i - 1];
          if (before === undefined) continue;
          assert.equal(record.step, before.step + (before.decision === 'advance' ? 1 : 0));
          assert.ok(record.lnSrmMax! >= before.lnSrmMax!);
          for (const id of Object.keys(record.streams!))
            assert.ok(record.streams![id]!.lnHarmMax >= before.streams![id]!.lnHarmMax);
        }
      }),
    );
  });

  it('records the ln e that the published functions give for its counts', () => {
    fc.assert(
      fc.property(rollouts, (cohorts) => {
        const { decisions, final } = analyzeCohorts(POLICY, cohorts);
        const last = decisions.at(-1)!;
        const [loss, slice, errors] = ['loss', 'slice', 'errors'].map((id) => final.state[id]!);
        assert.ok('epochs' in loss! && 'epochs' in slice! && 'windows' in errors!);
        const windows = Object.values(errors.windows).map(
          ([candidateEvents, events, candidateExposures, exposures]) => ({
            candidateEvents,
            events,
            candidateExposures,
            exposures,
          }),
        );
        const judged = (last.prefixes?.['loss'] ?? last.cohort) - 1;
        const lossEpochs = judged < 0 ? [] : loss.epochs.slice(0, Math.floor(judged / POLICY.restartEvery) + 1);
        const half = 1 / 200;
        for (const [got, want] of [
          [last.streams!['loss']!.lnHarm, logEHarmRestart(lossEpochs, 0)],
          [last.streams!['slice']!.lnHarm, logEHarmRestart(slice.epochs, 0.01 + half)],
          [last.streams!['slice']!.lnSafe!, logEValue(mergeHistograms(...slice.epochs), 0.05 - half, 'safe')],
          [last.streams!['errors']!.lnSafe!, logECounts(windows, 1.5, 'safe')],
        ] as const) {
          assert.ok(Math.abs(got - want) <= 1e-9 + 1e-10 * Math.abs(want), `${got} for ${want}`);
        }
      }),
    );
  });

  it('changes nothing by looks at cohorts declared void', () => {
    fc.assert(
      fc.property(rollouts, (cohorts) => {
        const { decisions } = analyzeCohorts(POLICY, cohorts);
        for (const { cohort, decision, reasons } of decisions) {
          if (cohorts[cohort - 1]!.status === 'void') assert.deepEqual([decision, reasons], ['hold', ['cohort-void']]);
        }
      }),
    );
  });

  it('lets a harm budget certify narrower margins as the next exposure grows', () => {
    const stream = POLICY.streams[0]!;
    assert.ok(stream.kind === 'difference');
    const marginAt = (step: number) => effectiveSafeMargin(POLICY, stream, step);
    for (const [step, want] of [0.4, 0.04, 0.02].entries()) assert.ok(Math.abs(marginAt(step)! - want) < 1e-12);
  });
});
