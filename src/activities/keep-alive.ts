import { Context } from '@temporalio/activity';

/** Well below the heartbeat timeout of the shortest queue. */
const SIGN_OF_LIFE_MS = 2_000;

/** Gives signs of life while `work` runs: for single calls into the world that may take longer than a heartbeat timeout. */
export async function keepAlive<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), SIGN_OF_LIFE_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
