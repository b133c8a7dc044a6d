/** How a command that runs until it is stopped hears of that, and leaves. */

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Time to print the last words. */
const LAST_WORDS_MS = 100;

/**
 * Ctrl-C, a process manager, a closed terminal, and a reader of our output that has gone: children would outlive each of them.
 * @returns what stops listening
 */
export function whenStopped(interrupt: () => void): () => void {
  const outputs = [process.stdout, process.stderr];
  for (const signal of STOP_SIGNALS) process.on(signal, interrupt);
  for (const output of outputs) output.on('error', interrupt);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, interrupt);
    for (const output of outputs) output.off('error', interrupt);
  };
}

/** Ends the process after its last words: data that is being prepared in threads of a library keeps it alive, and nobody waits for it any more. */
export function exitSoon(): void {
  setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
}
