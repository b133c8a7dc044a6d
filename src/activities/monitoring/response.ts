/** Carries out an objective's declared response, exactly once: decided in one transaction, then obeyed, then written down. */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { experimentationId } from '../../contracts/names.ts';
import type { IncidentRecord } from '../../contracts/records.ts';
import type { IncidentResponse } from '../../contracts/workflows.ts';
import { chooseFallback } from '../../domain/monitoring/fallback-choice.ts';
import type { FormerStable } from '../../domain/monitoring/fallback-choice.ts';
import { epochMs } from '../../domain/time.ts';
import { incidentNotice } from '../../pages/incident-notice.ts';
import { keepAlive } from '../keep-alive.ts';
import { modelContext } from '../model-context.ts';
import { escalationOf } from '../notifications.ts';
import type { ActivityPorts } from '../ports.ts';
import { sayStage } from '../stage-records.ts';
import { CONSTANT_RECIPE, incidentOf, outcomeFeatures, recallOf, rememberOf } from './facts.ts';
import type { FallbackOrder } from './facts.ts';
import { obey, wishFor } from './overrides.ts';

interface Decided {
  readonly order: FallbackOrder | null;
  readonly response: IncidentResponse;
}

const NO_ORDERS = { orderedRetrain: null, orderedRollback: null, needsHuman: false } as const;

export async function respond(
  ports: Pick<ActivityPorts, 'records' | 'trafficRouter'>,
  model: string,
  incidentId: string,
): Promise<IncidentResponse> {
  const decided = await ports.records.transaction(model, async (tx) => {
    const known = await recallOf(tx, incidentId, 'respond');
    if (known !== undefined) return known;
    const { incident } = await incidentOf(tx, incidentId);
    const decision = await decide(tx, model, incident);
    await rememberOf(tx, incidentId, 'respond', decision);
    return decision;
  });
  const { order, response } = await carryOut(ports, model, incidentId, decided);
  return ports.records.transaction(model, async (tx) => {
    const { incident } = await incidentOf(tx, incidentId);
    await tx.put('incident', incidentId, { ...incident, responseDecisionId: order?.decisionId ?? null });
    await sayStage(
      tx,
      { workflowId: incidentId, stage: 'monitoring', inWords: response.inWords, waitingFor: 'recovery' },
      epochMs(incident.openedAt),
    );
    const { declaration } = await modelContext(tx);
    if (declaration.notifications === undefined) return response;
    const { notifications } = escalationOf(declaration);
    const escalateAfterMs = notifications?.escalateAfterMs ?? null;
    const again = escalateAfterMs === null ? {} : { escalateAfterMs };
    return { ...response, notice: incidentNotice(model, incident, response), ...again };
  });
}

/** An earlier stable that no longer loads is no way out; the declared constant always is. */
async function carryOut(
  ports: Pick<ActivityPorts, 'records' | 'trafficRouter'>,
  model: string,
  incidentId: string,
  decided: Decided,
): Promise<Decided> {
  const { order } = decided;
  if (order === null) return decided;
  try {
    await keepAlive(() => obey(ports, model, order));
    return decided;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BUNDLE_NOT_LOADABLE') throw error;
    const instead = await ports.records.transaction(model, async (tx) => {
      const { incident } = await incidentOf(tx, incidentId);
      const decision = await fallBack(tx, { ...incident, features: [] }, `; ${error.message}`);
      await rememberOf(tx, incidentId, 'respond', decision);
      return decision;
    });
    if (instead.order === null || instead.order.bundle === order.bundle) throw error;
    return carryOut(ports, model, incidentId, instead);
  }
}

function decide(tx: RecordTransaction, model: string, incident: IncidentRecord): Promise<Decided> {
  switch (incident.response) {
    case 'fallback':
      return fallBack(tx, incident);
    case 'retrain':
      return orderRetrain(tx, model, incident);
    case 'rollback':
      return orderRollback(tx);
    default:
      return Promise.resolve(page('a person is asked to look; nothing was changed'));
  }
}

const page = (inWords: string): Decided => ({ order: null, response: { ...NO_ORDERS, inWords, needsHuman: true } });

async function fallBack(tx: RecordTransaction, incident: IncidentRecord, note = ''): Promise<Decided> {
  const stables = await formerStables(tx);
  const constant = stables.find(({ recipe }) => recipe === CONSTANT_RECIPE)?.bundle;
  if (constant === undefined) return page('there is no declared constant among the stable bundles; a person must act');
  const bundle = chooseFallback(stables, incident.features, constant);
  const order = await wishFor(
    tx,
    { incidentId: incident.id, bundle, since: incident.openedAt },
    constant,
    `${incident.id}/fallback`,
  );
  const chosen = stables.findLast((stable) => stable.bundle === bundle);
  const what = bundle === constant ? 'the declared constant' : `the earlier stable ${chosen?.idea ?? ''}`;
  const why = incident.features.length === 0 ? '' : `, which reads none of ${incident.features.join(', ')}`;
  return {
    order,
    response: { ...NO_ORDERS, inWords: `${what} (${bundle.slice(0, 8)}) answers everyone${why}${note}` },
  };
}

/** Oldest first. */
async function formerStables(
  tx: RecordTransaction,
): Promise<Array<FormerStable & { readonly idea: string; readonly recipe: string | null }>> {
  const stables = [];
  for (const { body } of await tx.list('stable')) {
    const manifest = await tx.get('bundle', body.bundle);
    const { bundle, idea } = body;
    stables.push({ bundle, idea, recipe: manifest?.recipe ?? null, reads: outcomeFeatures(manifest) });
  }
  return stables;
}

async function orderRetrain(tx: RecordTransaction, model: string, incident: IncidentRecord): Promise<Decided> {
  const handoffId = `${incident.id}/retrain`;
  const body = { incidentId: incident.id };
  await tx.handOff({ id: handoffId, to: experimentationId(model), kind: 'retrainOrdered', body });
  return { order: null, response: { ...NO_ORDERS, inWords: 'a retrain was ordered', orderedRetrain: { handoffId } } };
}

async function orderRollback(tx: RecordTransaction): Promise<Decided> {
  const candidates = await tx.list('candidate');
  const inFlight = candidates.find(({ body }) => body.outcome === 'in_progress' && body.rolloutId !== null);
  const rolloutId = inFlight?.body.rolloutId ?? null;
  if (rolloutId === null) return page('no rollout is in flight, so there is none to roll back; a person must act');
  const inWords = `${rolloutId} was ordered back`;
  return { order: null, response: { ...NO_ORDERS, inWords, orderedRollback: { rolloutId } } };
}
