/** Times in milliseconds, and what is said of them. */

export interface Figures {
  readonly tries: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** @param times Milliseconds, in any order; at least one. */
export function figuresOf(times: readonly number[]): Figures {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  return { tries: sorted.length, p50: at(0.5), p99: at(0.99), most: at(1) };
}

/** `p50 41 ms, p99 98 ms, at most 120 ms in 200 tries`. */
export function inWords({ tries, p50, p99, most }: Figures): string {
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, at most ${most.toFixed(0)} ms in ${tries} tries`;
}
