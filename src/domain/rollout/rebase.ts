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
