/** How a stage starts a process of its own: once for each id, and on its own feet. */
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import type { ShownFromStart } from './display.ts';

interface Child<Input> extends ShownFromStart {
  readonly workflowId: string;
  readonly input: Input;
}

/**
 * Starts a child that outlives its parent's continue-as-new. After a reset the same answer comes again: a process of that id, running
 * or over, is then left as it is.
 * @returns a handle that tells of the child's end while this run lasts; null for a process that was there already
 */
export async function startOnce<Input>(
  workflow: (input: Input) => Promise<unknown>,
  { input, ...child }: Child<Input>,
): Promise<ChildWorkflowHandle<(input: Input) => Promise<unknown>> | null> {
  try {
    return await startChild(workflow, {
      ...child,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return null;
  }
}
