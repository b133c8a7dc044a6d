/** A rollout in words: where it is, what it waits for, and the exact next action. */
import type { RolloutState } from './states.ts';

interface Rollout {
  readonly model: string;
  readonly rolloutId: string;
  readonly bundle: string;
  readonly idea: string;
}

/** Exposure as people say it: 0.01 → `1 %`. */
export function exposureInWords(exposure: number): string {
  return `${Number((exposure * 100).toFixed(2))} %`;
}

/** What the rollout waits for, in a few words; also the search attribute. */
export function waitingForInWords(state: RolloutState): string {
  if (state.decision !== null) return state.recorded ? 'nothing' : 'recording the outcome';
  if (state.phase === 'paused') return 'a person to resume';
  if (state.request !== null) return `approval by ${state.request.roles.join(' or ')}`;
  if (state.escalated) return 'a person: deadline passed';
  if (state.ordered !== null) return 'the split';
  if (!state.evaluated) return 'offline evaluation';
  return state.fullFrom === null ? 'matured evidence' : 'a whole cohort';
}

/** One line: idea, step, exposure, state. */
export function rolloutInALine(rollout: Rollout, state: RolloutState): string {
  const step = state.brief?.steps[state.step]?.mode ?? 'offline';
  if (state.decision !== null)
    return `${rollout.idea}: ${state.decision.outcome.replace('_', ' ')} — ${state.decision.reason}`;
  return `${rollout.idea}: ${step} at ${exposureInWords(state.exposure)}, waits for ${waitingForInWords(state)}`;
}

/** The update to paste into the web UI, indented as its editor wants it; null when nothing waits for a person. */
export function approvalToPaste(rollout: Rollout, state: RolloutState): string | null {
  if (state.request === null) return null;
  const { step, evidenceDigest, roles } = state.request;
  const body = {
    commandId: `approve-${step}-${evidenceDigest.slice(0, 8)}-YOUR-NAME`,
    by: 'YOUR-NAME',
    reason: 'WHY',
    channel: 'ui',
    step,
    candidate: rollout.bundle,
    evidenceDigest,
    role: roles[0] ?? '',
  };
  return JSON.stringify(body, null, 2);
}

/** The command a person types to approve. */
export function approvalCommand(rollout: Rollout, state: RolloutState): string | null {
  if (state.request === null) return null;
  return `npx holdfast approve ${rollout.rolloutId} --evidence ${state.request.evidenceDigest} --as NAME --reason "…"`;
}

/** Markdown for people: state, table of the gate, and what can be done now. */
export function explainRollout(rollout: Rollout, state: RolloutState): string {
  const steps = (state.brief?.steps ?? []).map((step, index) => {
    const mark = index < state.step ? 'done' : index === state.step ? 'here' : '';
    const wants =
      step.approvals === null
        ? ''
        : `, leaves with ${step.approvals.quorum} approval by ${step.approvals.roles.join(' or ')}`;
    return `${mark.padEnd(5)} ${step.mode.padEnd(8)} ${exposureInWords(step.exposure).padStart(6)}${wants}`;
  });
  const paste = approvalToPaste(rollout, state);
  const lines = [
    `**Rollout** ${rollout.rolloutId}`,
    `**Candidate** ${rollout.idea} \`${rollout.bundle.slice(0, 12)}\` against stable \`${state.brief?.stable.slice(0, 12) ?? 'not known yet'}\``,
    `**Phase** ${state.phase}, exposure ${exposureInWords(state.exposure)}`,
    `**Waits for** ${waitingForInWords(state)}`,
    `**Last** ${state.inWords}`,
    '```',
    ...steps,
    '```',
  ];
  if (state.last !== null)
    lines.push(`**Gate after cohort ${state.last.cohort}** (${state.last.eventTime})`, '```', state.last.table, '```');
  if (paste !== null)
    lines.push(
      '**To approve**: update `approve` with',
      '```json',
      paste,
      '```',
      `or: \`${approvalCommand(rollout, state) ?? ''}\``,
    );
  else if (state.decision === null)
    lines.push('**To stop**: update or signal `rollback` with', '```json', COMMAND_TO_PASTE, '```');
  return lines.join('\n');
}

const COMMAND_TO_PASTE = JSON.stringify(
  { commandId: 'rollback-1', by: 'YOUR-NAME', reason: 'WHY', channel: 'ui' },
  null,
  2,
);
