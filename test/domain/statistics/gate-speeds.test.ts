import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { analyzeCohorts, beginGate, lookAgain, lookAt } from '../../../src/domain/statistics/index.ts';
import type {
  Cohort,
  Completion,
  GatePolicy,
  GateState,
  LookRecord,
  StreamPolicy,
} from '../../../src/domain/statistics/index.ts';
import { shuffled } from './arbitraries.ts';

const LAGS = { errors: 0, clicks: 1, loss: 3 } as const;
type StreamId = keyof typeof LAGS;
const IDS: readonly StreamId[] = ['errors', 'clicks', 'loss'];
const COHORTS = 14;
const DEADLINE = 10;

function policyOf(o: { alpha?: number; maxCohorts?: number } = {}): GatePolicy {
  const difference = { kind: 'difference', harmMargin: 0, safeMargin: 0.05, requiredForAdvance: true } as const;
  const streams: StreamPolicy[] = [
    { id: 'errors', kind: 'count', weight: 0.2, harmRatio: 1, safeRatio: null, requiresExposureIntegrity: false },
    { ...difference, id: 'clicks', weight: 0.3, lag: LAGS.clicks },
    { ...difference, id: 'loss', weight: 0.5, lag: LAGS.loss },
  ];
  const step = { minUnits: 100, minCohorts: 4, maxCohorts: o.maxCohorts ?? 99 };
  return {
    alpha: o.alpha ?? 0.05,
    beta: 0.05,
    alphaHold: 0.2,
    alphaSrm: 0.001,
    srmConcentration: 1000,
    maxMatch: 20,
    restartEvery: 5,
    steps: [
      { exposureBp: 500, ...step },
      { exposureBp: 5000, ...step },
    ],
    streams,
  };
}

/** What each stream learns of a cohort. */
interface Facts {
  errors: number;
  clicks: readonly [better: number, worse: number];
  loss: readonly [better: number, worse: number];
}

const facts: fc.Arbitrary<Facts[]> = fc.array(
  fc.record({
    errors: fc.nat(4),
    clicks: fc.tuple(fc.nat(8), fc.nat(8)),
    loss: fc.tuple(fc.nat(8), fc.nat(8)),
  }),
  { minLength: COHORTS, maxLength: COHORTS },
);

function evidenceOf(id: StreamId, { errors, ...differences }: Facts): Omit<Completion, 'cohort'> {
  if (id === 'errors') return { counts: { errors: [errors, errors + 19, 50, 1000] } };
  const [better, worse] = differences[id];
  return {
    differences: {
      [id]: [
        [-1, 1, better],
        [0, 1, 40],
        [1, 1, worse],
      ],
    },
  };
}

/** The record of a cohort of which these streams are known, and the others awaited. */
function recordOf(cohort: number, known: readonly StreamId[], of: Facts): Cohort {
  const parts = known.map((id) => evidenceOf(id, of));
  return {
    cohort,
    step: 0,
    exposureBp: 500,
    status: 'ok',
    assigned: { control: 950, candidate: 50 },
    pending: IDS.filter((id) => !known.includes(id)),
    differences: Object.assign({}, ...parts.map(({ differences }) => differences)) as NonNullable<
      Cohort['differences']
    >,
    counts: Object.assign({}, ...parts.map(({ counts }) => counts)) as NonNullable<Cohort['counts']>,
  };
}

/** Looks cohort by cohort; evidence of a stream comes `delay(id, cohort)` looks after its cohort, or never (Infinity). */
function lookThrough(
  policy: GatePolicy,
  all: readonly Facts[],
  delay: (id: StreamId, cohort: number) => number,
): { records: LookRecord[]; state: GateState } {
  let state = beginGate(policy);
  const records: LookRecord[] = [];
  for (let look = 1; look <= all.length && state.terminal === null; look++) {
    const completions = IDS.flatMap((id) =>
      all.flatMap((of, i): Completion[] => {
        const cohort = i + 1;
        return cohort < look && cohort + delay(id, cohort) === look ? [{ cohort, ...evidenceOf(id, of) }] : [];
      }),
    );
    const known = IDS.filter((id) => delay(id, look) === 0);
    const taken = lookAt(policy, state, recordOf(look, known, all[look - 1]!), {
      completions: shuffled(completions, look),
    });
    state = taken.state;
    records.push(taken.record);
  }
  return { records, state };
}

