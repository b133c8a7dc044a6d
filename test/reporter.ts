import Mocha from 'mocha';

/**
 * Mocha's spec output, closed by the one line that continuous integration reads: `N passed, N failed`.
 * Skipped tests are counted on the same line, so that a suite which skips everything cannot look green.
 */
export default class ClosingLineReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.once('end', () => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      const skipped = pending > 0 ? `, ${pending} skipped` : '';
      // After the spec reporter's own epilogue, which is printed in the same event.
      process.on('exit', () => process.stdout.write(`${passes} passed, ${failures} failed${skipped}\n`));
    });
  }
}
