/**
 * Work on a process that a person has named: where nothing of that name runs, the error says how it ended, or
 * what may have been meant.
 */
import { HoldfastError } from '../contracts/errors.ts';
import { closestName } from '../domain/closest-name.ts';
import type { Invocation } from './command.ts';
import { temporalMeant, withConnection } from './connection.ts';
import type { Connection } from './connection.ts';

/** As `withConnection`. @param named A model or the id of a process, as it was typed */
export async function withNamed<T>(
  options: Invocation['options'],
  named: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  try {
    return await withConnection(options, work);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'PROCESS_NOT_FOUND') throw error;
    // Without a cause nobody was asked: the id is that of another kind of process.
    const over = error.cause === undefined ? null : await endOf(options, named);
    if (over !== null)
      throw new HoldfastError('PROCESS_NOT_FOUND', `${named} is over: ${over}`, {
        remedy: `Run holdfast explain ${named} to see how it came out; nothing is taken any more`,
        cause: error,
      });
    const { listedWords } = await import('./completion/offers.ts');
    const running = (await listedWords(temporalMeant(options), 'process')).map((word) => word.split('\t')[0] ?? word);
    const near = closestName(named, running);
    if (near === null || near === named) throw error;
    const { message, remedy } = error;
    throw new HoldfastError('PROCESS_NOT_FOUND', `${message}; did you mean ${near}?`, { remedy, cause: error });
  }
}

/** How a process that is over came out, in its own words; null where there is none of that id, or nobody can say. */
async function endOf(options: Invocation['options'], named: string): Promise<string | null> {
  try {
    const { inWords } = await withConnection(options, async ({ client }) => {
      const { status } = await import('../client/lifecycle.ts');
      const { closeTime } = await client.workflow.getHandle(named).describe();
      if (closeTime === undefined) return {};
      return (await status(client, named)) as { readonly inWords?: unknown };
    });
    return typeof inWords === 'string' ? inWords : null;
  } catch {
    return null;
  }
}
