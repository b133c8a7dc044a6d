/** Ends an incident: takes its override back, writes the reason, and leaves a validation case behind, or the proposal of one. */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import { acceptCaseMessage, declineCaseMessage } from '../../contracts/messages.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import { parseWorkflowId, promotionId } from '../../contracts/names.ts';
import type { IncidentRecord, SuiteCaseRecord } from '../../contracts/records.ts';
import type { ClosedIncident } from '../../contracts/workflows.ts';
import { wordInWords } from '../../domain/monitoring/case-desk.ts';
import type { CaseWord, ProposedCase } from '../../domain/monitoring/case-desk.ts';
import { durationMs, epochMs, isoDay, isoInstant } from '../../domain/time.ts';
import { keepAlive } from '../keep-alive.ts';
import { modelContext } from '../model-context.ts';
import { escalationOf } from '../notifications.ts';
import type { ActivityPorts } from '../ports.ts';
import { sayStage } from '../stage-records.ts';
import { CONSTANT_RECIPE, incidentOf, recallOf, rememberOf } from './facts.ts';
import type { FallbackOrder, IncidentFacts } from './facts.ts';
import { obey, withdraw } from './overrides.ts';

/** Fewer rows of the affected days would judge nothing. */
const CASE_UNITS_MIN = 200;

export async function closeIncident(
  ports: Pick<ActivityPorts, 'records' | 'trafficRouter'>,
  model: string,
  incidentId: string,
): Promise<Ended> {
  const order = await ports.records.transaction(model, (tx) => decideOrder(tx, incidentId));
  if (order !== null) await keepAlive(() => obey(ports, model, order));
  return ports.records.transaction(model, (tx) => writeDown(tx, model, incidentId, order));
}

async function decideOrder(tx: RecordTransaction, incidentId: string): Promise<FallbackOrder | null> {
  const known = await recallOf(tx, incidentId, 'close');
  if (known !== undefined) return known;
  const constant = await constantBundle(tx);
  const order = await withdraw(tx, incidentId, constant, `${incidentId}/recovered`);
  await rememberOf(tx, incidentId, 'close', order);
  return order;
}

async function constantBundle(tx: RecordTransaction): Promise<string> {
  for (const { body } of await tx.list('stable')) {
    if ((await tx.get('bundle', body.bundle))?.recipe === CONSTANT_RECIPE) return body.bundle;
  }
  return '';
}

/** What is left when an incident has ended: its case, or the proposal of one. */
type Ended = ClosedIncident & { readonly proposed?: ProposedCase };

async function writeDown(
  tx: RecordTransaction,
  model: string,
  incidentId: string,
  order: FallbackOrder | null,
): Promise<Ended> {
  const { incident, facts } = await incidentOf(tx, incidentId);
  const recovery = await recallOf(tx, incidentId, 'recovery');
  const { declaration } = await modelContext(tx);
  const closedAt = recovery?.recoveredAt ?? facts.openedAt;
  const traffic =
    order === null ? '' : order.bundle === null ? '; the split serves again' : '; another incident keeps its fallback';
  const closingReason = `${recovery?.because ?? 'closed'}${traffic}`;
  const suiteCase: SuiteCaseRecord = {
    id: `incident-${parseWorkflowId(incidentId)?.key ?? incidentId}`,
    origin: 'incident',
    incidentId,
    where: facts.where,
    days: affectedDays(facts, closedAt),
    lastDays: null,
    maxRegressionPerThousand: declaration.rollout.marginPerThousand,
    minUnits: CASE_UNITS_MIN,
    reason: [incident.symptom, incident.cause].filter((text) => text !== null).join('; '),
    since: isoInstant(closedAt),
  };
  const closed = { ...incident, closedAt: isoInstant(closedAt), closingReason };
  // Nothing of the unattended clock waits for what people say.
  await tx.leave(incidentId);
  const { newCases } = declaration;
  if (newCases !== undefined) return propose(tx, declaration, newCases, closed, suiteCase);
  const { caseId, handoffId } = await enterSuite(tx, model, suiteCase);
  await tx.put('incident', incidentId, { ...closed, caseId });
  await tx.remove('stage', incidentId);
  return { inWords: closingReason, caseId, handoffId };
}

