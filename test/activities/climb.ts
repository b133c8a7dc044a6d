/** Climbs a ladder without a workflow server: the machine and its tasks over real activities, cohort by cohort. */
import { MockActivityEnvironment } from '@temporalio/testing';
import type { AllActivities } from '../../src/contracts/workflows.ts';
import { takeOrder } from '../../src/domain/rollout/desk.ts';
import type { Desk, RolloutOrder } from '../../src/domain/rollout/desk.ts';
import { beginRollout, nextTask, reduce } from '../../src/domain/rollout/machine.ts';
import type { RolloutState } from '../../src/domain/rollout/states.ts';
import { doWork } from '../../src/workflows/rollout-work.ts';
import type { Hands } from '../../src/workflows/rollout-work.ts';
import type { JudgedWorld, Weather } from './judged-world.ts';

export interface Climb {
  /** What the world does in a cohort. */
  readonly weather?: (cohort: number) => Partial<Weather>;
  /** What people order after a look. */
  readonly orders?: (state: RolloutState) => readonly RolloutOrder[] | Promise<readonly RolloutOrder[]>;
  /** Ends without an outcome after so many cohorts. */
  readonly cohortsMax?: number;
}

const COHORTS_MAX = 100;

/** @returns the machine's state at the end, or after the last cohort */
export async function climb(
  world: JudgedWorld,
  { weather, orders, cohortsMax = COHORTS_MAX }: Climb = {},
): Promise<RolloutState> {
  const hands = handsOf(world.activities);
  let desk: Desk = { state: beginRollout(), messages: 0, processed: [] };
  let served = 0;
  let said = 0;
  for (;;) {
    const task = nextTask(desk.state);
    if (task.kind === 'done' || task.kind === 'wait') return desk.state;
    const needed = task.kind === 'judge' ? task.afterCohort + 1 : task.kind === 'serveOut' ? task.cohort : 0;
    while (served < needed) {
      if (served === cohortsMax) return desk.state;
      served = await world.serve(weather?.(served + 1));
    }
    const event = await doWork(hands, world.input, desk, task);
    const { messages, processed } = desk;
    desk = { messages, processed, state: reduce(desk.state, event) };
    if (event.kind !== 'judged' || event.judgement.cohort === said) continue;
    said = event.judgement.cohort;
    for (const order of (await orders?.(desk.state)) ?? []) desk = takeOrder(desk, order, `order-${desk.messages}`);
  }
}

function handsOf(activities: AllActivities): Hands {
  const inEnvironment = Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      (input: unknown) => new MockActivityEnvironment().run(activity as (given: unknown) => Promise<unknown>, input),
    ]),
  ) as unknown as AllActivities;
  const hand = (): AllActivities => inEnvironment;
  return { control: hand, data: hand, urgent: hand, watch: hand, tell: async () => undefined };
}
