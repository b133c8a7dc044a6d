import { ApplicationFailure } from '@temporalio/common';
import { HoldfastError } from '../contracts/errors.ts';

type Activity = (input: never) => Promise<unknown>;

/**
 * Activities as Temporal is given them: an error of ours travels with its code as the failure's type, and a terminal one is not
 * retried. Other errors are retried as they are.
 */
export function withCodedFailures<Activities extends object>(activities: Activities): Activities {
  const wrapped = Object.entries(activities as Record<string, Activity>).map(
    ([name, run]) => [name, coded(run)] as const,
  );
  return Object.fromEntries(wrapped) as unknown as Activities;
}

function coded(run: Activity): Activity {
  return async (input) => {
    try {
      return await run(input);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      throw ApplicationFailure.create({
        message: `${error.message} — ${error.remedy}`,
        type: error.code,
        nonRetryable: error.kind === 'terminal',
        cause: error,
      });
    }
  };
}
