/** What one workflow tells another. The receiver finds the same in the records when it was not there to hear it. */
import { ApplicationFailure } from '@temporalio/common';
import { getExternalWorkflowHandle, isCancellation, log } from '@temporalio/workflow';
import type { MessageDefinition, MessageInput, MessageSchema } from '../contracts/messages.ts';
import { stageChangedSignal } from '../contracts/messages.ts';
import { lifecycleId } from '../contracts/names.ts';

/** How the server's answer reaches a workflow: there is no error class of its own. */
const NOT_FOUND = /not ?found/i;

/** Limit of the message; longer words are cut. */
const WORDS_MAX = 500;

/** Sends a signal. A receiver that is not there is logged and passed over. */
export async function tell<Schema extends MessageSchema>(
  workflowId: string,
  message: MessageDefinition<string, Schema>,
  body: MessageInput<Schema>,
): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(message.name, body);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('a message found no receiver', { receiver: workflowId, signal: message.name });
  }
}

/**
 * Whether a process runs, by whichever run of its id: it is sent a message that changes nothing.
 * @returns false only when the server knows of no running one
 */
export async function isRunning<Schema extends MessageSchema>(
  workflowId: string,
  question: MessageDefinition<string, Schema>,
  body: MessageInput<Schema>,
): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(question.name, body);
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Too many signals to one run also fail, and say nothing about whether it runs.
    return !(error instanceof ApplicationFailure && NOT_FOUND.test(`${error.type} ${error.message}`));
  }
}

/** Tells the life cycle what a stage does now, for its overview. */
export function tellLifecycle(
  model: string,
  stage: 'collection' | 'experimentation' | 'rollout' | 'monitoring',
  inWords: string,
  eventTime: string | null,
): Promise<void> {
  return tell(lifecycleId(model), stageChangedSignal, { stage, inWords: inWords.slice(0, WORDS_MAX), eventTime });
}
