/** Whether exposure rose only by a recorded advance and the approvals its step asks for, in event time and in order. */
import type { DecisionRecord } from '../../src/contracts/records.ts';
import type { LadderStep } from '../../src/contracts/rollout-policy.ts';
import type { LedgerEntry, SplitEntry } from '../../src/contracts/serving.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { ServedSpan } from './archive.ts';
import { approvalFaults } from './approvals.ts';
import { none } from './finding.ts';
import type { Finding } from './finding.ts';
import { sha256 } from './judged.ts';
import type { Story } from './story.ts';

/** One accepted change that lets more people see a candidate, or prepares it. */
export interface Rise {
  readonly gateway: string;
  readonly line: LedgerEntry;
  readonly entry: SplitEntry;
  readonly candidate: string;
  /** Place in the ladder it leads to; the step after the last is the promotion. */
  readonly target: number;
  readonly decision: DecisionRecord | null;
  readonly faults: readonly string[];
}

export interface ExposureAudit {
  readonly rises: readonly Rise[];
  readonly findings: readonly Finding[];
}

const PROMOTED = '/promoted';

export function auditExposure(story: Story, served: readonly ServedSpan[]): ExposureAudit {
  const ledgers = [...story.ledgers];
  const rises = ledgers.flatMap(([gateway, lines]) => risesOf(story, gateway, lines));
  const findings = ledgers.flatMap(([gateway, lines]) => [
    none(`ledger of ${gateway}: ${lines.length} lines follow link by link, none lost, repeated or out of order`, [
      ...brokenLines(lines),
      ...outOfOrder(lines),
    ]),
  ]);
  findings.push(
    none('there is a ledger', ledgers.length === 0 ? ['every gateway'] : []),
    none(
      `${rises.length} rises of exposure each follow from an advance recorded before, and from the approvals asked for`,
      rises
        .filter(({ faults }) => faults.length > 0)
        .map(({ line, faults }) => `line ${line.sequence} (${line.decisionId}): ${faults.join(', ')}`),
    ),
    none('what was served is what the ledger ordered, from when it ordered it', servedFaults(story, served)),
  );
  return { rises, findings };
}

function brokenLines(lines: readonly LedgerEntry[]): string[] {
  return lines.flatMap((line, index) => {
    const { digest, ...unsigned } = line;
    const follows =
      line.sequence === index + 1 &&
      line.previousDigest === (lines[index - 1]?.digest ?? '0'.repeat(64)) &&
      digest === sha256(canonicalJson(unsigned));
    return follows ? [] : [`line ${index + 1} does not follow from the one before`];
  });
}

/** Generations grow strictly, event time never goes back, and no decision is taken twice; a postponement repeats its own. */
function outOfOrder(lines: readonly LedgerEntry[]): string[] {
  const faults: string[] = [];
  const taken = new Map<string, LedgerEntry>();
  const last: { split?: LedgerEntry; fallback?: LedgerEntry } = {};
  let clock = '';
  for (const line of lines.filter(({ accepted }) => accepted)) {
    const { kind, generation, decisionId, sequence, eventTime } = line;
    const before = last[kind];
    const postpones = before?.decisionId === decisionId && before.generation === generation;
    if (before !== undefined && !postpones && generation <= before.generation)
      faults.push(`line ${sequence} has generation ${generation} after ${before.generation}`);
    if (taken.has(decisionId) && !postpones) faults.push(`line ${sequence} repeats decision ${decisionId}`);
    if ((eventTime ?? '') < clock) faults.push(`line ${sequence} is of ${eventTime}, after one of ${clock}`);
    clock = eventTime ?? clock;
    taken.set(decisionId, line);
    last[kind] = line;
  }
  return faults;
}

function risesOf(story: Story, gateway: string, lines: readonly LedgerEntry[]): Rise[] {
  const rises: Rise[] = [];
  let present: SplitEntry | null = null;
  for (const line of lines) {
    if (!line.accepted || !('stable' in line.entry)) continue;
    const { entry } = line;
    const candidate = exposedBy(present, entry);
    if (candidate !== null) rises.push(riseOf(story, gateway, { line, entry, present, candidate, rises }));
    present = entry;
  }
  return rises;
}

/** The bundle that an entry brings further than the one before did; null for a fall, and for the declared fallback's first split. */
function exposedBy(present: SplitEntry | null, next: SplitEntry): string | null {
  if (present === null) return next.candidate;
  if (next.stable !== present.stable) return next.stable;
  if (next.candidate === null) return null;
  return next.candidate !== present.candidate || next.exposure > present.exposure ? next.candidate : null;
}

interface Found {
  readonly line: LedgerEntry;
  readonly entry: SplitEntry;
  readonly present: SplitEntry | null;
  readonly candidate: string;
  readonly rises: readonly Rise[];
}

