/** The doors of a rollout: what people, programs and other workflows may tell it or ask. */
import { currentUpdateInfo, log } from '@temporalio/workflow';
import {
  approveMessage,
  COMMANDS,
  EXPLAIN_QUERY,
  evidenceArrivedSignal,
  extendMessage,
  rebasePolicyMessage,
  recordEvidenceMessage,
  STATUS_QUERY,
  suiteGrewSignal,
} from '../contracts/messages.ts';
import type { ApproveCommand, Command, CommandAnswer, CommandName } from '../contracts/messages.ts';
import type { EvidenceReceipt } from '../contracts/evidence.ts';
import type { RolloutInput, RolloutStatus } from '../contracts/workflows.ts';
import { refuseApproval, refuseRejection } from '../domain/rollout/approvals.ts';
import { currentStep, isFinal, reduce } from '../domain/rollout/machine.ts';
import type { RolloutApproval, RolloutEvent, RolloutState } from '../domain/rollout/states.ts';
import { explainRollout } from '../domain/rollout/words.ts';
import { durationMs } from '../domain/time.ts';
import { control } from './activity-doors.ts';
import { onQuery, onSignal, onUpdate } from './doors.ts';
import { PROCESSED_IDS_MAX } from './limits.ts';

/** What a run of a rollout keeps at hand; all of it is carried by continue-as-new. */
export interface Desk {
  state: RolloutState;
  /** Grows with every message, so that a wait can be cut short by one. */
  messages: number;
  processed: string[];
  /** Step on which the rollout stands, and workflow time since when, epoch milliseconds. */
  stepSince: { step: number; at: number };
}

/**
 * Opens every door; call before the first await.
 * @param show Shows the state to people, after every message that changed it.
 */
export function openDoors(input: RolloutInput, desk: Desk, show: () => void): void {
  const tell = (event: RolloutEvent): void => {
    desk.state = reduce(desk.state, event);
    desk.messages += 1;
    show();
  };
  const take = (name: CommandName, body: Command): CommandAnswer => {
    const id = idOf(name, body);
    if (id === null || !desk.processed.includes(id)) {
      if (id !== null) desk.processed = [...desk.processed, id].slice(-PROCESSED_IDS_MAX);
      tell(eventOf(name, { ...body, commandId: body.commandId || (id ?? '') }, desk.state));
    }
    return answer(desk.state);
  };
  const refuse = (name: CommandName, body: Command): string | null => {
    const id = idOf(name, body);
    return id !== null && desk.processed.includes(id) ? null : refusalOf(input, desk.state, name, body);
  };
  for (const message of COMMANDS) {
    onUpdate(
      message,
      (body) => take(message.name, body),
      (body) => refuse(message.name, body),
    );
    onSignal(message, (body) => {
      const reason = refuse(message.name, body);
      if (reason === null) take(message.name, body);
      else log.info('a command was not taken', { command: message.name, by: body.by, reason });
    });
  }
  openEvidenceDoors(input, desk, tell);
  onQuery(STATUS_QUERY, 'Where the candidate stands, and why', () => statusOf(input, desk.state));
  onQuery(EXPLAIN_QUERY, 'The same in words, with the next action', () => explainRollout(input, desk.state));
}

function openEvidenceDoors(input: RolloutInput, desk: Desk, tell: (event: RolloutEvent) => void): void {
  const { model, rolloutId } = input;
  onUpdate(
    recordEvidenceMessage,
    async ({ commandId: _id, by, channel, ...batch }): Promise<EvidenceReceipt> => {
      // Recorded before it is acknowledged; the look that follows finds it in the records.
      const summary = `evidence of ${batch.metric} by ${by}`;
      const receipt = await control(summary).recordEvidence({ model, rolloutId, batch, by, channel });
      if (receipt.result === 'recorded') desk.messages += 1;
      return receipt;
    },
    () => (isFinal(desk.state) ? `the rollout is over: ${desk.state.inWords}` : null),
  );
  onSignal(evidenceArrivedSignal, () => void (desk.messages += 1));
  onSignal(suiteGrewSignal, ({ caseId }) => tell({ kind: 'suiteGrew', caseId }));
}

/** Two commands of different names are never one, whatever ids a person gave them. Without an id, each message counts. */
function idOf(name: string, body: Command): string | null {
  const id = body.commandId === '' ? currentUpdateInfo()?.id : body.commandId;
  return id === undefined ? null : `${name}/${id}`;
}

function statusOf(input: RolloutInput, state: RolloutState): RolloutStatus {
  const { model, rolloutId, bundle, idea, claim } = input;
  return { model, rolloutId, bundle, idea, claim, ...state };
}

/** Why a command cannot be taken now; null when it can. */
function refusalOf(input: RolloutInput, state: RolloutState, name: CommandName, body: Command): string | null {
  if ('candidate' in body && body.candidate !== input.bundle) return `this rollout judges candidate ${input.bundle}`;
  if (isFinal(state)) return `the rollout is over: ${state.inWords}`;
  switch (name) {
    case 'resume':
      return state.phase === 'paused' ? null : 'the rollout is not paused';
    case 'pause':
      return state.phase === 'paused' ? 'the rollout is already paused' : null;
    case 'approve':
      return refuseApproval(state, approvalOf(body as ApproveCommand));
    case 'reject':
      return refuseRejection(state, body.by);
    case 'extend':
      return refuseExtension(state, extendMessage.schema.parse(body).step);
    case 'rebasePolicy': {
      const present = state.brief?.policyDigest ?? null;
      const { from, policyDigest } = rebasePolicyMessage.schema.parse(body);
      if (present === null) return 'the rollout has not begun yet; it begins with the policy of the model';
      if (policyDigest === present) return `policy ${present} already rules`;
      return from === present ? null : `the present policy is ${present}, not ${from}`;
    }
    case 'rollback':
      return null;
    default:
      return name satisfies never;
  }
}

function refuseExtension(state: RolloutState, step: number): string | null {
  if (step !== state.step) return `step ${step} is not the present one; the rollout stands on step ${state.step}`;
  return currentStep(state)?.deadlineCohorts == null ? `step ${step} has no deadline` : null;
}

function approvalOf(body: ApproveCommand): RolloutApproval {
  const { by, role, step, candidate, evidenceDigest, reason, channel, commandId } = body;
  return { by, role, step, candidate, evidenceDigest, reason, channel, commandId };
}

function eventOf(name: CommandName, body: Command, state: RolloutState): RolloutEvent {
  const { by, reason } = body;
  switch (name) {
    case 'approve':
      return { kind: 'approved', approval: approvalOf(approveMessage.schema.parse(body)) };
    case 'reject':
      return { kind: 'rejected', by, reason };
    case 'pause':
      return { kind: 'paused', by, reason };
    case 'resume':
      return { kind: 'resumed', by, reason };
    case 'rollback':
      return { kind: 'rollbackOrdered', by, reason };
    case 'extend': {
      const lengthMs = durationMs(extendMessage.schema.parse(body).duration);
      const cohorts = Math.ceil(lengthMs / (state.brief?.calendar.lengthMs ?? lengthMs));
      return { kind: 'extended', cohorts, by, reason };
    }
    case 'rebasePolicy':
      return { kind: 'rebaseOrdered', policyDigest: rebasePolicyMessage.schema.parse(body).policyDigest, by, reason };
    default:
      return name satisfies never;
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
