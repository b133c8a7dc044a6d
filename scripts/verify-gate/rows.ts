import { comparisons } from './rows/comparisons.ts';
import { budgets, frontiers, plannedBets } from './rows/headline.ts';
import { deliveries, rollouts } from './rows/reference.ts';
import type { Row } from './rows/row.ts';
import { certification, detection, falseHarm, monitors } from './rows/tests-alone.ts';

/** Every line of the acceptance table, and what is measured beside it. */
export const rows: readonly Row[] = [
  ...rollouts,
  ...certification,
  ...falseHarm,
  ...detection,
  ...monitors,
  ...deliveries,
  ...budgets,
  ...plannedBets,
  ...frontiers,
  ...comparisons,
];
