import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Refuses a transaction begun inside another one of the same store. Transactions of one model queue behind each other, so the inner one
 * would wait for the outer, and the outer for the inner.
 */
export class SingleTransaction {
  readonly #current = new AsyncLocalStorage<{ open: boolean }>();

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#current.getStore()?.open === true) {
      throw new Error(
        'transaction() was called inside the work of another transaction(); use the tx that was passed in',
      );
    }
    const scope = { open: true };
    return this.#current.run(scope, async () => {
      try {
        return await work();
      } finally {
        scope.open = false;
      }
    });
  }
}
