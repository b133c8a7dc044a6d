/** Why a process does not go on, by the server's word. */
import type { Client } from '@temporalio/client';

const CALL_MS = 10_000;

/** What a workflow waits for, and how its last task failed, in a line. */
export async function whyStuck(client: Client, workflowId: string): Promise<string> {
  try {
    return await client.withDeadline(Date.now() + CALL_MS, async () => {
      const handle = client.workflow.getHandle(workflowId);
      const { status, raw } = await handle.describe();
      const { events } = await handle.fetchHistory();
      const failed = events?.findLast(({ workflowTaskFailedEventAttributes: task }) => task != null);
      const activities = (raw.pendingActivities ?? []).map(
        ({ activityType, attempt, lastFailure }) =>
          `${activityType?.name ?? ''} in attempt ${attempt ?? 0}${lastFailure?.message == null ? '' : ` after ${lastFailure.message}`}`,
      );
      const task = raw.pendingWorkflowTask;
      return [
        `${workflowId} is ${status.name.toLowerCase()}`,
        `waits for ${activities.join(', ') || 'no activity'}`,
        ...(task == null ? [] : [`its task is in attempt ${task.attempt ?? 0}`]),
        ...(failed === undefined
          ? []
          : [`a task failed: ${failed.workflowTaskFailedEventAttributes?.failure?.message ?? 'without a word'}`]),
      ].join('; ');
    });
  } catch (error) {
    return `${workflowId} does not say why: ${String(error)}`;
  }
}
