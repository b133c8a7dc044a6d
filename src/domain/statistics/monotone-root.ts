const BISECTIONS_MAX = 200;

/**
 * The point of [low, high] where a monotone predicate turns from false to true, by bisection to adjacent doubles.
 * Slower than Newton's method and never wrong: quantiles are not on any hot path.
 */
export function turningPoint(low: number, high: number, isBeyond: (x: number) => boolean): number {
  let below = low;
  let beyond = high;
  for (let i = 0; i < BISECTIONS_MAX; i++) {
    const middle = below + (beyond - below) / 2;
    if (middle === below || middle === beyond) break;
    if (isBeyond(middle)) beyond = middle;
    else below = middle;
  }
  return below + (beyond - below) / 2;
}
