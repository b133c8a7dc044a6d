import { Context } from '@temporalio/activity';

/** Well below the heartbeat timeout of the shortest queue. */
const SIGN_OF_LIFE_MS = 2_000;

/**
 * Gives signs of life while `work` runs: for single calls into the world that may take longer than a heartbeat timeout.
 * @param resumeFrom What the next attempt is to go on from; each sign of life replaces what the one before said. Without it, signs of
 *   life say for people what is being done.
 */
export async function keepAlive<T>(work: () => Promise<T>, resumeFrom?: () => unknown): Promise<T> {
  const context = Context.current();
  const doing = { doing: context.info.activityType, since: new Date().toISOString() };
  const timer = setInterval(() => context.heartbeat(resumeFrom === undefined ? doing : resumeFrom()), SIGN_OF_LIFE_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