const FACTS_OF_NOTHING: Facts = { errors: 0, clicks: [0, 0], loss: [0, 0] };
const asMatured = (id: StreamId): number => LAGS[id];

describe('streams of different speed, as laws (9.6)', () => {
  it('forget in which order, and in how many pieces, the streams of a cohort arrived', () => {
    fc.assert(
      fc.property(facts, fc.nat(), (all, seed) => {
        const whole = all.map((of, i) => recordOf(i + 1, IDS, of));
        const pieces = all.flatMap((of, i) => IDS.map((id) => recordOf(i + 1, [id], of)));
        const delivered = shuffled([...pieces, ...pieces.filter((_, i) => (seed >> (i % 20)) % 2 === 1)], seed);
        const policy = policyOf();
        assert.equal(JSON.stringify(analyzeCohorts(policy, delivered)), JSON.stringify(analyzeCohorts(policy, whole)));
      }),
    );
  });

  it('are judged after their cohort as they would have been with it', () => {
    fc.assert(
      fc.property(facts, fc.subarray([...IDS], { minLength: 1 }), fc.boolean(), (all, late, mayAdvance) => {
        const policy = policyOf({ maxCohorts: 9 });
        const soon = IDS.filter((id) => !late.includes(id));
        let state = beginGate(policy);
        for (const [index, of] of all.entries()) {
          const cohort = index + 1;
          const whole = lookAt(policy, state, recordOf(cohort, IDS, of), { mayAdvance });
          // A first look that may not advance leaves every other verdict as it is.
          const unassigned = { ...recordOf(cohort, soon, of), assigned: { control: 0, candidate: 0 } };
          const first = lookAt(policy, state, unassigned, { mayAdvance: false });
          if (first.state.terminal !== null) return;
          const { exposureBp, assigned } = recordOf(cohort, [], of);
          const told = { cohort, assigned: { exposureBp, ...assigned } };
          const completions: Completion[] = [...late.map((id) => ({ cohort, ...evidenceOf(id, of) })), told];
          const kept = JSON.parse(JSON.stringify(first.state)) as GateState;
          assert.deepEqual(lookAgain(policy, kept, 'ok', { mayAdvance, completions }), whole);
          if (whole.state.terminal !== null) return;
          ({ state } = whole);
        }
      }),
    );
  });

  it('are looked at again only after a first look, and never after the end', () => {
    const policy = policyOf();
    assert.throws(() => lookAgain(policy, beginGate(policy), 'ok'), { code: 'STAT_COHORT_ORDER' });
    const once = lookAt(policy, beginGate(policy), recordOf(1, [], FACTS_OF_NOTHING)).state;
    assert.throws(() => lookAgain(policy, { ...once, terminal: 'rolled-back' }, 'ok'), { code: 'STAT_GATE_ENDED' });
    const twice = [{ cohort: 2, ...evidenceOf('clicks', FACTS_OF_NOTHING) }];
    assert.throws(() => lookAgain(policy, once, 'ok', { completions: twice }), { code: 'STAT_COHORT_ORDER' });
    assert.equal(lookAgain(policy, once, 'void').record.reasons[0], 'cohort-void');
  });

  it('end with the same evidence and running maxima of a stream however late the others were', () => {
    // A level that nothing here reaches: what is compared is the evidence, not where a verdict ended it.
    const policy = policyOf({ alpha: 1e-300, maxCohorts: 999 });
    const frozen: GatePolicy = { ...policy, steps: policy.steps.map((step) => ({ ...step, minUnits: 1_000_000 })) };
    fc.assert(
      fc.property(facts, fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }), (all, delays) => {
        const late = (id: StreamId, cohort: number) =>
          cohort === COHORTS ? 0 : Math.min(LAGS[id] + delays[3 * cohort + IDS.indexOf(id)]!, COHORTS - cohort);
        const onTime = (id: StreamId, cohort: number) => Math.min(LAGS[id], COHORTS - cohort);
        const [a, b] = [lookThrough(frozen, all, late), lookThrough(frozen, all, onTime)];
        assert.deepEqual(a.records.at(-1)!.streams, b.records.at(-1)!.streams);
        assert.deepEqual(a.state.state, b.state.state);
      }),
    );
  });

  it('roll a crashing candidate back at the same look, whether the label feed lives or is dead', () => {
    fc.assert(
      fc.property(facts, fc.nat(COHORTS), fc.integer({ min: 5, max: COHORTS - 2 }), (drawn, deadFrom, crashFrom) => {
        const all = drawn.map((of, i): Facts => {
          const errors = i + 1 >= crashFrom ? 40 : 1;
          return { errors, clicks: [of.clicks[0], of.clicks[0]], loss: [of.loss[0], of.loss[0]] };
        });
        const dead = (id: StreamId, cohort: number) => (id === 'loss' && cohort > deadFrom ? Infinity : LAGS[id]);
        const [alive, without] = [asMatured, dead].map((delay) => lookThrough(policyOf(), all, delay).records.at(-1)!);
        assert.deepEqual([without!.decision, without!.reasons, without!.cohort], ['rollback', ['errors'], crashFrom]);
        assert.equal(alive!.cohort, crashFrom);
      }),
    );
  });

  it('neither advance nor roll back for an outage, name what is missing, and call a person at the deadline', () => {
    fc.assert(
      fc.property(facts, fc.nat(4), (all, outFrom) => {
        const out = (id: StreamId, cohort: number) => (cohort > outFrom ? Infinity : LAGS[id]);
        const { records } = lookThrough(policyOf({ maxCohorts: DEADLINE }), all, out);
        const during = records.filter(({ cohort }) => cohort > outFrom + LAGS.loss);
        for (const { cohort, decision, reasons } of during) {
          assert.ok(!['advance', 'rollback'].includes(decision), `look ${cohort}: ${decision}`);
          if (decision === 'hold' && reasons[0] === 'data-pending')
            assert.deepEqual(reasons, ['data-pending', 'clicks', 'loss']);
        }
        fc.pre(during.length > 0 && records.every(({ decision }) => decision !== 'advance'));
        // Suspected harm holds before the deadline is asked; else it is never passed unseen.
        const atDeadline = records.filter(({ cohort }) => cohort >= DEADLINE);
        assert.ok(
          atDeadline.every(
            ({ decision, reasons }) =>
              decision === 'escalate' || (decision === 'hold' && reasons[0] !== 'data-pending'),
          ),
        );
      }),
    );
  });
});

