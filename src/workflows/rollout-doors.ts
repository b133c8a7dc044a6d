/** The doors of a rollout: what people, programs and other workflows may tell it or ask. */
import { log, uuid4 } from '@temporalio/workflow';
import { DOORS } from '../contracts/message-doors.ts';
import {
  approveMessage,
  COMMANDS,
  EXPLAIN_QUERY,
  evidenceArrivedSignal,
  extendMessage,
  queueAskedSignal,
  rebasePolicyMessage,
  recordEvidenceMessage,
  STATUS_QUERY,
  suiteGrewSignal,
} from '../contracts/messages.ts';
import type { Command, CommandAnswer, CommandName } from '../contracts/messages.ts';
import { EVIDENCE_UPDATE_BYTES_MAX } from '../contracts/evidence.ts';
import type { EvidenceReceipt } from '../contracts/evidence.ts';
import type { RolloutInput, RolloutStatus } from '../contracts/workflows.ts';
import { utf8Bytes } from '../domain/canonical-json.ts';
import { refuseOrder, takeOrder } from '../domain/rollout/desk.ts';
import type { Desk, RolloutOrder } from '../domain/rollout/desk.ts';
import { isFinal, reduce } from '../domain/rollout/machine.ts';
import type { RolloutEvent, RolloutState } from '../domain/rollout/states.ts';
import { explainRollout } from '../domain/rollout/words.ts';
import { durationMs } from '../domain/time.ts';
import { control } from './activity-doors.ts';
import { idOf, onQuery, onSignal, onUpdate } from './doors.ts';
import type { OrderLog } from './order-log.ts';
import { workflowNow } from './workflow-time.ts';

/** What a run of a rollout keeps at hand; all of it is carried by continue-as-new. */
export interface RolloutDesk extends Desk {
  state: RolloutState;
  messages: number;
  processed: readonly string[];
  /** Step on which the rollout stands, and workflow time since when, epoch milliseconds. */
  stepSince: { step: number; at: number };
  /** Workflow time of the decision; null before. Nothing carries it: a run that has one is not continued as new. */
  decidedAt: number | null;
}

/** Keeps the times that the machine does not know; call after everything that may have changed the state. */
export function keepTimes(desk: RolloutDesk): void {
  const { step, decision } = desk.state;
  if (step !== desk.stepSince.step) desk.stepSince = { step, at: workflowNow() };
  if (decision !== null) desk.decidedAt ??= workflowNow();
}

/**
 * Opens every door; call before the first await.
 * @param orders Keeps what comes from the web UI
 * @param show Shows the state to people, after every message that changed it.
 */
export function openDoors(input: RolloutInput, desk: RolloutDesk, orders: OrderLog, show: () => void): void {
  const take = (order: RolloutOrder, id: string | null): CommandAnswer => {
    Object.assign(desk, takeOrder(desk, order, id));
    keepTimes(desk);
    show();
    return answer(desk.state);
  };
  const refuse = (order: RolloutOrder, id: string | null): string | null => refuseOrder(desk, input.bundle, order, id);
  for (const message of COMMANDS) {
    const { name } = message;
    onUpdate(
      message,
      (body) => {
        const id = keyOf(body);
        orders.keep({ name, id, body }, null);
        return take(orderOf(name, body), id);
      },
      (body) => refuse(orderOf(name, body), idOf(body)),
    );
    onSignal(message, (body) => {
      const order = orderOf(name, body);
      const id = keyOf(body);
      const reason = refuse(order, id);
      orders.keep({ name, id, body }, reason);
      if (reason === null) take(order, id);
      else log.info('a command was not taken', { command: name, by: body.by, reason });
    });
  }
  openEvidenceDoors(input, desk, (event) => {
    desk.state = reduce(desk.state, event);
    desk.messages += 1;
    show();
  });
  onQuery(STATUS_QUERY, DOORS.rollout.status, () => statusOf(input, desk.state));
  onQuery(EXPLAIN_QUERY, 'The same in words, with the next action', () => explainRollout(input, desk.state));
}

function openEvidenceDoors(input: RolloutInput, desk: RolloutDesk, tell: (event: RolloutEvent) => void): void {
  const { model, rolloutId } = input;
  onUpdate(
    recordEvidenceMessage,
    async ({ commandId: _id, by, channel, ...batch }): Promise<EvidenceReceipt> => {
      // Recorded before it is acknowledged; the look that waits for evidence finds it in the records.
      const summary = `evidence of ${batch.metric} by ${by}`;
      return control(summary).recordEvidence({ model, rolloutId, batch, by, channel });
    },
    (body) => (isFinal(desk.state) ? `the rollout is over: ${desk.state.inWords}` : tooLarge(body)),
  );
  // Whoever waits for evidence has heard of it from the records by now; cutting the wait short would cost more than it saves.
  onSignal(evidenceArrivedSignal, () => undefined);
  onSignal(queueAskedSignal, () => undefined);
  onSignal(suiteGrewSignal, ({ caseId }) => tell({ kind: 'suiteGrew', caseId }));
}

/** A signal may come without any id: each counts, and each has its own on record. */
const keyOf = (body: Command): string => idOf(body) ?? uuid4();

/** What is larger does not belong into a history. */
function tooLarge(batch: object): string | null {
  const bytes = utf8Bytes(JSON.stringify(batch));
  if (bytes <= EVIDENCE_UPDATE_BYTES_MAX) return null;
  return `the batch is ${bytes} bytes, and an update takes ${EVIDENCE_UPDATE_BYTES_MAX}; use holdfast evidence push or POST …/evidence`;
}

function statusOf(input: RolloutInput, state: RolloutState): RolloutStatus {
  const { model, rolloutId, bundle, idea, claim } = input;
  return { model, rolloutId, bundle, idea, claim, ...state };
}

function orderOf(name: CommandName, body: Command): RolloutOrder {
  const { by, reason } = body;
  switch (name) {
    case 'approve': {
      const { role, step, candidate, evidenceDigest, channel } = approveMessage.schema.parse(body);
      return { name, approval: { by, role, step, candidate, evidenceDigest, reason, channel } };
    }
    case 'extend': {
      const { step, duration } = extendMessage.schema.parse(body);
      return { name, by, reason, step, lengthMs: durationMs(duration) };
    }
    case 'rebasePolicy': {
      const { policyDigest, from } = rebasePolicyMessage.schema.parse(body);
      return { name, by, reason, policyDigest, from };
    }
    default:
      return { name, by, reason };
  }
}

function answer(state: RolloutState): CommandAnswer {
  return {
    accepted: true,
    message: state.inWords,
    step: `${state.step}`,
    exposure: state.exposure,
    phase: state.phase,
    evidenceDigest: state.request?.evidenceDigest ?? null,
  };
}
