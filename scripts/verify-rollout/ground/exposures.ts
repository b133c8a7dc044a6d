/** Who was exposed, by the gateways' own ledgers and answers. */
import type { LedgerEntry, SplitEntry } from '../../../src/contracts/serving.ts';
import { assignArm } from '../../../src/domain/assignment.ts';
import { cohortOf, epochMs } from '../../../src/domain/time.ts';
import { EMPTY_SCHEDULE, entryAt, judgeTraffic } from '../../../src/domain/traffic-schedule.ts';
import type { Fault, OnRecord } from './account.ts';
import { COHORT_MS, START } from './model-in-hand.ts';
import type { Candidate } from './model-in-hand.ts';

/** Whether a line of a ledger is of a rollout: its salt names it. */
export const ofRollout = ({ entry }: LedgerEntry, rolloutId: string): boolean =>
  'salt' in entry && entry.salt === rolloutId;

const CALENDAR = { origin: START, lengthMs: COHORT_MS };

interface Change {
  readonly generation: number;
  readonly decisionId: string;
  readonly entry: SplitEntry;
}

/** The accepted changes of a rollout at one gateway; of a postponed one the last form. */
function changesOf(ledger: readonly LedgerEntry[], rolloutId: string): Change[] {
  const changes = new Map<number, Change>();
  for (const line of ledger)
    if (line.accepted && line.kind === 'split' && ofRollout(line, rolloutId))
      changes.set(line.generation, { ...line, entry: line.entry as SplitEntry });
  return [...changes.values()];
}

/** The changes as sentences, alike for alike stories. */
export function splitLines({ ledgers, told, schedule }: OnRecord): string[] {
  const { rolloutId, candidate } = told.teller;
  const changes = changesOf(ledgers[0] ?? [], rolloutId);
  const before = (changes[0]?.generation ?? 1) - 1;
  const first = schedule[0]?.cohort ?? 0;
  return changes.map(({ generation, entry }) => {
    const who = entry.candidate === null ? (entry.stable === candidate.bundle ? 'stable' : 'nobody') : 'candidate';
    const from = entry.effectiveFrom === null ? 'at once' : cohortOf(CALENDAR, epochMs(entry.effectiveFrom)) - first;
    return `split ${generation - before}: ${who} ${entry.exposure} from ${from}`;
  });
}

/** What is wrong with the exposure of a rollout. */
export function splitFaults(onRecord: OnRecord): Fault[] {
  return onRecord.ledgers.flatMap((ledger, gateway) => [
    ...ledgerFaults(onRecord, ledger, gateway),
    ...servedFaults(onRecord, ledger, gateway),
  ]);
}

function ledgerFaults({ chain, told, ledgers }: OnRecord, ledger: readonly LedgerEntry[], gateway: number): Fault[] {
  const faults: Fault[] = [];
  const { rolloutId, candidate } = told.teller;
  const where = `gateway ${gateway + 1}`;
  const accepted = ledger.filter((line) => line.accepted && line.kind === 'split');
  for (const [index, line] of accepted.entries()) {
    const previous = accepted[index - 1];
    const postpones = previous?.generation === line.generation && previous.decisionId === line.decisionId;
    if (previous !== undefined && line.generation <= previous.generation && !postpones)
      faults.push({ kind: 'out of order', inWords: `${where}: ${line.generation} after ${previous.generation}` });
  }
  const changes = changesOf(ledger, rolloutId);
  const decisions = changes.map(({ decisionId }) => decisionId);
  if (new Set(decisions).size !== decisions.length)
    faults.push({ kind: 'repeated', inWords: `${where}: a decision has two generations: ${decisions.join(', ')}` });
  let exposure = 0;
  let isOver = false;
  for (const { decisionId, entry } of changes) {
    if (isOver) faults.push({ kind: 'out of order', inWords: `${where}: ${decisionId} after the end` });
    isOver = entry.candidate === null;
    const promoted = isOver && entry.stable === candidate.bundle;
    const rises = promoted || (!isOver && entry.exposure > exposure);
    exposure = entry.exposure;
    const cause = chain.find(({ key }) => key === decisionId.replace(/\/promoted$/, ''));
    if (rises && cause?.body.verdict !== 'advance')
      faults.push({ kind: 'out of order', inWords: `${where}: ${decisionId} raises exposure without an advance` });
  }
  const elsewhere = JSON.stringify(changesOf(ledgers[0] ?? [], rolloutId).map(withoutPlace));
  if (JSON.stringify(changes.map(withoutPlace)) !== elsewhere)
    faults.push({ kind: 'lost', inWords: `${where} was told other changes than gateway 1` });
  return faults;
}

const withoutPlace = ({ generation, decisionId, entry }: Change): Change => ({ generation, decisionId, entry });

/** Every answer of every unit, against the schedule that stood in the ledger: sticky, nested, and none after the way back. */
function servedFaults({ told, schedule }: OnRecord, ledger: readonly LedgerEntry[], gateway: number): Fault[] {
  const { hand, candidate } = told.teller;
  const faults = new Set<string>();
  const first = schedule[0]?.cohort ?? 0;
  const ofRollout = hand.served.filter(({ gateway: at, cohort }) => at === gateway && cohort >= first);
  for (const cohort of new Set(ofRollout.map((one) => one.cohort))) {
    const time = START + (cohort - 1) * COHORT_MS + COHORT_MS / 2;
    const entry = entryInForce(ledger, time);
    if (entry === null) continue;
    const sentBack = isSentBack(ledger, candidate, time);
    for (const { unit, bundle } of ofRollout.filter((one) => one.cohort === cohort)) {
      const arm = entry.candidate === null ? 'stable' : assignArm(hand.model, entry.salt, unit, entry.exposure);
      if (bundle !== (arm === 'stable' ? entry.stable : entry.candidate))
        faults.add(`gateway ${gateway + 1}: in cohort ${cohort} ${unit} was not answered as its split says`);
      if (bundle === candidate.bundle && sentBack)
        faults.add(`gateway ${gateway + 1}: in cohort ${cohort} ${unit} was exposed after the way back`);
    }
  }
  return [...faults].map((inWords) => ({ kind: 'out of order', inWords }));
}

/** The entry that decided at an event time, with all that had been accepted before it. */
function entryInForce(ledger: readonly LedgerEntry[], time: number): SplitEntry | null {
  let schedule = EMPTY_SCHEDULE;
  for (const line of ledger) {
    if (!line.accepted || line.kind !== 'split') continue;
    const clock = line.eventTime === null ? null : epochMs(line.eventTime);
    if (clock !== null && clock > time) break;
    const { generation, decisionId } = line;
    const change = { generation, decisionId, entry: line.entry as SplitEntry };
    const judged = judgeTraffic(schedule, change, clock);
    if (judged.answer === 'accepted') schedule = judged.schedule;
  }
  return entryAt(schedule.entries, time);
}

function isSentBack(ledger: readonly LedgerEntry[], { rolloutId, bundle }: Candidate, time: number): boolean {
  const back = ledger.find(
    (line) => line.accepted && ofRollout(line, rolloutId) && isWayBack(line.entry as SplitEntry, bundle),
  );
  return back?.eventTime != null && epochMs(back.eventTime) <= time;
}

const isWayBack = ({ candidate, stable }: SplitEntry, bundle: string): boolean =>
  candidate === null && stable !== bundle;
