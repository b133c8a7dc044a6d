/** Which bundle answers while an incident is open. */

/** A bundle that was stable once, with the outcome-rate features it reads. */
export interface FormerStable {
  readonly bundle: string;
  readonly reads: readonly string[];
}

/** One open incident's wish; the override that takes effect serves all of them. */
export interface Override {
  readonly incidentId: string;
  readonly bundle: string;
  readonly since: string;
}

/**
 * The newest earlier stable that reads none of the named features, else the declared constant.
 * @param stables oldest first; the last one serves now and is never chosen
 * @param suspects features that cannot be trusted; none named: no earlier bundle is known to be sound, so the constant answers
 */
export function chooseFallback(
  stables: readonly FormerStable[],
  suspects: readonly string[],
  constant: string,
): string {
  if (suspects.length === 0) return constant;
  const serving = stables.at(-1)?.bundle;
  const sound = stables.findLast(
    ({ bundle, reads }) => bundle !== serving && !reads.some((feature) => suspects.includes(feature)),
  );
  return sound?.bundle ?? constant;
}

/** The constant, where any open incident asks for it, for it satisfies all; else the latest wish. Null without any. */
export function effectiveOverride(overrides: readonly Override[], constant: string): Override | null {
  return overrides.find(({ bundle }) => bundle === constant) ?? overrides.at(-1) ?? null;
}