interface ReplayCase {
  id: string;
  input: { policy: GatePolicy; cohorts: Cohort[] };
  expected: { decisions: LookRecord[] } | { error: string };
}

const replays = JSON.parse(readFileSync('test/vectors/gate-replay.json', 'utf8')) as { cases: ReplayCase[] };

describe('the published replays, with lag 0 declared and each stream delivered alone', () => {
  /** One record per stream that the cohort speaks of, the others pending; the cohort itself where it speaks of none. */
  function splitByStream(cohort: Cohort, ids: readonly string[]): Cohort[] {
    if (cohort.status !== 'ok') return [cohort];
    return ids.map((id) => {
      const { [id]: difference } = cohort.differences ?? {};
      const { [id]: window } = cohort.counts ?? {};
      return {
        ...cohort,
        pending: ids.filter((other) => other !== id),
        differences: difference === undefined ? {} : { [id]: difference },
        counts: window === undefined ? {} : { [id]: window },
      };
    });
  }

  for (const { id, input, expected } of replays.cases) {
    if ('error' in expected) continue;
    it(`decides as published: ${id}`, () => {
      const policy = { ...input.policy, streams: input.policy.streams.map((stream) => ({ ...stream, lag: 0 })) };
      const ids = policy.streams.map((stream) => stream.id);
      const pieces = shuffled(
        input.cohorts.flatMap((cohort) => splitByStream(cohort, ids)),
        7,
      );
      const got = analyzeCohorts(policy, pieces);
      assert.deepEqual(got, analyzeCohorts(input.policy, input.cohorts));
      assert.deepEqual(
        got.decisions.map(({ cohort, decision, reasons }) => ({ cohort, decision, reasons })),
        expected.decisions.map(({ cohort, decision, reasons }) => ({ cohort, decision, reasons })),
      );
    });
  }
});