/** The suite grows: the case is written, and promotion is owed the news. */
async function enterSuite(
  tx: RecordTransaction,
  model: string,
  suiteCase: SuiteCaseRecord,
): Promise<{ readonly caseId: string; readonly handoffId: string }> {
  const caseId = suiteCase.id;
  const handoffId = `${suiteCase.incidentId}/suite-grew`;
  await tx.insert('suiteCase', caseId, suiteCase);
  await tx.handOff({ id: handoffId, to: promotionId(model), kind: 'suiteGrew', body: { caseId } });
  return { caseId, handoffId };
}

/** The incident is over, and its case waits for a word: until then it judges nobody. */
async function propose(
  tx: RecordTransaction,
  declaration: ModelDeclaration,
  { role, within }: NonNullable<ModelDeclaration['newCases']>,
  closed: IncidentRecord,
  suiteCase: SuiteCaseRecord,
): Promise<Ended> {
  const inWords = closed.closingReason ?? '';
  // A repetition after the word must not take it back.
  if ((await tx.get('proposedCase', closed.id)) === null) {
    await tx.put('proposedCase', closed.id, { suiteCase, role, within, word: null });
    await tx.put('incident', closed.id, closed);
    const waitingFor = `a word of ${role} on ${suiteCase.id}`;
    await sayStage(tx, { workflowId: closed.id, stage: 'monitoring', inWords, waitingFor }, epochMs(closed.openedAt));
  }
  const { id: caseId, where, days, maxRegressionPerThousand, minUnits, reason } = suiteCase;
  const proposed: ProposedCase = {
    caseId,
    where,
    days,
    maxRegressionPerThousand,
    minUnits,
    labelled: await labelledIn(tx, days),
    reason,
    over: inWords,
    role,
    people: declaration.people[role] ?? [],
    withinMs: durationMs(within),
    ...escalationOf(declaration),
  };
  return { inWords, caseId: null, handoffId: null, proposed };
}

async function labelledIn(tx: RecordTransaction, days: SuiteCaseRecord['days']): Promise<number> {
  const measured = await tx.list('performance');
  const inside = measured.filter(({ body: { day } }) => days !== null && day >= days.from && day <= days.to);
  return inside.reduce((sum, { body }) => sum + body.labelled, 0);
}

/** Writes down what became of a proposed case, who said so, and by which way. */
export async function settleCase(
  { records }: Pick<ActivityPorts, 'records'>,
  { model, incidentId, word }: { readonly model: string; readonly incidentId: string; readonly word: CaseWord },
): Promise<ClosedIncident> {
  return records.transaction(model, async (tx) => {
    const { incident } = await incidentOf(tx, incidentId);
    const proposed = await tx.get('proposedCase', incidentId);
    if (proposed === null) throw new Error(`${incidentId} has proposed no case`);
    await logWord(tx, incidentId, word);
    await tx.put('proposedCase', incidentId, { ...proposed, word });
    await tx.remove('stage', incidentId);
    const inWords = `${incident.closingReason ?? 'closed'}; its case was ${wordInWords(word)}`;
    if (word.verdict === 'declined') return { inWords, caseId: null, handoffId: null };
    const { maxRegressionPerThousand, minUnits } = word;
    const entered = await enterSuite(tx, model, { ...proposed.suiteCase, maxRegressionPerThousand, minUnits });
    await tx.put('incident', incidentId, { ...incident, caseId: entered.caseId });
    return { inWords, ...entered };
  });
}

/** Command line, client and HTTP have logged the attempt before it was sent; nobody but the workflow sees what comes by the web UI. */
async function logWord(tx: RecordTransaction, incidentId: string, word: CaseWord): Promise<void> {
  const { by, channel, verdict, reason, maxRegressionPerThousand, minUnits } = word;
  if (by === null || channel !== 'ui') return;
  const command = verdict === 'accepted' ? acceptCaseMessage.name : declineCaseMessage.name;
  // Ids given in the web UI are a person's invention: under its own key this one meets no other.
  const commandId = `${incidentId}/word`;
  const body = { by, reason, maxRegressionPerThousand, minUnits, commandId: word.commandId };
  await tx.insert('command', commandId, { commandId, command, target: incidentId, by, channel, body, result: 'taken' });
}

/** Findings over days name them; stale features affect every day from the first stale cohort to the recovery. */
function affectedDays({ cohort, days, openedAt }: IncidentFacts, closedAt: number): SuiteCaseRecord['days'] {
  const from = days[0] ?? isoDay(openedAt);
  const to = cohort === null ? (days.at(-1) ?? from) : isoDay(closedAt - 1);
  return { from, to };
}
