/** Everything that waits for a person, whatever the model: read from the workflow list alone, so that it answers while no worker runs. */
import type { Client } from '@temporalio/client';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { HoldfastError } from '../contracts/errors.ts';
import { parseWorkflowId } from '../contracts/names.ts';
import type { WorkflowKind } from '../contracts/names.ts';
import { SAVED_VIEWS } from '../contracts/search-attributes.ts';
import type { SearchAttributeName } from '../contracts/search-attributes.ts';
import { callTemporal } from './call.ts';
import type { CallOptions } from './call.ts';

/** One process that a person has to do something about. */
export interface WaitingProcess {
  readonly id: string;
  readonly kind: WorkflowKind;
  readonly model: string;
  /** Who answers for the model. */
  readonly owner: string;
  /** Workflow time since when a person is waited for, ISO 8601. */
  readonly since: string;
  /** Where it stands, in one line. */
  readonly inWords: string;
  readonly waitsFor: string;
  readonly deadline: string;
  /** The most urgent order of those that lead on, with what it takes; null where no order does. */
  readonly next: {
    readonly orders: readonly string[];
    readonly body: Readonly<Record<string, string | number | null>>;
  } | null;
}

export interface Inbox {
  /** Oldest first. */
  readonly waiting: readonly WaitingProcess[];
  /** Whether more wait than are listed. */
  readonly more: boolean;
}

/** A person reads no more; the list says that there is more. */
const LISTED_MAX = 200;

/** @throws PROCESS_NOT_FOUND where nothing of the model runs: silence would read as good news; CALL_TIMEOUT, TEMPORAL_UNAVAILABLE */
export async function inbox(client: Client, model: string | null, options: CallOptions = {}): Promise<Inbox> {
  const ofModel = model === null ? '' : ` AND HoldfastModel = '${model.replaceAll("'", '')}'`;
  const query = `${SAVED_VIEWS[0].filter}${ofModel}`;
  return callTemporal(
    client,
    'the list of what waits for a person',
    async () => {
      const waiting: WaitingProcess[] = [];
      for await (const execution of client.workflow.list({ query })) {
        const found = waitingProcess(execution);
        if (found !== null) waiting.push(found);
        if (waiting.length > LISTED_MAX) break;
      }
      if (waiting.length === 0 && model !== null) await requireRunning(client, model, ofModel);
      waiting.sort((one, other) => (one.since < other.since ? -1 : 1));
      return { waiting: waiting.slice(0, LISTED_MAX), more: waiting.length > LISTED_MAX };
    },
    options,
  );
}

async function requireRunning(client: Client, model: string, ofModel: string): Promise<void> {
  const { count } = await client.workflow.count(`ExecutionStatus = 'Running'${ofModel}`);
  if (count === 0) throw new HoldfastError('PROCESS_NOT_FOUND', `no process of ${model} is running`);
}

function waitingProcess(execution: WorkflowExecutionInfo): WaitingProcess | null {
  const { workflowId, memo, startTime } = execution;
  const parsed = parseWorkflowId(workflowId);
  if (parsed === null) return null;
  const { kind, model } = parsed;
  return {
    id: workflowId,
    kind,
    model,
    owner: attribute(execution, 'HoldfastOwner'),
    since: textIn(memo, 'waitsSince') ?? startTime.toISOString(),
    inWords: textIn(memo, 'state') ?? '',
    waitsFor: attribute(execution, 'HoldfastWaitingFor'),
    deadline: attribute(execution, 'HoldfastDeadline'),
    next: nextIn(memo),
  };
}

type Memo = WorkflowExecutionInfo['memo'];

function attribute({ typedSearchAttributes }: WorkflowExecutionInfo, name: SearchAttributeName): string {
  const pair = typedSearchAttributes.getAll().find(({ key }) => key.name === name);
  return typeof pair?.value === 'string' ? pair.value : '';
}

function textIn(memo: Memo, name: string): string | null {
  const text = memo?.[name];
  return typeof text === 'string' ? text : null;
}

function nextIn(memo: Memo): WaitingProcess['next'] {
  const next = memo?.['next'] as { readonly update?: unknown; readonly input?: unknown } | null | undefined;
  if (next == null || typeof next.update !== 'string' || typeof next.input !== 'object' || next.input === null)
    return null;
  return { orders: next.update.split(' or '), body: next.input as Record<string, string | number | null> };
}
