import { requireCategories } from './agreement.ts';
import { logSumExp } from './log-sum-exp.ts';
import { requireArgument, StatisticsError } from './statistics-error.ts';

/** What the annotators’ labels say of the items, and of the annotators. */
export interface DawidSkene {
  /** Per item, the probability of each class. */
  posterior: number[][];
  /** Share of each class, of the last M step. */
  prior: number[];
  /** confusion[annotator][true class][label], of the last M step. */
  confusion: number[][][];
}

/** Far beyond where the steps stop moving; more would only be a way to hang. */
const ITERATIONS_MAX = 100_000;

type Labels = ReadonlyArray<ReadonlyArray<number | null>>;

/** Vote shares; uniform for an item nobody labelled. */
function voteShares(given: ReadonlyArray<number | null>, classes: number): number[] {
  const votes = Array.from({ length: classes }, () => 0);
  let size = 0;
  for (const label of given) {
    if (label === null) continue;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new StatisticsError(
        'STAT_INPUT_INVALID',
        `label is ${label}; give an integer from 0 to ${classes - 1}, or null`,
      );
    }
    votes[label]!++;
    size++;
  }
  return votes.map((count) => (size === 0 ? 1 / classes : count / size));
}

function confusionOf(
  labels: Labels,
  posterior: number[][],
  annotator: number,
  classes: number,
  smoothing: number,
): number[][] {
  return Array.from({ length: classes }, (_, truth) => {
    const row = Array.from({ length: classes }, () => smoothing);
    for (const [item, given] of labels.entries()) {
      const label = given[annotator] ?? null;
      if (label !== null) row[label]! += posterior[item]![truth]!;
    }
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => (sum === 0 ? 1 / classes : value / sum));
  });
}

function posteriorOf(
  given: ReadonlyArray<number | null>,
  prior: readonly number[],
  confusion: readonly number[][][],
): number[] {
  const logs = prior.map((share, truth) => {
    let sum = Math.log(share);
    for (const [annotator, label] of given.entries())
      if (label !== null) sum += Math.log(confusion[annotator]![truth]![label]!);
    return sum;
  });
  const total = logSumExp(logs);
  return logs.map((value) => (total === -Infinity ? 1 / prior.length : Math.exp(value - total)));
}

/**
 * True classes and annotators' confusions by expectation-maximisation, from vote shares.
 *
 * @param labels items × annotators, classes 0 … classes − 1, null where missing
 * @param o.iterations M and E steps, ≥ 1
 * @param o.smoothing added to each cell of a confusion matrix, ≥ 0
 * @throws STAT_INPUT_INVALID, STAT_INPUT_EMPTY
 * Source: Dawid & Skene 1979; vectors `agreement.json`.
 */
export function dawidSkene(labels: Labels, o: { classes: number; iterations: number; smoothing: number }): DawidSkene {
  const { classes, iterations, smoothing } = o;
  requireCategories(classes, 'classes');
  requireArgument(
    Number.isInteger(iterations) && iterations >= 1 && iterations <= ITERATIONS_MAX,
    'iterations',
    iterations,
    `an integer from 1 to ${ITERATIONS_MAX}`,
  );
  requireArgument(smoothing >= 0 && smoothing < Infinity, 'smoothing', smoothing, 'a finite number from 0');
  if (labels.length === 0) throw new StatisticsError('STAT_INPUT_EMPTY', 'no items; give at least one');
  const annotators = Math.max(...labels.map((given) => given.length));
  let posterior = labels.map((given) => voteShares(given, classes));
  let prior: number[] = [];
  let confusion: number[][][] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    prior = Array.from(
      { length: classes },
      (_, truth) => posterior.reduce((sum, item) => sum + item[truth]!, 0) / labels.length,
    );
    confusion = Array.from({ length: annotators }, (_, annotator) =>
      confusionOf(labels, posterior, annotator, classes, smoothing),
    );
    posterior = labels.map((given) => posteriorOf(given, prior, confusion));
  }
  return { posterior, prior, confusion };
}
