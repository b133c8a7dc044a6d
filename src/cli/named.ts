/** Work on a process that a person has named: where nothing of that name runs, the error says what may have been meant. */
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
    const { listedWords } = await import('./completion/offers.ts');
    const running = (await listedWords(temporalMeant(options), 'process')).map((word) => word.split('\t')[0] ?? word);
    const near = closestName(named, running);
    if (near === null || near === named) throw error;
    const { message, remedy } = error;
    throw new HoldfastError('PROCESS_NOT_FOUND', `${message}; did you mean ${near}?`, { remedy, cause: error });
  }
}
