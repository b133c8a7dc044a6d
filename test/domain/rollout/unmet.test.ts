import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planGateRun, policyAtStep } from '../../../src/domain/rollout/gate-runs.ts';
import { gateProgress } from '../../../src/domain/rollout/gate-progress.ts';
import { takeLook } from '../../../src/domain/rollout/looks.ts';
import { STATISTICAL_PRESETS } from '../../../src/domain/rollout/presets.ts';
import { unmetConditions } from '../../../src/domain/rollout/unmet.ts';
import { beginGate } from '../../../src/domain/statistics/index.ts';
import type { CountTuple } from '../../../src/domain/statistics/index.ts';
import { HOUR_MS } from '../../../src/domain/time.ts';

const GATE = { minSpan: 'PT2H', minUnits: 8000, deadline: 'PT8H', gates: ['refunds'] };
const PLAN = planGateRun(
  {
    policy: {
      marginPerThousand: 4,
      harmBudgetPerThousand: 5,
      errorRatio: 2,
      slices: [],
      metrics: [
        {
          name: 'refunds',
          shape: 'count',
          observable: ['canary'],
          role: 'required',
          lag: 'PT0S',
          harmRatio: 2,
          safeRatio: 3,
        },
      ],
      steps: [
        { mode: 'offline' },
        { mode: 'canary', exposure: 0.05, ...GATE },
        { mode: 'canary', exposure: 0.25, ...GATE },
        { mode: 'full', watch: 'PT0S', holdback: 0 },
      ],
    },
    preset: STATISTICAL_PRESETS.standard,
    claim: 'not-worse',
    cohortMs: HOUR_MS,
    labelLag: 0,
  },
  'canary',
);
const FIRST = 11;

/** One cohort of a world that may be calm, worse, silent, split wrongly, or void. */
const anyCohort = fc.record({
  events: fc.integer({ min: 0, max: 400 }),
  isSilent: fc.boolean(),
  isSplit: fc.integer({ min: 0, max: 9 }).map((draw) => draw > 0),
  isVoid: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  mayAdvance: fc.boolean(),
});

describe('what keeps a step from being left', () => {
  it('is named in every waiting state that a gate can reach, and nowhere else', () =>
    fc.assert(
      fc.property(fc.array(anyCohort, { minLength: 1, maxLength: 14 }), (cohorts) => {
        let state = beginGate(PLAN.policy);
        for (const [index, { events, isSilent, isSplit, isVoid, mayAdvance }] of cohorts.entries()) {
          if (state.terminal !== null) return;
          const cohort = FIRST + index;
          const counted = (stream: string, window: CountTuple) => ({ stream, cohort, histogram: null, window });
          const evidence = [
            { stream: 'loss', cohort, histogram: [], window: null },
            counted('errors', [0, 0, 5000, 100_000]),
            ...(isSilent ? [] : [counted('refunds', [events, 2000, 5000, 100_000])]),
          ];
          const basis = {
            runStart: FIRST,
            cohort,
            step: state.step,
            exposureBp: 500,
            status: isVoid ? ('void' as const) : ('ok' as const),
            assigned: isSplit ? { control: 95_000, candidate: 5000 } : { control: 60_000, candidate: 40_000 },
            batches: [],
            mayAdvance,
            extraCohorts: 0,
            assignmentFaults: [],
          };
          const looked = takeLook(PLAN, state, { basis, evidence });
          const { record } = looked;
          const policy = policyAtStep(PLAN, record.step, 0);
          const missing = new Map(isSilent ? [['refunds', 'has not been pushed']] : []);
          const given = { policy, state: looked.state, record, cohortMs: HOUR_MS, missing };
          const unmet = unmetConditions(given);
          const isOver = record.decision === 'advance' || record.decision === 'rollback';
          assert.equal(
            unmet.length === 0,
            isOver,
            `${record.decision} for ${record.reasons.join()}: ${unmet.join('; ')}`,
          );
          for (const line of unmet) assert.ok(line.trim() !== '' && !/NaN|Infinity|undefined|null/.test(line), line);
          for (const { safe, harm, leftMs, units } of gateProgress(given)) {
            for (const share of [safe ?? 0, harm]) assert.ok(share >= 0 && share <= 1);
            assert.ok(Number.isInteger(units) && (leftMs === null || (Number.isFinite(leftMs) && leftMs >= 0)));
          }
          ({ state } = looked);
        }
      }),
      { numRuns: 150 },
    ));
});
