import type { ApprovalRecord, DecisionRecord } from '../../src/contracts/records.ts';
import type { LadderStep } from '../../src/contracts/rollout-policy.ts';
import type { Story } from './story.ts';

/** What is wrong with the approvals of an advance that leaves a step: too few, by the wrong people, for other evidence, or not logged. */
export function approvalFaults(story: Story, decision: DecisionRecord, step: LadderStep | undefined): string[] {
  const asked = step !== undefined && 'approvals' in step ? step.approvals : undefined;
  if (asked === undefined) return [];
  const faults = decision.approvals.flatMap((approval) => faultsOf(story, decision, asked.roles, approval));
  const people = new Set(decision.approvals.map(({ by }) => by));
  if (people.size < asked.quorum) faults.push(`${people.size} of ${asked.quorum} approvals are recorded`);
  return faults;
}

function faultsOf(
  { declaration, decisions, commands }: Story,
  decision: DecisionRecord,
  roles: readonly string[],
  { by, role, candidate, evidenceDigest, channel }: ApprovalRecord,
): string[] {
  const faults: string[] = [];
  if (!roles.includes(role) || !(declaration.people[role] ?? []).includes(by))
    faults.push(`${by} does not hold role ${role}`);
  if (by === declaration.owner) faults.push(`${by} owns the model`);
  if (candidate !== decision.candidate) faults.push(`${by} approved ${candidate.slice(0, 8)}`);
  const chain = decisions.get(decision.rolloutId) ?? [];
  const decided = chain.findIndex(({ key }) => key === decision.decisionId);
  const seen = chain.findIndex(
    ({ body }) => body.evidenceDigest === evidenceDigest && body.reasons.includes('approval'),
  );
  if (seen < 0 || seen >= decided) faults.push(`${by} approved evidence that asked for no approval before`);
  // The web UI speaks to the workflow itself; every other channel writes the attempt down first.
  const logged = commands.some(
    ({ command, target, by: person, body }) =>
      command === 'approve' &&
      target === decision.rolloutId &&
      person === by &&
      (body as { readonly evidenceDigest?: string }).evidenceDigest === evidenceDigest,
  );
  if (channel !== 'ui' && !logged) faults.push(`the approval by ${by} is not in the command log`);
  return faults;
}
