import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { histogramSize, matchBlock, mergeHistograms, pairedHistogram } from '../../../src/domain/statistics/index.ts';
import type { DiffHistogram, Unit } from '../../../src/domain/statistics/index.ts';
import { shuffled } from './arbitraries.ts';

const blocks: fc.Arbitrary<Unit[]> = fc
  .array(fc.record({ isCandidate: fc.boolean(), y: fc.constantFrom(0, 1) }), { maxLength: 60 })
  .map((units) =>
    units.map(({ isCandidate, y }, i) => ({ id: `unit-${i}`, arm: isCandidate ? 'candidate' : 'control', y })),
  );
const EXACT = { salt: 'rollout', maxMatch: 20, quantum: 0 };

function mirrored(h: DiffHistogram): DiffHistogram {
  return mergeHistograms(h.map(([num, den, count]) => [-num, den, count] as const));
}

describe('matching a block', () => {
  it('never depends on the order in which units arrive', () => {
    fc.assert(
      fc.property(blocks, fc.nat(), (units, seed) =>
        assert.deepEqual(matchBlock(shuffled(units, seed), EXACT), matchBlock(units, EXACT)),
      ),
    );
  });

  it('uses each unit at most once, every unit of the smaller arm, k of the larger for each', () => {
    fc.assert(
      fc.property(blocks, fc.integer({ min: 1, max: 20 }), (units, maxMatch) => {
        const { k, role, used, hist } = matchBlock(units, { ...EXACT, maxMatch });
        const sizes = {
          candidate: units.filter(({ arm }) => arm === 'candidate').length,
          control: units.filter(({ arm }) => arm === 'control').length,
        };
        const few = Math.min(sizes.candidate, sizes.control);
        assert.equal(histogramSize(hist), few);
        assert.ok(used.candidate <= sizes.candidate && used.control <= sizes.control && k <= maxMatch);
        if (role !== null)
          assert.deepEqual([used[role], used[role === 'candidate' ? 'control' : 'candidate']], [few, few * k]);
      }),
    );
  });

  it('mirrors D when unequal arms change places', () => {
    fc.assert(
      fc.property(blocks, (units) => {
        const swapped = units.map((unit): Unit => ({
          ...unit,
          arm: unit.arm === 'candidate' ? 'control' : 'candidate',
        }));
        assert.deepEqual(matchBlock(swapped, EXACT).hist, mirrored(matchBlock(units, EXACT).hist));
      }),
    );
  });

  it('averages to the difference of the mean losses when no unit is left over', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(fc.constantFrom(0, 1)),
        (losses, k, stream) => {
          const candidate = losses.map((y, i): Unit => ({ id: `c${i}`, arm: 'candidate', y }));
          const control = [...stream.take(losses.length * k)].map((y, i): Unit => ({ id: `s${i}`, arm: 'control', y }));
          const { hist } = matchBlock([...candidate, ...control], EXACT);
          const meanD = hist.reduce((sum, [num, den, count]) => sum + (num / den) * count, 0) / candidate.length;
          const meanOf = (units: Unit[]) => units.reduce((sum, { y }) => sum + y, 0) / units.length;
          assert.ok(Math.abs(meanD - (meanOf(candidate) - meanOf(control))) < 1e-12);
        },
      ),
    );
  });

  it('orders each arm by the SHA-256 of salt and id', () => {
    const units: Unit[] = Array.from({ length: 40 }, (_, i) => ({
      id: `unit-${i}`,
      arm: i % 4 === 0 ? 'candidate' : 'control',
      y: i % 3 === 0 ? 1 : 0,
    }));
    const digest = ({ id }: Unit) => createHash('sha256').update(`rollout:${id}`).digest('hex');
    const ordered = (arm: Unit['arm']) =>
      units.filter((unit) => unit.arm === arm).sort((a, b) => (digest(a) < digest(b) ? -1 : 1));
    const control = ordered('control');
    const byHand = ordered('candidate').map(
      ({ y }, i) => [3 * y - control.slice(3 * i, 3 * i + 3).reduce((sum, unit) => sum + unit.y, 0), 3, 1] as const,
    );
    assert.deepEqual(matchBlock(units, EXACT).hist, mergeHistograms(byHand));
  });

  describe('on units whose digests begin alike', () => {
    const digest = (id: string) => createHash('sha256').update(`rollout:${id}`).digest('hex');
    /** Found by search: equal in the first 32 bits, or in the first 31. */
    const pairs = [
      ['unit-3500', 'unit-65875'],
      ['unit-75321', 'unit-115470'],
      ['unit-13631', 'unit-48056'],
      ['unit-30251', 'unit-71511'],
    ] as const;
    const byDigest = (a: string, b: string) => (digest(a) < digest(b) ? ([a, b] as const) : ([b, a] as const));

    for (const [left, right] of pairs) {
      it(`orders them by the whole digest, whichever comes first: ${left}, ${right}`, () => {
        const [c1, c2] = byDigest('c1', 'c2');
        const [s1, s2] = byDigest(left, right);
        const units: Unit[] = [
          { id: c1, arm: 'candidate', y: 1 },
          { id: c2, arm: 'candidate', y: 0 },
          { id: s1, arm: 'control', y: 0 },
          { id: s2, arm: 'control', y: 1 },
        ];
        const inOrder = [
          [-1, 1, 1],
          [1, 1, 1],
        ];
        assert.deepEqual(matchBlock(units, EXACT).hist, inOrder);
        assert.deepEqual(matchBlock(units.toReversed(), EXACT).hist, inOrder);
      });
    }

    it('takes them for different units, and sees one that comes twice with the other between', () => {
      const units = (...ids: string[]) =>
        ids.map((id, i): Unit => ({ id, arm: i === 0 ? 'candidate' : 'control', y: 0 }));
      const [a, b] = pairs[0];
      assert.deepEqual(matchBlock(units(a, b), EXACT).used, { candidate: 1, control: 1 });
      for (const ids of [
        [a, b, a],
        [b, a, b],
        [a, a, b],
      ])
        assert.throws(() => matchBlock(units(...ids), EXACT), { code: 'STAT_UNIT_TWICE' });
    });
  });

  it('rounds D half up to the quantum, exactly for losses written with few decimals', () => {
    const units: Unit[] = [
      { id: 'a', arm: 'candidate', y: 0.3 },
      { id: 'b', arm: 'control', y: 0.1 },
      { id: 'c', arm: 'control', y: 0.2001 },
    ];
    assert.deepEqual(matchBlock(units, { ...EXACT, quantum: 10_000 }).hist, mergeHistograms([[1500, 10_000, 1]]));
    // 0.29·100 is not 29 in doubles, and 0.07·100 not 7: 0.29 − (0.5 + 0.07)/2 = 0.005 is half a quantum all the same.
    const decimals = [0.29, 0.5, 0.07].map((y, i): Unit => ({ id: `${i}`, arm: i === 0 ? 'candidate' : 'control', y }));
    assert.deepEqual(matchBlock(decimals, { ...EXACT, quantum: 100 }).hist, [[1, 100, 1]]);
    assert.deepEqual(pairedHistogram([[0.3, 0.15005]], 10_000), mergeHistograms([[1500, 10_000, 1]]));
  });

  it('counts shadow pairs as worse, equal and better', () => {
    assert.deepEqual(
      pairedHistogram(
        [
          [1, 0],
          [0, 0],
          [1, 1],
          [0, 1],
        ],
        0,
      ),
      [
        [-1, 1, 1],
        [0, 1, 2],
        [1, 1, 1],
      ],
    );
  });
});
