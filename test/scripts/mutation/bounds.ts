/** Small functions to mutate: their tests ask one closely, one hardly, one not at all. */

export function isInside(value: number, min: number, max: number): boolean {
  return value >= min && value < max;
}

export function steps(count: number): number {
  let done = 0;
  while (done < count) done++;
  return done;
}

export function half(value: number): number {
  return value / 2;
}

export function sum(a: number, b: number): number {
  return a + b;
}

export function isEmpty(items: readonly number[] | null): boolean {
  return items === null || items.length === 0;
}
