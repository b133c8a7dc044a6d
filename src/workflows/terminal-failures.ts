import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

/** What a terminal failure of an activity says; null for anything that retries or cancellation may still mend. */
export function terminalReason(error: unknown): string | null {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return null;
  return error.cause.nonRetryable === true ? `${error.cause.type ?? 'error'}: ${error.cause.message}` : null;
}

/** Code of the error that an activity ended with; null for cancellation and the like. */
export function failureType(error: unknown): string | null {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return null;
  return error.cause.type ?? null;
}
