/** Trouble that somebody makes on purpose while watching, and what the system does about it, in words. Pure. */
import type { CandidateRecord, DecisionRecord, IncidentRecord } from '../contracts/records.ts';
import { exposureInWords } from '../domain/rollout/words.ts';

/** Key → what it breaks; the same key heals. */
export const TROUBLE_KEYS = {
  l: 'labels',
  e: 'candidate',
  w: 'worker',
  f: 'features',
  s: 'slice',
} as const;
export type TroubleKey = keyof typeof TROUBLE_KEYS;
export type TroubleKind = (typeof TROUBLE_KEYS)[TroubleKey];

export interface Trouble {
  readonly kind: TroubleKind;
  /** Event time of the break, ISO 8601. */
  readonly since: string;
  /** Event time at which it was healed; null while it is broken. */
  readonly healedAt: string | null;
}

/** What is on record of the time of the trouble. */
export interface TroubledView {
  readonly candidate: CandidateRecord | null;
  /** The candidate decided last; null before the first. */
  readonly decided: CandidateRecord | null;
  /** In order of event time. */
  readonly decisions: readonly DecisionRecord[];
  readonly incidents: readonly IncidentRecord[];
  /** Slice that the key breaks; null where the policy names none that can be broken. */
  readonly slice: string | null;
}

/** One line a trouble: since when, and what the system does about it. */
export function troubleLine(trouble: Trouble, view: TroubledView): string {
  const { kind, since, healedAt } = trouble;
  const broken = `${broke(kind, view.slice)} at ${shortTime(since)}`;
  const answer = answerTo(trouble, view);
  return healedAt === null ? `${broken}; ${answer}` : `${broken}, healed at ${shortTime(healedAt)}; ${answer}`;
}

/** The keys in one line; what is broken now stands in brackets. */
export function keysLine(troubles: readonly Trouble[], slice: string | null): string {
  const names: Readonly<Record<TroubleKind, string | null>> = {
    labels: 'labels',
    candidate: 'candidate',
    worker: 'worker',
    features: 'features',
    slice,
  };
  const shown = Object.entries(TROUBLE_KEYS).flatMap(([key, kind]) => {
    const name = names[kind];
    if (name === null) return [];
    return isBroken(troubles, kind) ? `[${key} ${name}]` : `${key} ${name}`;
  });
  return `Keys break and heal: ${shown.join(' · ')}`;
}

const isBroken = (troubles: readonly Trouble[], kind: TroubleKind): boolean =>
  troubles.some((trouble) => trouble.kind === kind && trouble.healedAt === null);

/** `03-05 14:00`. */
const shortTime = (iso: string): string => iso.slice(5, 16).replace('T', ' ');

function broke(kind: TroubleKind, slice: string | null): string {
  switch (kind) {
    case 'labels':
      return 'labels stopped';
    case 'candidate':
      return 'the candidate began to fail';
    case 'worker':
      return 'the worker was killed';
    case 'features':
      return 'online features froze';
    case 'slice':
      return `the candidate became worse at ${slice ?? 'one slice'} only`;
    default:
      return kind satisfies never;
  }
}

function answerTo({ kind, since, healedAt }: Trouble, view: TroubledView): string {
  switch (kind) {
    case 'labels':
      return aboutLabels(since, healedAt, view);
    case 'candidate':
    case 'slice':
      return aboutCandidate(since, healedAt, view);
    case 'worker':
      return healedAt === null
        ? 'traffic goes on by the last split, nothing is decided until it is back'
        : 'it takes up every decision where it was left';
    case 'features':
      return aboutFeatures(since, view);
    default:
      return kind satisfies never;
  }
}

function aboutLabels(since: string, healedAt: string | null, view: TroubledView): string {
  const { candidate, decisions } = view;
  const after = decisions.filter(({ eventTime }) => eventTime > since);
  const held = after.find(({ verdict, reasons }) => verdict === 'hold' && reasons.includes('data-pending'));
  if (healedAt !== null) {
    if (held === undefined) return 'no rollout had to hold for it';
    const moved = after.find(
      ({ rolloutId, verdict, eventTime }) =>
        rolloutId === held.rolloutId && verdict === 'advance' && eventTime >= healedAt,
    );
    return moved === undefined
      ? 'late labels are judged as they come'
      : `rollout went on at ${shortTime(moved.eventTime)}`;
  }
  if (candidate === null) return 'no rollout is in flight; without labels none can advance';
  const exposure = exposureInWords(candidate.exposureHistory.at(-1)?.exposure ?? 0);
  const passed = after.findLast(({ rolloutId }) => rolloutId === candidate.rolloutId);
  if (passed?.verdict === 'escalate')
    return `deadline passed at ${shortTime(passed.eventTime)}: a person is called, exposure stays at ${exposure}`;
  return held === undefined || held.rolloutId !== candidate.rolloutId
    ? `rollout judges what had arrived before, at ${exposure}`
    : `rollout holds since ${shortTime(held.eventTime)} at ${exposure}, neither forward nor back`;
}

function aboutCandidate(since: string, healedAt: string | null, { candidate, decided }: TroubledView): string {
  const fell = decided !== null && (decided.decidedAt ?? '') >= since && FALLEN.has(decided.outcome);
  if (fell)
    return `${decided.idea} ${decided.outcome.replace('_', ' ')} at ${shortTime(decided.decidedAt ?? '')}: ${ownReason(decided.reason)}`;
  if (healedAt !== null) return 'no harm was certified meanwhile';
  if (candidate === null) return 'no candidate is in flight: the next one will meet it';
  return `the gate looks when the cohort is complete; until then ${exposureInWords(candidate.exposureHistory.at(-1)?.exposure ?? 0)} of the units meet it`;
}

/** Which pass harm overturns is told among the decisions. */
const ownReason = (reason: string | null): string => (reason ?? 'no reason').replace(/; it overturns .*$/, '');
const FALLEN: ReadonlySet<string> = new Set(['rolled_back', 'refused']);

function aboutFeatures(since: string, { incidents }: TroubledView): string {
  const incident = incidents.findLast(({ openedAt, features }) => openedAt >= since && features.length > 0);
  if (incident === undefined) return 'monitoring looks at every complete cohort that lives on them';
  const { id, openedAt, response, closedAt } = incident;
  return closedAt === null
    ? `${id} open since ${shortTime(openedAt)}, response: ${response}`
    : `${id} closed at ${shortTime(closedAt)}: ${incident.closingReason ?? 'recovered'}`;
}
