/**
 * The desk of a rollout: where the orders of people and programs arrive. Says which can be taken, takes each once, and turns it into an
 * event of the machine. Pure: the same desk stands in the workflow and in the model that is checked.
 */
import { refuseApproval, refuseRejection } from './approvals.ts';
import { currentStep, isFinal, reduce } from './machine.ts';
import type { RolloutApproval, RolloutEvent, RolloutState } from './states.ts';

/** Ids of orders that are remembered, newest last; a repetition older than so many orders would be refused by the state anyway. */
const PROCESSED_IDS_MAX = 200;

/** All of it is carried by continue-as-new. */
export interface Desk {
  readonly state: RolloutState;
  /** Grows with every message, so that a wait can be cut short by one. */
  readonly messages: number;
  readonly processed: readonly string[];
}

interface Signed {
  readonly by: string;
  readonly reason: string;
}

/** What people and programs may order. */
export type RolloutOrder =
  | (Signed & { readonly name: 'reject' | 'pause' | 'resume' | 'rollback' })
  | { readonly name: 'approve'; readonly approval: Omit<RolloutApproval, 'commandId'> }
  | (Signed & { readonly name: 'extend'; readonly step: number; readonly lengthMs: number })
  | (Signed & { readonly name: 'rebasePolicy'; readonly policyDigest: string; readonly from: string });

/** Two orders of different names are never one, whatever ids a person gave them. Without an id, each counts. */
const keyOf = ({ name }: RolloutOrder, id: string | null): string | null => (id === null ? null : `${name}/${id}`);

/** Whether an order was taken before. */
export function wasTaken(desk: Desk, order: RolloutOrder, id: string | null): boolean {
  const key = keyOf(order, id);
  return key !== null && desk.processed.includes(key);
}

/**
 * Why an order cannot be taken now, in words; null when it can, or was.
 * @param bundle The candidate of this rollout; @param id Idempotency key of the order, or null
 */
export function refuseOrder(desk: Desk, bundle: string, order: RolloutOrder, id: string | null): string | null {
  const { state } = desk;
  if (wasTaken(desk, order, id)) return null;
  if (order.name === 'approve' && order.approval.candidate !== bundle) return `this rollout judges candidate ${bundle}`;
  if (isFinal(state)) return `the rollout is over: ${state.inWords}`;
  switch (order.name) {
    case 'approve':
      return refuseApproval(state, { ...order.approval, commandId: id ?? '' });
    case 'reject':
      return refuseRejection(state, order.by);
    case 'pause':
      return state.phase === 'paused' ? 'the rollout is already paused' : null;
    case 'resume':
      return state.phase === 'paused' ? null : 'the rollout is not paused';
    case 'rollback':
      return null;
    case 'extend':
      return refuseExtension(state, order.step);
    case 'rebasePolicy':
      return refuseRebase(state, order);
    default:
      return order satisfies never;
  }
}

/** Takes an order that is not refused; one that was taken before changes nothing. */
export function takeOrder(desk: Desk, order: RolloutOrder, id: string | null): Desk {
  if (wasTaken(desk, order, id)) return desk;
  const key = keyOf(order, id);
  const processed = key === null ? desk.processed : [...desk.processed, key].slice(-PROCESSED_IDS_MAX);
  const state = reduce(desk.state, eventOf(order, desk.state, id ?? ''));
  return { state, messages: desk.messages + 1, processed };
}

function refuseExtension(state: RolloutState, step: number): string | null {
  if (step !== state.step) return `step ${step} is not the present one; the rollout stands on step ${state.step}`;
  return currentStep(state)?.deadlineCohorts == null ? `step ${step} has no deadline` : null;
}

function refuseRebase(
  state: RolloutState,
  { from, policyDigest }: Extract<RolloutOrder, { name: 'rebasePolicy' }>,
): string | null {
  const present = state.brief?.policyDigest ?? null;
  if (present === null) return 'the rollout has not begun yet; it begins with the policy of the model';
  if (policyDigest === present) return `policy ${present} already rules`;
  return from === present ? null : `the present policy is ${present}, not ${from}`;
}

function eventOf(order: RolloutOrder, state: RolloutState, commandId: string): RolloutEvent {
  if (order.name === 'approve') return { kind: 'approved', approval: { ...order.approval, commandId } };
  const { by, reason } = order;
  switch (order.name) {
    case 'reject':
      return { kind: 'rejected', by, reason };
    case 'pause':
      return { kind: 'paused', by, reason };
    case 'resume':
      return { kind: 'resumed', by, reason };
    case 'rollback':
      return { kind: 'rollbackOrdered', by, reason };
    case 'extend': {
      const cohortMs = state.brief?.calendar.lengthMs ?? order.lengthMs;
      return { kind: 'extended', cohorts: Math.ceil(order.lengthMs / cohortMs), by, reason };
    }
    case 'rebasePolicy':
      return { kind: 'rebaseOrdered', policyDigest: order.policyDigest, by, reason };
    default:
      return order satisfies never;
  }
}
