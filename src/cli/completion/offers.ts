/** What a shell offers for an argument: fixed words, files, or what runs, asked for at the key press. */
import { listedProcesses } from '../../client/listed.ts';
import type { TemporalSettings } from '../../client/connect.ts';
import { parseWorkflowId } from '../../contracts/names.ts';

/** What a script may ask for, each with the query of the workflow list that finds it. */
export const LISTED = {
  rollout: "WorkflowType = 'rollout' AND ExecutionStatus = 'Running'",
  'any-rollout': "WorkflowType = 'rollout'",
  campaign: "WorkflowType = 'campaign' AND ExecutionStatus = 'Running'",
  incident: "WorkflowType = 'incident' AND ExecutionStatus = 'Running'",
  process: "ExecutionStatus = 'Running'",
  model: "WorkflowType = 'lifecycle' AND ExecutionStatus = 'Running'",
  subject: "WorkflowType IN ('rollout', 'experiment', 'incident', 'monitoring')",
} as const;
export type Listed = keyof typeof LISTED;

export type Offer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'files' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'listed'; readonly what: Listed };

const FILE_ARGUMENT = /file|yaml|json|csv|path/i;
const ID_ARGUMENT = /^(\w+)Id$/;

/** @param path The verb; @param argument Name of one of its arguments; @param fixed Words for arguments that take one of a few, by verb. */
export function offerFor(path: string, argument: string, fixed: Readonly<Record<string, readonly string[]>>): Offer {
  const words = fixed[path];
  if (words !== undefined) return { kind: 'words', words };
  if (FILE_ARGUMENT.test(argument)) return { kind: 'files' };
  // What is over can be verified, and can be told nothing.
  const what = path === 'verify' ? 'any-rollout' : (ID_ARGUMENT.exec(argument)?.[1] ?? argument);
  return isListed(what) ? { kind: 'listed', what } : { kind: 'nothing' };
}

export const isListed = (what: string): what is Listed => Object.hasOwn(LISTED, what);

/** A key press waits no longer. */
const PATIENCE_MS = 300;

/** Words with what they wait for, a tab between; none where nobody answers. */
export async function listedWords(settings: TemporalSettings, what: Listed): Promise<readonly string[]> {
  const listed = (await listedProcesses(settings, LISTED[what], PATIENCE_MS)).flatMap(({ id, waitsFor }) => {
    const parsed = parseWorkflowId(id);
    return parsed === null ? [] : [{ id, waitsFor, ...parsed }];
  });
  const models = [...new Set(listed.map(({ model }) => model))];
  if (what === 'model') return models;
  // A process that was continued as a new run is listed once for each.
  const ids = new Map(listed.map(({ id, waitsFor }) => [id, waitsFor === '' ? id : `${id}\t${meaningOf(waitsFor)}`]));
  return [...(what === 'process' ? models : []), ...ids.values()];
}

const OVER = 'nothing: ';
const meaningOf = (waitsFor: string): string =>
  waitsFor.startsWith(OVER) ? waitsFor.slice(OVER.length) : `waits for ${waitsFor}`;
