/** Seeded streams of random numbers: the same on every machine, whatever the number of workers. */
export type Random = () => number;

/** xoshiro128**, seeded through splitmix32 (Blackman & Vigna 2018): uniform on [0, 1) with 32 bits. */
export function randomFrom(seed: number): Random {
  let mixed = seed >>> 0;
  const next = () => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return (result >>> 0) / 4_294_967_296;
  };
}

/** One seed of several numbers, each bit of each moving all of it (the finaliser of MurmurHash3). */
export function seedOf(...parts: readonly number[]): number {
  let seed = 0;
  for (const part of parts) {
    let z = Math.imul(seed ^ part, 0x9e3779b1) + 0x7f4a7c15;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    seed = (z ^ (z >>> 16)) >>> 0;
  }
  return seed;
}

const tables = new Map<string, Float64Array>();
const TABLES_MAX = 5000;

/** P(X ≤ k) of the binomial distribution, k = 0 … n, from the recurrence of its logarithms. */
function binomialTable(n: number, p: number): Float64Array {
  const key = `${n}:${p}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const table = new Float64Array(n + 1);
  let logTerm = n * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    sum += Math.exp(logTerm);
    table[k] = sum;
    logTerm += Math.log((n - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  if (tables.size >= TABLES_MAX) tables.clear();
  tables.set(key, table);
  return table;
}

/** A binomial draw, by inversion from below for small means and by bisection otherwise. */
export function binomial(random: Random, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  const table = binomialTable(n, p);
  const u = random();
  if (n * p < 8) {
    let k = 0;
    while (k < n && table[k]! <= u) k++;
    return k;
  }
  let [low, high] = [0, n];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table[middle]! > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Draws sums of k Bernoulli(p), many times: the table is looked up once. */
export function binomialDrawer(k: number, p: number): (random: Random) => number {
  const table = binomialTable(k, p);
  return (random) => {
    const u = random();
    let sum = 0;
    while (sum < k && table[sum]! <= u) sum++;
    return sum;
  };
}
