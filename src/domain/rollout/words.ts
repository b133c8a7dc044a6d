/** A rollout in words: where it is, what it waits for, and the exact next action. */
import { commandLine } from '../command-line.ts';
import { escaped, fact, fenced, jsonToPaste, workflowLink } from '../markdown.ts';
import { pageCommand, pageLink } from '../report/page-command.ts';
import type { RolloutState, Step } from './states.ts';

export interface Rollout {
  readonly model: string;
  readonly rolloutId: string;
  readonly bundle: string;
  readonly idea: string;
  readonly claim: 'improve' | 'not-worse';
}

const DIGEST_SHOWN = 12;

/** Exposure as people say it: 0.01 → `1 %`. */
export function exposureInWords(exposure: number): string {
  return `${Number((exposure * 100).toFixed(2))} %`;
}

/** What the idea promises: what the gate must see certified. */
export function claimInWords(claim: Rollout['claim']): string {
  return claim === 'improve' ? 'claims to be better' : 'claims to be no worse';
}

/** Whether the rollout stands still until a person speaks. */
export function needsPerson(state: RolloutState): boolean {
  if (state.decision !== null) return false;
  return state.request !== null || state.escalated || state.phase === 'paused' || splitIsBroken(state);
}

/** Filters know no present time: whether the step's deadline has passed is a word. */
export function deadlineInWords(state: RolloutState): 'none' | 'running' | 'passed' {
  if (state.escalated) return 'passed';
  const deadline = stepOf(state)?.deadlineCohorts ?? null;
  return state.decision !== null || deadline === null ? 'none' : 'running';
}

/** What the rollout waits for, in a few words; also the search attribute. */
export function waitingForInWords(state: RolloutState): string {
  const { decision, request } = state;
  if (decision !== null) {
    if (state.recorded) return `nothing: ${outcomeInWords(decision.outcome)}`;
    const isOnTheWayBack = decision.outcome !== 'promoted' && state.touched && !state.retreated;
    return isOnTheWayBack ? 'everyone back on stable' : 'recording the outcome';
  }
  if (state.phase === 'paused') return 'a person to resume';
  if (request !== null) {
    const kind = stepOf(state)?.approvals?.authenticated === true ? 'authenticated approval' : 'approval';
    return `${kind} by ${request.roles.join(' or ')}, ${request.approvals.length} of ${request.quorum} given`;
  }
  if (state.escalated) return 'a person: the deadline of the step has passed';
  if (splitIsBroken(state)) return 'a person: the split is broken, only a rollback leads on';
  if (state.newCase !== null) return `evaluation on the new case ${state.newCase}`;
  if (state.rebase !== null) return 'the policy it is re-based to';
  if (state.ordered !== null) return 'the split';
  if (!state.evaluated) return 'offline evaluation';
  if (stepOf(state)?.mode === 'infra') return 'the serving check';
  return state.fullFrom === null ? 'matured evidence' : 'a whole cohort';
}

/** One line: idea, step, exposure, state. */
export function rolloutInALine(rollout: Rollout, state: RolloutState): string {
  if (state.decision !== null)
    return `${rollout.idea}: ${outcomeInWords(state.decision.outcome)} — ${state.decision.reason}`;
  return `${rollout.idea}: ${positionInWords(state)}, waits for ${waitingForInWords(state)}`;
}

/** Step and exposure: `canary at 25 %`. */
export function positionInWords(state: RolloutState): string {
  return `${stepOf(state)?.mode ?? 'offline'} at ${exposureInWords(state.exposure)}`;
}

/** One thing a person may do now: an update, in the five first cases also a signal, and what it takes. */
export interface PossibleAction {
  readonly updates: readonly string[];
  /** What it does, as the rest of a sentence that begins with “To”. */
  readonly effect: string;
  readonly body: Readonly<Record<string, string | number>>;
}

const SIGNED = { by: 'YOUR-NAME', reason: 'WHY' } as const;

/** Everything a person may do now, most urgent first; empty when the rollout is over. */
export function possibleActions(rollout: Rollout, state: RolloutState): readonly PossibleAction[] {
  if (state.decision !== null) return [];
  const { request } = state;
  const actions: PossibleAction[] = [];
  if (request !== null) {
    const { step, evidenceDigest, roles } = request;
    const body = { ...SIGNED, role: roles[0] ?? '', step, candidate: rollout.bundle, evidenceDigest };
    actions.push({ updates: ['approve'], effect: `say yes to leaving ${positionInWords(state)}`, body });
  }
  if (state.phase === 'paused') actions.push({ updates: ['resume'], effect: 'end the pause', body: SIGNED });
  const more: PossibleAction[] =
    stepOf(state)?.deadlineCohorts == null
      ? []
      : [
          {
            updates: ['extend'],
            effect: 'give the step more time',
            body: { ...SIGNED, step: state.step, duration: 'P3D' },
          },
        ];
  // What is urgent comes first: of a passed deadline, more time; of a broken split, the only ways out of it.
  if (state.escalated) actions.push(...more);
  actions.push(
    state.phase === 'paused' || splitIsBroken(state)
      ? { updates: ['reject', 'rollback'], effect: 'reject or roll it back', body: SIGNED }
      : { updates: ['pause', 'reject', 'rollback'], effect: 'pause, reject or roll it back', body: SIGNED },
  );
  if (!state.escalated) actions.push(...more);
  return actions;
}

