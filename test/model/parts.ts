/**
 * What the model is made of where it can be made wrongly: the product's own functions, each replaceable by a faulty one, so that it can be
 * shown that the checker sees.
 */
import { dueLook } from '../../src/activities/due-looks.ts';
import { look } from '../../src/activities/judging.ts';
import { refuseOrder, takeOrder } from '../../src/domain/rollout/desk.ts';
import type { Desk } from '../../src/domain/rollout/desk.ts';
import { nextTask, reduce } from '../../src/domain/rollout/machine.ts';
import type { RolloutBrief } from '../../src/domain/rollout/states.ts';
import { judgeTraffic } from '../../src/domain/traffic-schedule.ts';
import type { JudgeTraffic, ModelGateway } from './gateways.ts';

export interface Parts {
  readonly reduce: typeof reduce;
  readonly nextTask: typeof nextTask;
  readonly takeOrder: typeof takeOrder;
  readonly refuseOrder: typeof refuseOrder;
  readonly dueLook: typeof dueLook;
  readonly look: typeof look;
  readonly judgeTraffic: JudgeTraffic;
  /** What a desk keeps when its run is continued as a new one. */
  readonly carry: (desk: Desk) => Desk;
  readonly briefed: (brief: RolloutBrief) => RolloutBrief;
  readonly armOf: (gateway: ModelGateway, unit: string, at: number) => 'stable' | 'candidate';
  /** Name under which a unit is logged. */
  readonly nameOf: (unit: string, cohort: number, ask: number) => string;
  readonly requestsOfAUnit: number;
  readonly acknowledgesUnwritten: boolean;
  /** Whether a second rollout may start beside the first. */
  readonly startsBeside: boolean;
  /** Whether the way back counts as done when it was merely sent. */
  readonly retreatsUnverified: boolean;
  /** Length of the watch after full exposure. */
  readonly watch: string;
}

/** The product as it is. */
export const HONEST: Parts = {
  reduce,
  nextTask,
  takeOrder,
  refuseOrder,
  dueLook,
  look,
  judgeTraffic,
  carry: (desk) => JSON.parse(JSON.stringify(desk)) as Desk,
  briefed: (brief) => brief,
  armOf: (gateway, unit, at) => gateway.arm(unit, at),
  nameOf: (unit, cohort) => (unit.startsWith('probe-') ? `${unit}/${cohort}` : unit),
  requestsOfAUnit: 1,
  acknowledgesUnwritten: false,
  startsBeside: false,
  retreatsUnverified: false,
  watch: 'PT0S',
};
