/** What an order would do, said without giving it: the desk of the rollout is pure, so the answer is the one the rollout would give now. */
import type { Command } from 'commander';
import type { RolloutStatus } from '../contracts/workflows.ts';
import { refuseOrder, takeOrder } from '../domain/rollout/desk.ts';
import type { RolloutOrder } from '../domain/rollout/desk.ts';
import { positionInWords, waitingForInWords } from '../domain/rollout/words.ts';
import type { CommandResult, Invocation } from './command.ts';

/** The option of every command that changes something. */
export function declareDryRun(command: Command): Command {
  return command.option('--dry-run', 'say what would happen, and change nothing');
}

export const isDryRun = (options: Invocation['options']): boolean => options['dryRun'] === true;

/** The plan of anything: its lines after a head that says that nothing was done. */
export function planned(document: object, lines: readonly string[]): CommandResult {
  return {
    exit: 'ok',
    document: { dryRun: true, ...document },
    text: ['dry run: nothing was changed', ...lines].join('\n'),
  };
}

/** What an order to a rollout would be answered with now, and where the rollout would stand. */
export function plannedOrder(present: RolloutStatus, order: RolloutOrder): CommandResult {
  const { rolloutId, bundle } = present;
  const desk = { state: present, messages: 0, processed: [] };
  const reason = refuseOrder(desk, bundle, order, null);
  const now = `${positionInWords(present)}, ${present.phase}, waits for ${waitingForInWords(present)}`;
  const lines = [`order      ${order.name} to ${rolloutId}`, `now        ${now}`];
  if (reason !== null) {
    const refused = planned({ rolloutId, order, wouldBe: 'refused', reason }, [
      ...lines,
      `would be refused: ${reason}`,
    ]);
    return { ...refused, exit: 'refused' };
  }
  const { state } = takeOrder(desk, order, null);
  const after = { phase: state.phase, outcome: state.decision?.outcome ?? null, inWords: state.inWords };
  return planned({ rolloutId, order, wouldBe: 'taken', after }, [
    ...lines,
    `would be taken: ${state.inWords}`,
    `then       ${state.phase}, waits for ${waitingForInWords(state)}`,
  ]);
}
