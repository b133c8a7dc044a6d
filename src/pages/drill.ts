/** A drill in words: what it breaks, what is expected, what happened when, and whether it holds. Pure. */

export interface DrillHappening {
  /** Wall seconds since the drill began. */
  readonly wallSeconds: number;
  /** ISO 8601; null before the first traffic. */
  readonly eventTime: string | null;
  readonly what: string;
}

export interface DrillFinding {
  readonly expectation: string;
  readonly met: boolean;
  /** What was found, with its numbers. */
  readonly found: string;
  readonly eventTime: string;
  readonly wallSeconds: number;
}

export interface DrillReport {
  readonly drill: string;
  readonly breaks: string;
  readonly expects: string;
  readonly holds: boolean;
  readonly findings: readonly DrillFinding[];
  readonly happenings: readonly DrillHappening[];
  readonly wallSeconds: number;
}

const NAME_WIDTH = 26;

/** Every drill there is, as `holdfast drill` lists them. */
export function drillList(drills: Readonly<Record<string, Pick<DrillReport, 'breaks' | 'expects'>>>): string {
  const lines = Object.entries(drills).flatMap(([name, { breaks, expects }]) => [
    `${name.padEnd(NAME_WIDTH)} ${breaks}`,
    `${''.padEnd(NAME_WIDTH)} expected: ${expects}`,
  ]);
  return [
    ...lines,
    '',
    'holdfast drill <name> plays one, on a platform of its own; it ends by itself with a verdict',
  ].join('\n');
}

export function drillOpening({ drill, breaks, expects }: Pick<DrillReport, 'drill' | 'breaks' | 'expects'>): string {
  return [`Drill     ${drill}`, `Breaks    ${breaks}`, `Expected  ${expects}`, ''].join('\n');
}

/** `   31.2 s  2001-01-16T09:00:00Z  the label feed is stopped`. */
export function happeningLine({ wallSeconds, eventTime, what }: DrillHappening): string {
  return `${wallSeconds.toFixed(1).padStart(7)} s  ${(eventTime ?? 'before traffic').padEnd(20)}  ${what}`;
}

export function drillVerdict({ drill, holds, findings, wallSeconds }: DrillReport): string {
  const failed = findings.filter(({ met }) => !met);
  const met = `${findings.length - failed.length} of ${findings.length} expectations met in ${wallSeconds.toFixed(0)} s`;
  const lines = failed.map(({ expectation, found }) => `  not met: ${expectation} (${found})`);
  return ['', `${drill} ${holds ? 'holds' : 'DOES NOT HOLD'}: ${met}`, ...lines].join('\n');
}
