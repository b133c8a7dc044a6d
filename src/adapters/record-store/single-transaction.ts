import { AsyncLocalStorage } from 'node:async_hooks';

interface Scope {
  readonly store: SingleTransaction;
  open: boolean;
  readonly around: Scope | undefined;
}

/** One for all stores: Node keeps every storage that was ever run for good, and asks each of them at every promise. */
const scopes = new AsyncLocalStorage<Scope>();

/**
 * Refuses a transaction begun inside another one of the same store. Transactions of one model queue behind each other, so the inner one
 * would wait for the outer, and the outer for the inner.
 */
export class SingleTransaction {
  async run<T>(work: () => Promise<T>): Promise<T> {
    let around = scopes.getStore();
    while (around?.open === false) around = around.around;
    for (let scope = around; scope !== undefined; scope = scope.around) {
      if (scope.store !== this || !scope.open) continue;
      throw new Error(
        'transaction() was called inside the work of another transaction(); use the tx that was passed in',
      );
    }
    const scope: Scope = { store: this, open: true, around };
    return scopes.run(scope, async () => {
      try {
        return await work();
      } finally {
        scope.open = false;
      }
    });
  }
}
