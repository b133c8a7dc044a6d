/** Ends an incident: takes its override back, writes the reason, and leaves a validation case behind. */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import { parseWorkflowId, promotionId } from '../../contracts/names.ts';
import type { SuiteCaseRecord } from '../../contracts/records.ts';
import { isoDay, isoInstant } from '../../domain/time.ts';
import { keepAlive } from '../keep-alive.ts';
import { modelContext } from '../model-context.ts';
import type { ActivityPorts } from '../ports.ts';
import { CONSTANT_RECIPE, incidentOf, recallOf, rememberOf } from './facts.ts';
import type { FallbackOrder, IncidentFacts } from './facts.ts';
import { obey, withdraw } from './overrides.ts';

/** Fewer rows of the affected days would judge nothing. */
const CASE_UNITS_MIN = 200;

interface Closed {
  readonly inWords: string;
  readonly caseId: string | null;
  readonly handoffId: string | null;
}

export async function closeIncident(
  ports: Pick<ActivityPorts, 'records' | 'trafficRouter'>,
  model: string,
  incidentId: string,
): Promise<Closed> {
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

async function writeDown(
  tx: RecordTransaction,
  model: string,
  incidentId: string,
  order: FallbackOrder | null,
): Promise<Closed> {
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
  const handoffId = `${incidentId}/suite-grew`;
  await tx.insert('suiteCase', suiteCase.id, suiteCase);
  await tx.handOff({ id: handoffId, to: promotionId(model), kind: 'suiteGrew', body: { caseId: suiteCase.id } });
  await tx.put('incident', incidentId, {
    ...incident,
    closedAt: isoInstant(closedAt),
    closingReason,
    caseId: suiteCase.id,
  });
  await tx.remove('stage', incidentId);
  await tx.leave(incidentId);
  return { inWords: closingReason, caseId: suiteCase.id, handoffId };
}

/** Findings over days name them; stale features affect every day from the first stale cohort to the recovery. */
function affectedDays({ cohort, days, openedAt }: IncidentFacts, closedAt: number): SuiteCaseRecord['days'] {
  const from = days[0] ?? isoDay(openedAt);
  const to = cohort === null ? (days.at(-1) ?? from) : isoDay(closedAt - 1);
  return { from, to };
}