/** Commands for a terminal that do the same. */
function commandsFor(rollout: Rollout, state: RolloutState): string[] {
  return possibleActions(rollout, state).map(({ updates, body }) =>
    commandLine(rollout.rolloutId, updates.join('|'), body),
  );
}

/** Who may act, and the most urgent commands, one a line. */
export function whatToType(rollout: Rollout, state: RolloutState): string[] {
  const people = approversInWords(state);
  const [urgent] = possibleActions(rollout, state);
  const commands = (urgent?.updates ?? []).map((order) => commandLine(rollout.rolloutId, order, urgent?.body ?? {}));
  return [...(people === null ? [] : [`who may: ${people}`]), ...commands];
}

/** Markdown for people: state, table of the gate, and the commands that lead on. */
export function explainRollout(rollout: Rollout, state: RolloutState): string {
  const page = state.head === undefined ? [] : [pageCommand(rollout.rolloutId)];
  const commands = [...commandsFor(rollout, state), ...page];
  return [
    ...standing(rollout, state),
    ...gateBlock(state),
    ...(commands.length === 0 ? [] : [fact('Commands', ''), fenced(commands.join('\n'))]),
  ].join('\n');
}

/** The same for the web UI: what its forms take in place of commands, and where to go from here. */
export function rolloutDetails(rollout: Rollout, state: RolloutState, parentId: string | null): string {
  const forms = possibleActions(rollout, state).flatMap(({ updates, effect, body }) => [
    `**To ${effect}**: More Actions, Send an Update, ${listed(updates.map((name) => `\`${name}\``))} with`,
    jsonToPaste(body),
  ]);
  const queue = parentId === null ? [] : [workflowLink('the promotion queue', parentId)];
  const links = [...pageLinks(rollout, state), ...queue];
  return [
    ...standing(rollout, state),
    ...gateBlock(state),
    ...forms,
    ...(links.length === 0 ? [] : [fact('See also', links.join(', '))]),
  ].join('\n');
}

/** The page of evidence of the newest decision; where nobody told the address of the edge, the command that writes it. */
function pageLinks({ rolloutId }: Rollout, { head, brief }: RolloutState): string[] {
  if (head === undefined) return [];
  return [pageLink(rolloutId, brief?.edgeUrl, head.digest)];
}

function standing({ idea, bundle, claim }: Rollout, state: RolloutState): string[] {
  const stable = state.brief === null ? 'not known yet' : `\`${state.brief.stable.slice(0, DIGEST_SHOWN)}\``;
  const lines = [
    fact('Rollout', `of ${escaped(idea)}, which ${claimInWords(claim)}`),
    fact('Candidate', `\`${bundle.slice(0, DIGEST_SHOWN)}\` against stable ${stable}`),
    fact('Now', state.decision === null ? `${positionInWords(state)}, ${state.phase}` : overInWords(state.decision)),
    fact('Waits for', waitingForInWords(state)),
  ];
  if (state.zeroAfterMs !== undefined)
    lines.push(fact('At zero', `${state.zeroAfterMs} ms after the decision, confirmed by every gateway`));
  const people = approversInWords(state);
  if (people !== null) lines.push(fact('Who may', people));
  if (state.decision === null) lines.push(fact('Last', escaped(state.inWords)));
  if (state.brief !== null) lines.push(fenced(ladderInALine(state.brief.steps, state)));
  return lines;
}

function gateBlock({ last }: RolloutState): string[] {
  if (last === null) return [];
  const caption = `after cohort ${last.cohort} (${last.eventTime}): ${last.verdict}; per 1,000 units, below 0 is better`;
  const unmet = last.unmet.length === 0 ? [] : [fact('Unmet', ''), fenced(last.unmet.join('\n'))];
  return [fact('Gate', caption), ...(last.table === '' ? [] : [fenced(last.table)]), ...unmet];
}

/** `offline > shadow > 1 % > [5 %] > 25 % (1 approval) > full`. */
function ladderInALine(steps: readonly Step[], state: RolloutState): string {
  const names = steps.map((step, index) => {
    const name = step.mode === 'canary' ? exposureInWords(step.exposure) : step.mode;
    const wants = step.approvals === null ? '' : ` (${counted(step.approvals.quorum, 'approval')})`;
    return index === state.step ? `[${name}]${wants}` : `${name}${wants}`;
  });
  return names.join(' > ');
}

/** The people who may approve now, without those who did and without the author; null where nobody is asked. */
export function approversInWords({ brief, request }: RolloutState): string | null {
  if (brief === null || request === null) return null;
  const given = request.approvals.map(({ by }) => by);
  const people = [...new Set(request.roles.flatMap((role) => brief.people[role] ?? []))];
  const free = people.filter((name) => name !== brief.author && !given.includes(name));
  const yes = given.length === 0 ? '' : `; yes from ${given.join(', ')}`;
  return `${free.length === 0 ? 'nobody is left' : listed(free)}${yes}`;
}

function overInWords({ outcome, reason }: NonNullable<RolloutState['decision']>): string {
  return `${outcomeInWords(outcome)}: ${escaped(reason)}`;
}

const outcomeInWords = (outcome: string): string => outcome.replace('_', ' ');
const stepOf = (state: RolloutState): Step | null => state.brief?.steps[state.step] ?? null;
/** Whether the measured split is not the ordered one: only a rollback or a new rollout ends that. */
export const splitIsBroken = ({ last, splitRefused }: RolloutState): boolean =>
  splitRefused !== null || last?.reasons.includes('srm') === true || (last?.assignmentFaults.length ?? 0) > 0;
const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `a, b or c`. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}