function riseOf(story: Story, gateway: string, { line, entry, present, candidate, rises }: Found): Rise {
  const [, decision] = decisionOf(story, line);
  const steps = story.policies.get(decision?.policyDigest ?? '')?.rollout.steps ?? story.declaration.rollout.steps;
  const promotes = present !== null && entry.stable !== present.stable;
  const previous = rises.findLast((rise) => rise.candidate === candidate && rolloutOf(rise.line) === rolloutOf(line));
  const target = nextStep(steps, previous?.target ?? 0);
  const faults: string[] = [];
  if (promotes && entry.candidate !== null) faults.push('changes stable and candidate at once');
  if (promotes !== (target === steps.length)) faults.push(`is step ${target} of a ladder of ${steps.length}`);
  const exposure = exposureOf(steps[target]);
  if (entry.exposure !== exposure) faults.push(`exposes ${entry.exposure} where the ladder says ${exposure}`);
  faults.push(...decisionFaults(story, line, entry, candidate, previous));
  if (decision !== null && !line.decisionId.endsWith(PROMOTED))
    faults.push(...approvalFaults(story, decision, steps[target - 1]));
  return { gateway, line, entry, candidate, target, decision, faults };
}

/** The step after one, past those that need no split. */
function nextStep(steps: readonly LadderStep[], from: number): number {
  const next = from + 1;
  return steps[next]?.mode === 'infra' ? nextStep(steps, next) : next;
}

function exposureOf(step: LadderStep | undefined): number {
  if (step?.mode === 'canary') return step.exposure;
  return step?.mode === 'full' ? 1 - step.holdback : 0;
}

/** `rollout/<model>/<bundle>-<attempt>`, the first three parts of every decision's id. */
const rolloutOf = ({ decisionId }: LedgerEntry): string => decisionId.split('/').slice(0, 3).join('/');

/** Place in its chain, and the decision a line names. A promotion follows from the advance that led to full exposure. */
function decisionOf(story: Story, line: LedgerEntry): [place: number, decision: DecisionRecord | null] {
  const id = line.decisionId.endsWith(PROMOTED) ? line.decisionId.slice(0, -PROMOTED.length) : line.decisionId;
  const chain = story.decisions.get(rolloutOf(line)) ?? [];
  const place = chain.findIndex(({ key }) => key === id);
  return [place, chain[place]?.body ?? null];
}

function decisionFaults(
  story: Story,
  line: LedgerEntry,
  entry: SplitEntry,
  candidate: string,
  previous: Rise | undefined,
): string[] {
  const [place, decision] = decisionOf(story, line);
  if (decision === null) return ['no such decision is recorded'];
  const faults: string[] = [];
  const promotes = line.decisionId.endsWith(PROMOTED);
  if (decision.verdict !== 'advance') faults.push(`its verdict is ${decision.verdict}`);
  if (decision.candidate !== candidate) faults.push(`it judged ${decision.candidate.slice(0, 8)}`);
  if (!promotes && decision.stable !== entry.stable) faults.push(`it compared with ${decision.stable.slice(0, 8)}`);
  if (line.eventTime === null || decision.eventTime > line.eventTime)
    faults.push('it was decided later, at ' + decision.eventTime);
  if (entry.effectiveFrom === null || (line.eventTime !== null && entry.effectiveFrom < line.eventTime))
    faults.push(`takes effect at ${entry.effectiveFrom ?? 'once'}, before it was ordered`);
  if (previous === undefined) return faults;
  const [before] = decisionOf(story, previous.line);
  if (promotes ? place !== before : place <= before) faults.push('follows from an older decision than the rise before');
  return faults;
}

/** Requests logged with an exposure that no line had ordered by then, answers before it, and shares that are not the ordered ones. */
function servedFaults(story: Story, served: readonly ServedSpan[]): string[] {
  const lines = [...story.ledgers.values()].flat().filter(({ accepted }) => accepted);
  return served.flatMap(({ candidate, exposure, first, requests, assigned, firstAnswered }) => {
    const name = `${candidate.slice(0, 8)} at ${exposure}`;
    const starts = lines.flatMap((line) => {
      if (!('stable' in line.entry) || line.entry.candidate !== candidate || line.entry.exposure !== exposure)
        return [];
      return [Date.parse(line.entry.effectiveFrom ?? line.eventTime ?? '')];
    });
    const from = Math.min(...starts);
    if (starts.length === 0) return [`${name} is in no ledger`];
    const faults: string[] = [];
    if (first < from) faults.push(`${name} was logged at ${new Date(first).toISOString()}, before its order`);
    if (firstAnswered !== null && exposure === 0) faults.push(`${name} was answered by the candidate`);
    const tolerated = 5 * Math.sqrt((exposure * (1 - exposure)) / requests) + 1 / requests;
    const share = assigned / requests;
    if (Math.abs(share - exposure) > tolerated) faults.push(`${name} has a measured share of ${share.toFixed(4)}`);
    return faults;
  });
}
