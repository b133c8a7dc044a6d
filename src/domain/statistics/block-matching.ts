import { prefix32Hasher, sha256Hex } from '../sha256.ts';
import { canonicalHistogram, scaledLoss } from './diff-histogram.ts';
import type { DiffHistogram } from './diff-histogram.ts';
import { StatisticsError } from './statistics-error.ts';

/** One matured unit of a block (cohort × stratum × exposure step): its arm at first exposure and its bounded loss, 1 = bad. */
export interface Unit {
  id: string;
  arm: 'candidate' | 'control';
  y: number;
}

/** One block after matching: how it was matched, and the histogram of its differences. */
export interface MatchedBlock {
  /** Units of the larger arm per unit of the smaller; 0 when an arm is empty. */
  k: number;
  /** The arm matched one by one; null when an arm is empty. */
  role: 'candidate' | 'control' | null;
  hist: DiffHistogram;
  used: { candidate: number; control: number };
}

const RADIX_BITS = 16;
const RADIX = 1 << RADIX_BITS;

/** Positions of `keys` in ascending order: two stable counting passes over 16 bits each, 10^6 keys in tens of milliseconds. */
function radixOrder(keys: Uint32Array): Uint32Array {
  let order = Uint32Array.from(keys, (_, i) => i);
  let spare = new Uint32Array(keys.length);
  for (const shift of [0, RADIX_BITS]) {
    const starts = new Uint32Array(RADIX + 1);
    for (const key of keys) starts[((key >>> shift) & (RADIX - 1)) + 1]!++;
    for (let digit = 0; digit < RADIX; digit++) starts[digit + 1]! += starts[digit]!;
    for (const position of order) spare[starts[(keys[position]! >>> shift) & (RADIX - 1)]!++] = position;
    [order, spare] = [spare, order];
  }
  return order;
}

function requireDistinct(left: string, right: string): void {
  if (left !== right) return;
  throw new StatisticsError(
    'STAT_UNIT_TWICE',
    `unit ${left} occurs twice in one block; a unit counts once per metric per rollout`,
  );
}

/** Unit positions by ascending SHA-256 of `${salt}:${id}`: an order nobody chose, so no outcome can choose the match. */
function hashOrder(units: readonly Unit[], salt: string): Uint32Array {
  const hash = prefix32Hasher(`${salt}:`);
  const keys = new Uint32Array(units.length);
  for (let i = 0; i < units.length; i++) keys[i] = hash(units[i]!.id);
  const order = radixOrder(keys);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && keys[order[end]!] === keys[order[start]!]) end++;
    // Equal 32-bit prefixes are rare (about 100 pairs in 10^6 units): only they need the whole digest.
    if (end - start > 1) settleEqualPrefixes(order.subarray(start, end), units, salt);
    start = end;
  }
  return order;
}

function settleEqualPrefixes(run: Uint32Array, units: readonly Unit[], salt: string): void {
  const digests = Array.from(run, (position) => ({ position, digest: sha256Hex(`${salt}:${units[position]!.id}`) }));
  // Equal ones are one unit twice, which is refused wherever they stand beside each other.
  digests.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  for (const [i, { position }] of digests.entries()) {
    run[i] = position;
    if (i > 0) requireDistinct(units[digests[i - 1]!.position]!.id, units[position]!.id);
  }
}

/** Losses of each arm in the given order, scaled to the quantum. */
function armLosses(units: readonly Unit[], order: Uint32Array, quantum: number): Record<Unit['arm'], Float64Array> {
  const losses = new Float64Array(units.length);
  const isCandidate = new Uint8Array(units.length);
  let candidates = 0;
  for (const [i, { arm, y }] of units.entries()) {
    losses[i] = scaledLoss(y, quantum);
    if (arm === 'candidate') isCandidate[i] = 1;
    else if (arm !== 'control') {
      throw new StatisticsError(
        'STAT_INPUT_INVALID',
        `arm of unit ${i} is ${String(arm)}; give 'candidate' or 'control', its arm at first exposure`,
      );
    }
    candidates += isCandidate[i]!;
  }
  const arms = { candidate: new Float64Array(candidates), control: new Float64Array(units.length - candidates) };
  let [c, s] = [0, 0];
  for (const position of order) {
    if (isCandidate[position] === 1) arms.candidate[c++] = losses[position]!;
    else arms.control[s++] = losses[position]!;
  }
  return arms;
}

/** Numerators of D and their counts over the common denominator (k, or the quantum). `sign` is +1 when the candidate is the smaller arm. */
function countDifferences(
  few: Float64Array,
  many: Float64Array,
  k: number,
  sign: 1 | -1,
  quantum: number,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < few.length; i++) {
    let sum = 0;
    for (let j = i * k; j < (i + 1) * k; j++) sum += many[j]!;
    const difference = sign * (k * few[i]! - sum);
    // ⌊D·R + ½⌋ with D·R = difference/k, kept in integers when the losses lie on the quantum's grid.
    const numerator = quantum === 0 ? difference : Math.floor((2 * difference + k) / (2 * k));
    counts.set(numerator, (counts.get(numerator) ?? 0) + 1);
  }
  return counts;
}

/**
 * Matches one block: the smaller arm one by one, k = min(maxMatch, ⌊many/few⌋) units of the larger arm to each, in hash order,
 * without replacement; D = loss(candidate) − mean loss(control), or mean loss(candidate) − loss(control).
 *
 * @param o.quantum 0 keeps losses in {0, 1} exactly; R > 0 stores D as ⌊D·R + ½⌋/R (shift the margins by 1/(2R) when judging).
 * @throws STAT_UNIT_TWICE, STAT_LOSS_RANGE, STAT_QUANTUM_REQUIRED, STAT_INPUT_INVALID
 * Source: gate statistics §2; vectors `blocks.json`.
 */
export function matchBlock(
  units: readonly Unit[],
  o: { salt: string; maxMatch: number; quantum: number },
): MatchedBlock {
  if (!Number.isSafeInteger(o.maxMatch) || o.maxMatch < 1) {
    throw new StatisticsError('STAT_INPUT_INVALID', `maxMatch is ${o.maxMatch}; give an integer from 1, by default 20`);
  }
  if (!Number.isSafeInteger(o.quantum) || o.quantum < 0) {
    throw new StatisticsError(
      'STAT_INPUT_INVALID',
      `quantum is ${o.quantum}; give 0 for losses in {0, 1} or an integer such as 10000`,
    );
  }
  const { candidate, control } = armLosses(units, hashOrder(units, o.salt), o.quantum);
  if (candidate.length === 0 || control.length === 0)
    return { k: 0, role: null, hist: [], used: { candidate: 0, control: 0 } };
  const role = candidate.length <= control.length ? 'candidate' : 'control';
  const [few, many] = role === 'candidate' ? [candidate, control] : [control, candidate];
  const k = Math.min(o.maxMatch, Math.floor(many.length / few.length));
  const counts = countDifferences(few, many, k, role === 'candidate' ? 1 : -1, o.quantum);
  const den = o.quantum === 0 ? k : o.quantum;
  const used = { candidate: few.length, control: few.length * k };
  return {
    k,
    role,
    hist: canonicalHistogram([...counts].map(([num, count]) => [num, den, count] as const)),
    used: role === 'candidate' ? used : { candidate: used.control, control: used.candidate },
  };
}
