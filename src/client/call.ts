/** One call to Temporal: with a deadline, tried again under the same id, its failure in words. */
import type { Client } from '@temporalio/client';
import { HoldfastError } from '../contracts/errors.ts';
import { SEND_AGAIN } from '../contracts/messages.ts';

export interface CallOptions {
  /** How long to wait for an answer, milliseconds. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 10_000;
const TRY_AGAIN_MS = 200;
/** How a call ends that was broken off at its deadline before the server had heard of it. */
const GRPC_CANCELLED = 1;
/** gRPC status codes of a server that is not there or not there yet. */
const GRPC_UNAVAILABLE = 14;
/** The SDK numbers what keeps a worker from replaying a run; the same kind of error says that a question is not known. */
const TASK_FAILED = /\[TMPRL\d+\]/;
/** A question to a process whose worker has not been heard of lately. */
const GRPC_FAILED_PRECONDITION = 9;
/**
 * How the server says, under the same code, that an update was on its way to a run just as that run was continued as a new one: it has
 * not been admitted, and is for the run that follows.
 */
const BETWEEN_RUNS = 'unexpected workflow task failure';
/**
 * How the server says that a worker has done a task and left out an update that came with it, as one may that has just been started and
 * is asked a question at the same time: nobody has looked at the update, and nothing has come of it.
 */
const NOT_LOOKED_AT = "wasn't processed by worker";

/**
 * Calls until there is an answer or the deadline has passed; only what nobody has looked at is tried again: no server is there, the process
 * is between two of its runs, or its worker has just been started.
 * @param target Workflow id, for the words of a failure.
 * @throws PROCESS_NOT_FOUND, CALL_TIMEOUT, TEMPORAL_UNAVAILABLE; every other failure as it is.
 */
export async function callTemporal<T>(
  client: Pick<Client, 'withDeadline'>,
  target: string,
  call: () => Promise<T>,
  options: CallOptions = {},
): Promise<T> {
  const deadline = Date.now() + (options.deadlineMs ?? DEADLINE_MS);
  for (;;) {
    try {
      return await client.withDeadline(deadline, call);
    } catch (error) {
      // It is loaded by now: without it there is no client to call.
      const sdk = await import('@temporalio/client');
      const mayRecover = isUnavailable(sdk, error) || isBetweenRuns(sdk, error) || isNotLookedAt(error);
      if (!mayRecover || Date.now() + TRY_AGAIN_MS >= deadline) throw inWords(sdk, error, target);
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }
}

type Sdk = typeof import('@temporalio/client');

const isUnavailable = (sdk: Sdk, error: unknown): boolean => hasCode(sdk, error, GRPC_UNAVAILABLE);

const isBetweenRuns = (sdk: Sdk, error: unknown): boolean =>
  hasCode(sdk, error, GRPC_FAILED_PRECONDITION) && causes(error).some(({ message }) => message.includes(BETWEEN_RUNS));

const isNotLookedAt = (error: unknown): boolean =>
  causes(error).some(
    (cause) => cause.message.includes(NOT_LOOKED_AT) || ('type' in cause && cause.type === SEND_AGAIN),
  );

function hasCode({ isGrpcServiceError }: Sdk, error: unknown, code: number): boolean {
  return causes(error).some((cause) => {
    const found: number | null = isGrpcServiceError(cause) ? cause.code : null;
    return found === code;
  });
}

function inWords(sdk: Sdk, error: unknown, target: string): unknown {
  const {
    WorkflowNotFoundError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    QueryRejectedError,
    QueryNotRegisteredError,
  } = sdk;
  const chain = causes(error);
  if (chain.some((cause) => cause instanceof WorkflowNotFoundError)) {
    return new HoldfastError('PROCESS_NOT_FOUND', `no process ${target} is running`, { cause: error });
  }
  const late = (cause: unknown): boolean =>
    cause instanceof WorkflowUpdateRPCTimeoutOrCancelledError || sdk.isGrpcDeadlineError(cause);
  if (chain.some(late) || hasCode(sdk, error, GRPC_CANCELLED)) {
    return new HoldfastError('CALL_TIMEOUT', `${target} has not answered in time`, { cause: error });
  }
  if (hasCode(sdk, error, GRPC_FAILED_PRECONDITION)) {
    return new HoldfastError('CALL_TIMEOUT', `no worker answers for ${target}`, { cause: error });
  }
  if (isUnavailable(sdk, error)) {
    return new HoldfastError('TEMPORAL_UNAVAILABLE', `Temporal does not answer for ${target}`, { cause: error });
  }
  const failure = chain.find((cause) => cause instanceof QueryNotRegisteredError && TASK_FAILED.test(cause.message));
  if (failure instanceof Error) {
    const why = failure.message.split('\n')[0] ?? '';
    return new HoldfastError('PROCESS_WEDGED', `${target} cannot answer: ${why}`, { cause: error });
  }
  if (chain.some((cause) => cause instanceof QueryRejectedError || cause instanceof QueryNotRegisteredError)) {
    return new HoldfastError('PROCESS_NOT_FOUND', `${target} does not answer this question`, { cause: error });
  }
  return error;
}

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 10; cause = cause.cause) chain.push(cause);
  return chain;
}
