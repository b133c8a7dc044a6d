/** Monitoring's activities over a small world, called as its workflows call them; and whole days and cohorts of traffic. */
import assert from 'node:assert/strict';
import { createMonitoringActivities } from '../../src/activities/monitoring.ts';
import { monitoringId } from '../../src/contracts/names.ts';
import type { IncidentRecord, PerformanceRecord } from '../../src/contracts/records.ts';
import type { IncidentResponse, MonitoringActivities, MonitoringWork } from '../../src/contracts/workflows.ts';
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts';
import { COHORT_MS, FRESH, MODEL, START, traffic } from './small-world.ts';
import type { SmallWorld, Traffic } from './small-world.ts';

const ID = monitoringId(MODEL);
const WINDOW_MS = 12 * HOUR_MS;

/** When the day that begins `days` after the start has matured. */
export const matured = (days: number): number => START + (days + 1) * DAY_MS + WINDOW_MS;

/** A hundred units over a day, answered as well as the constant would. */
export function day(index: number, known: Partial<Traffic> = {}): ReturnType<typeof traffic> {
  const from = START + index * DAY_MS;
  const usual = { units: 100, bundle: FRESH, prediction: 0.2, positive: 0.2 };
  return traffic({ from, to: from + DAY_MS, ...usual, ...known });
}

/** A dozen units over a cohort. */
export function cohort(index: number, known: Partial<Traffic> = {}): ReturnType<typeof traffic> {
  const from = START + index * COHORT_MS;
  return day(0, { from, to: from + COHORT_MS, units: 12, ...known });
}

type Closed = Awaited<ReturnType<MonitoringActivities['closeIncident']>>;
type Recovery = Awaited<ReturnType<MonitoringActivities['recoveryNext']>>;

export interface MonitoringDesk {
  /** Asks for the piece of work with this number. */
  ask(sequence: number): Promise<MonitoringWork>;
  /** The next piece of work; `performance` and `incident` say what it must be. */
  next(): Promise<MonitoringWork>;
  performance(): Promise<PerformanceRecord>;
  incident(): Promise<IncidentRecord>;
  nothing(): Promise<'nothing'>;
  respond(incidentId: string): Promise<IncidentResponse>;
  recovery(incidentId: string, sequence?: number): Promise<Recovery>;
  noRecovery(incidentId: string, sequence?: number): Promise<'nothing'>;
  close(incidentId: string): Promise<Closed>;
}

/** @param sequence Number of the first piece of work to ask for. */
export function monitoringDesk(world: SmallWorld, sequence = 0): MonitoringDesk {
  const activities = createMonitoringActivities(world.ports);
  let asked = sequence;
  const ask = (at: number): Promise<MonitoringWork> =>
    world.run(() => activities.monitorNext({ model: MODEL, sequence: at }));
  const next = async (): Promise<MonitoringWork> => {
    const work = await ask(asked);
    asked += 1;
    return work;
  };
  const watch = (incidentId: string, at: number) => (): Promise<Recovery> =>
    activities.recoveryNext({ model: MODEL, incidentId, sequence: at });
  return {
    ask,
    next,
    async performance() {
      const work = await next();
      assert.ok(work.kind === 'performance', JSON.stringify(work));
      return work.performance;
    },
    async incident() {
      const work = await next();
      assert.ok(work.kind === 'incident', JSON.stringify(work));
      return work.incident;
    },
    nothing: () => world.finds(ID, () => activities.monitorNext({ model: MODEL, sequence: asked })),
    respond: (incidentId) => world.run(() => activities.respond({ model: MODEL, incidentId })),
    recovery: (incidentId, at = 0) => world.run(watch(incidentId, at)),
    noRecovery: (incidentId, at = 0) => world.finds(incidentId, watch(incidentId, at)),
    close: (incidentId) => world.run(() => activities.closeIncident({ model: MODEL, incidentId })),
  };
}
