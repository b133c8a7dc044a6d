/** Starting a model, and asking how it stands. */
import type { Client } from '@temporalio/client';
import { EXPLAIN_QUERY, STATUS_QUERY } from '../contracts/messages.ts';
import { lifecycleId, parseWorkflowId, TASK_QUEUES } from '../contracts/names.ts';
import type { LifecycleInput } from '../contracts/workflows.ts';
import { callTemporal } from './call.ts';
import type { CallOptions } from './call.ts';

export interface StartedModel {
  readonly workflowId: string;
  readonly alreadyRunning: boolean;
  /** Digest of the declaration that the running process was started with. */
  readonly digest: string;
}

const DIGEST_MEMO = 'declarationDigest';

/**
 * Starts the life cycle of a model. A model that runs already goes on unchanged; compare `digest` to see whether with this declaration.
 * @throws CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function startModel(
  client: Client,
  input: LifecycleInput,
  options: CallOptions = {},
): Promise<StartedModel> {
  const { declaration, digest } = input;
  const workflowId = lifecycleId(declaration.model);
  const start = {
    workflowId,
    taskQueue: TASK_QUEUES.control,
    args: [input],
    memo: { [DIGEST_MEMO]: digest },
    staticSummary: `${declaration.model}: ${declaration.title}`.slice(0, 200),
    staticDetails: detailsOf(input),
  };
  try {
    await callTemporal(client, workflowId, () => client.workflow.start('lifecycle', start), options);
    return { workflowId, alreadyRunning: false, digest };
  } catch (error) {
    const { WorkflowExecutionAlreadyStartedError } = await import('@temporalio/client');
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const handle = client.workflow.getHandle(workflowId);
    const { memo } = await callTemporal(client, workflowId, () => handle.describe(), options);
    const running = memo?.[DIGEST_MEMO];
    return { workflowId, alreadyRunning: true, digest: typeof running === 'string' ? running : '' };
  }
}

function detailsOf({ declaration, digest, modelPath }: LifecycleInput): string {
  return [
    `**Question** ${declaration.title}`,
    `**Owner** ${declaration.owner}`,
    `**Model file** ${modelPath} (digest ${digest.slice(0, 12)})`,
  ].join('\n');
}

/** Workflow id of what a person names: a model, or the id of any of its processes. */
export function processId(target: string): string {
  return target.includes('/') ? target : lifecycleId(target);
}

/**
 * State of a process as plain JSON; of a model, the state of its whole life cycle.
 * @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export function status(client: Client, target: string, options: CallOptions = {}): Promise<unknown> {
  return ask(client, processId(target), STATUS_QUERY, options);
}

/**
 * The same in words (Markdown): where the process is, what it waits for, and the exact next action.
 * @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function explain(client: Client, target: string, options: CallOptions = {}): Promise<string> {
  return String(await ask(client, processId(target), EXPLAIN_QUERY, options));
}

function ask(client: Client, workflowId: string, query: string, options: CallOptions): Promise<unknown> {
  const handle = client.workflow.getHandle(workflowId);
  return callTemporal(client, workflowId, () => handle.query<unknown>(query), options);
}

/**
 * Names of the models whose life cycle is running.
 * @throws CALL_TIMEOUT, TEMPORAL_UNAVAILABLE
 */
export async function runningModels(client: Client, options: CallOptions = {}): Promise<string[]> {
  const query = "WorkflowType = 'lifecycle' AND ExecutionStatus = 'Running'";
  return callTemporal(
    client,
    'the list of models',
    async () => {
      const models: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) {
        models.push(parseWorkflowId(workflowId)?.model ?? workflowId);
      }
      return models.sort((a, b) => (a < b ? -1 : 1));
    },
    options,
  );
}
