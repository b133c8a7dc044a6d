export interface Bound {
  abs?: number;
  rel?: number;
}

/** A file's tolerance: a general bound and bounds of single fields, groups of fields or functions. */
export type Tolerance = Bound & Record<string, unknown>;

const EXACT: Bound = {};
const FAR_TAIL = 1e-100;
const LARGE_ARGUMENT = 1e5;

function boundNamed(tolerance: Tolerance, name: string): Bound | undefined {
  const bound = tolerance[name];
  return typeof bound === 'object' && bound !== null ? bound : undefined;
}

/** The group a field belongs to: `lnHarm`, `lower` … share one bound; a p-value is a function of its ln e. */
function groupOf(field: string, fn: string): string {
  if (field.startsWith('ln') || field === 'p') return 'ln';
  if (field === 'lower' || field === 'upper') return 'bounds';
  return fn.startsWith('fixed') ? 'fixed' : field;
}

/** The bound for one number: a function's own, else its field's, else its group's, else the general one. */
export function boundFor(tolerance: Tolerance, fn: string, path: readonly string[]): Bound {
  const byFunction = tolerance['byFunction'] as Record<string, Bound> | undefined;
  if (byFunction?.[fn] !== undefined) return byFunction[fn];
  if (/Quantile|clopper|wilson/.test(fn)) {
    const quantiles = boundNamed(tolerance, 'quantiles');
    if (quantiles !== undefined) return quantiles;
  }
  for (const field of path) {
    const bound = boundNamed(tolerance, field) ?? boundNamed(tolerance, groupOf(field, fn));
    if (bound !== undefined) return bound;
  }
  if ('integers' in tolerance && /^n\d*[A-Z0-9]/.test(path.at(-1) ?? '')) return { abs: 1 };
  if (tolerance.abs === undefined && tolerance.rel === undefined) return boundNamed(tolerance, 'ln') ?? EXACT;
  return tolerance;
}

/** Special functions may be coarser far out: the files say where. */
export function widenedFor(bound: Bound, input: unknown, want: number): Bound {
  const args = (input as { args?: number[] }).args;
  if (args === undefined) return bound;
  const isFarOut = args.some((arg) => Math.abs(arg) > LARGE_ARGUMENT) || Math.abs(want) < FAR_TAIL;
  return isFarOut ? { ...bound, rel: Math.max(bound.rel ?? 0, 1e-10) } : bound;
}

export function isWithin(got: number, want: number, bound: Bound): boolean {
  if (Object.is(got, want) || got === want) return true;
  return Math.abs(got - want) <= (bound.abs ?? 0) + (bound.rel ?? 0) * Math.abs(want);
}
