/**
 * Approvals of a step: what is asked, which yes is taken and which is refused with what reason, and when a yes has expired. An approval is
 * bound to step, candidate and evidence; it is void as soon as the evidence turns.
 */
import type { ApprovalRequest, GivenApproval, RolloutApproval, RolloutState, StepApprovals } from './states.ts';

const VOUCH = 'send POST /v1/rollouts/{id}/approve with a token of your own';

/** What the present step asks of people; null where it asks nothing. */
function neededApprovals(state: RolloutState): StepApprovals | null {
  return state.brief?.steps[state.step]?.approvals ?? null;
}

/** Whether every approval that leaving the present step asks for has been given and has not expired. */
export function approvalsGiven(state: RolloutState): boolean {
  const needed = neededApprovals(state);
  return needed === null || (state.request?.approvals.length ?? 0) >= needed.quorum;
}

/** An order as the command log has it. */
export interface LoggedOrder {
  readonly by: string;
  readonly command: string;
  readonly target: string;
  readonly body: unknown;
  /** Who gave it by the word of the HTTP edge; absent where a name is only a claim. */
  readonly authenticatedAs?: string;
}

/**
 * Whether the HTTP edge has authenticated who gave exactly this yes: a token's word for one order is none for another that borrows its id.
 * @param order What the command log has under the approval's command id, or null
 */
export function isVouchedFor(
  rolloutId: string,
  given: Pick<RolloutApproval, 'by' | 'role' | 'step' | 'candidate' | 'evidenceDigest'>,
  order: LoggedOrder | null,
): boolean {
  if (order === null || order.command !== 'approve' || order.target !== rolloutId) return false;
  if (order.authenticatedAs !== given.by) return false;
  const said = order.body as Partial<RolloutApproval> | null;
  return (['by', 'role', 'step', 'candidate', 'evidenceDigest'] as const).every((key) => said?.[key] === given[key]);
}

/** Identity of an approval request and the approvals it has: what people have been told of. */
export function requestKey(request: ApprovalRequest | null): string | null {
  return request === null
    ? null
    : `${request.step}/${request.evidenceDigest}/${request.approvals.map((given) => given.by).join(',')}`;
}

/**
 * The request stays bound to the evidence it was opened with for as long as only approvals are missing. When the first yes expires, it
 * is asked anew, on the evidence of now.
 */
export function askFor(state: RolloutState): ApprovalRequest | null {
  const needed = neededApprovals(state);
  if (state.last === null || needed === null) return null;
  const open = unexpired(state);
  if (open !== null && open.step === state.step) return open;
  return {
    step: state.step,
    evidenceDigest: state.last.evidenceDigest,
    since: state.last.eventTime,
    roles: needed.roles,
    quorum: needed.quorum,
    approvals: [],
  };
}

/** The request as it stands; null when there is none, or one of its approvals has expired. */
export function unexpired(state: RolloutState): ApprovalRequest | null {
  const { request, judgedCohort } = state;
  const needed = neededApprovals(state);
  return needed === null || request?.approvals.some(isExpired(needed, judgedCohort)) === true ? null : request;
}

function isExpired({ expiresCohorts }: StepApprovals, judgedCohort: number): (given: GivenApproval) => boolean {
  return (given) => expiresCohorts !== null && judgedCohort - given.cohort >= expiresCohorts;
}

/** Counts a yes, unless it cannot be taken. */
export function approved(state: RolloutState, approval: RolloutApproval): RolloutState {
  if (state.request === null || refuseApproval(state, approval) !== null) return state;
  const given = { ...approval, cohort: state.judgedCohort };
  const others = state.request.approvals.filter(({ by }) => by !== approval.by);
  return { ...state, request: { ...state.request, approvals: [...others, given] } };
}

/** Why an approval cannot be taken now, in words with the present digest; null when it can. */
export function refuseApproval(state: RolloutState, approval: RolloutApproval): string | null {
  if (state.decision !== null) return `the rollout is over: ${state.decision.outcome}`;
  const request = state.request;
  if (request === null) return `nothing waits for an approval now (${state.inWords})`;
  const present = `the present request is for step ${request.step} with evidence ${request.evidenceDigest}`;
  if (approval.step !== request.step) return `step ${approval.step} is not the one that waits; ${present}`;
  if (approval.evidenceDigest !== request.evidenceDigest) return `the evidence has moved on; ${present}`;
  if (!request.roles.includes(approval.role))
    return `role ${approval.role} is not asked for; allowed: ${request.roles.join(', ')}`;
  const people = state.brief?.people[approval.role] ?? [];
  if (!people.includes(approval.by))
    return `${approval.by} does not hold role ${approval.role}; allowed: ${people.join(', ')}`;
  if (approval.by === state.brief?.author) return `${approval.by} is the candidate’s author and cannot approve it`;
  // A claim in somebody's name must not keep out the yes that a token vouches for: there, the last one counts.
  if (neededApprovals(state)?.authenticated === true)
    return approval.channel === 'http' ? null : `this step counts only what the HTTP edge has authenticated; ${VOUCH}`;
  if (request.approvals.some((given) => given.by === approval.by))
    return `${approval.by} has already approved this step`;
  return null;
}

/** Why a no cannot be taken: at a step that asks people, only those it names may say it; anybody may order a rollback. */
export function refuseRejection(state: RolloutState, by: string): string | null {
  const { brief } = state;
  if (brief === null) return null;
  const needed = neededApprovals(state);
  const roles = needed === null ? Object.keys(brief.people) : [...needed.roles, ...needed.veto];
  const allowed = new Set(roles.flatMap((role) => brief.people[role] ?? []));
  if (allowed.has(by)) return null;
  return `${by} has no say at this step; allowed: ${[...allowed].join(', ')}; anybody may order a rollback`;
}
