/** The plan of a command that starts a platform. */
import { plannedRefusalInWords, plannedStartInWords } from '../pages/planned-start.ts';
import { plannedStart } from '../platform/planned-start.ts';
import type { PlannedStart, StartMeant } from '../platform/planned-start.ts';
import type { CommandResult } from './command.ts';
import { planned } from './dry-run.ts';

/** What the command adds to the platform: in JSON, and line by line. */
interface Addition {
  readonly document: object;
  readonly lines: readonly string[];
}

/** @param addition Made from what was found. */
export async function planStart(
  meant: StartMeant,
  addition: (start: PlannedStart) => Addition,
): Promise<CommandResult> {
  const start = await plannedStart(meant);
  const { document, lines } = addition(start);
  const text = [...plannedStartInWords(start), ...lines, ...plannedRefusalInWords(start)];
  const result = planned({ ...start, ...document }, text);
  return start.refusal === null ? result : { ...result, exit: 'refused' };
}
