/** The plan of a start in words, for `--dry-run`. Pure. */

export interface PlannedStartView {
  readonly stateDir: string;
  readonly eventTime: 'wall' | 'stream';
  readonly kept: ReadonlyArray<{ readonly name: string; readonly bytes: number }>;
  readonly models: readonly string[];
  readonly parts: ReadonlyArray<{ readonly name: string; readonly starts: boolean; readonly at: string | null }>;
  readonly refusal: { readonly message: string; readonly remedy: string } | null;
}

const NAME_WIDTH = 12;
const CLOCKS = { wall: 'the clock on the wall', stream: 'the replay' } as const;

/** A name and what is said of it, the names under each other. */
export const planLine = (name: string, what: string): string => `${name.padEnd(NAME_WIDTH)}  ${what}`;

/** Lines: the folder, each part and where it answers. */
export function plannedStartInWords({ stateDir, eventTime, kept, models, parts }: PlannedStartView): string[] {
  return [
    planLine('state folder', `${stateDir}: ${keptInWords(kept, models)}`),
    ...parts.map(({ name, starts, at }) => planLine(name, partInWords(starts, at))),
    planLine('event time', `from ${CLOCKS[eventTime]}`),
  ];
}

/** Why it would be refused, or nothing. */
export function plannedRefusalInWords({ refusal }: PlannedStartView): string[] {
  return refusal === null ? [] : [`would be refused: ${refusal.message}`, refusal.remedy];
}

function keptInWords(kept: PlannedStartView['kept'], models: readonly string[]): string {
  if (kept.length === 0) return 'nothing is kept there yet';
  const bytes = kept.reduce((sum, entry) => sum + entry.bytes, 0);
  const whose = models.length === 0 ? '' : ` of ${models.join(', ')}`;
  return `keeps ${(bytes / 1e6).toFixed(1)} MB${whose}`;
}

function partInWords(starts: boolean, at: string | null): string {
  if (!starts) return `runs already at ${at ?? 'a place of its own'}`;
  return at === null ? 'would be started, on a port of its own' : `would be started at ${at}`;
}
