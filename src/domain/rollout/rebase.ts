import type { Step } from './states.ts';

/**
 * The step of another ladder on which a rollout stands that stood on `step` of its own: the highest of the same gate run that exposes no
 * more than is exposed now. Before any split, the same examination, or the first.
 * @param exposure As applied, 0 to 1.
 * @returns null where the other ladder has none: re-basing would have to raise the exposure or begin anew
 */
export function rebasedStep(from: readonly Step[], step: number, exposure: number, to: readonly Step[]): number | null {
  const present = from[step];
  if (present === undefined) return null;
  if (present.mode === 'offline') return 0;
  if (present.mode === 'infra') {
    const infra = to.findIndex(({ mode }) => mode === 'infra');
    return infra === -1 ? 0 : infra;
  }
  if (present.run === null) {
    const last = to.length - 1;
    return to[last]?.run === null && to[last].exposure <= exposure ? last : null;
  }
  const found = to.findLastIndex((each) => each.run === present.run && each.exposure <= exposure);
  return found === -1 ? null : found;
}

/** What two policies must share for the counts that were recorded under one to be judged by the other. */
export interface MeasuringPolicy {
  readonly claim: string;
  readonly cohortMs: number;
  readonly affectsLabel: boolean;
  readonly absence: string;
  readonly rollout: {
    readonly loss: string;
    readonly lossRange?: readonly [number, number] | undefined;
    readonly slices: ReadonlyArray<{ readonly id: string; readonly where: object }>;
    readonly metrics: ReadonlyArray<{ readonly name: string; readonly shape: string; readonly direction: string }>;
  };
}

/** Why what was measured under one policy cannot be judged by another, in words; null when it can. */
export function incomparable(from: MeasuringPolicy, to: MeasuringPolicy): string | null {
  if (to.claim !== from.claim) return `it judges a claim of "${to.claim}", and this candidate claims "${from.claim}"`;
  if (to.cohortMs !== from.cohortMs) return 'it has other cohorts: what was measured could not be judged again';
  const labelDiffers = to.affectsLabel !== from.affectsLabel || to.absence !== from.absence;
  const lossDiffers = !same([to.rollout.loss, to.rollout.lossRange], [from.rollout.loss, from.rollout.lossRange]);
  if (labelDiffers || lossDiffers) return 'it has another label or loss: what was measured could not be judged again';
  for (const { name, shape, direction } of to.rollout.metrics) {
    const known = from.rollout.metrics.find((metric) => metric.name === name);
    if (known !== undefined && (known.shape !== shape || known.direction !== direction))
      return `metric ${name} counts something else in it; give the other one another name`;
  }
  for (const { id, where } of to.rollout.slices) {
    const known = from.rollout.slices.find((slice) => slice.id === id);
    if (known !== undefined && !same(known.where, where))
      return `slice ${id} selects other units in it; give the other one another name`;
  }
  return null;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
