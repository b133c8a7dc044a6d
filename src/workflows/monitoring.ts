/** The monitoring stage of one model: measures matured days and opens an incident for every broken objective. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { EXPLAIN_QUERY, incidentClosedSignal, STATUS_QUERY } from '../contracts/messages.ts';
import type { IncidentRecord, PerformanceRecord } from '../contracts/records.ts';
import type { MonitoringInput } from '../contracts/workflows.ts';
import { performanceTable } from '../domain/monitoring/performance-table.ts';
import { watch } from './activity-doors.ts';
import { createDisplay } from './display.ts';
import { onQuery, onSignal } from './doors.ts';
import { incident } from './incident.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { startOnce } from './start-once.ts';
import { tellLifecycle } from './tell.ts';

/** Days shown and carried on; older ones stay in the records. */
const DAYS_SHOWN_MAX = 14;

export async function monitoring(input: MonitoringInput): Promise<void> {
  const { model } = input;
  let sequence = input.sequence ?? 0;
  let recent: readonly PerformanceRecord[] = input.state?.recent ?? [];
  let open: readonly string[] = input.state?.open ?? [];
  let inWords = 'waits for the first matured day';
  const explain = (): string =>
    [
      `**Monitoring** of ${model}`,
      `**Now** ${inWords}`,
      `**Open incidents** ${open.join(', ') || 'none'}`,
      '```',
      performanceTable(recent),
      '```',
    ].join('\n');
  const display = createDisplay();
  const show = (): void =>
    display.show(
      explain(),
      {
        HoldfastModel: model,
        HoldfastStage: 'monitoring',
        HoldfastPhase: open.length === 0 ? 'healthy' : 'degraded',
        HoldfastWaitingFor: 'matured labels',
        HoldfastIncident: open.at(-1) ?? 'none',
        HoldfastNeedsHuman: false,
      },
      open.length === 0 ? 'all objectives are met' : `open: ${open.join(', ')}`,
    );
  onSignal(incidentClosedSignal, ({ incidentId }) => {
    open = open.filter((id) => id !== incidentId);
    show();
  });
  onQuery(STATUS_QUERY, 'The newest performance and the open incidents', () => ({ model, sequence, recent, open }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);

  while (workflowInfo().historyLength < HISTORY_EVENTS_MAX) {
    show();
    const work = await watch('the next matured day or broken objective').monitorNext({ model, sequence });
    sequence += 1;
    if (work.kind === 'performance') {
      recent = [...recent, work.performance].slice(-DAYS_SHOWN_MAX);
      ({ inWords } = work);
      await tellLifecycle(model, 'monitoring', inWords, `${work.performance.day}T23:59:59Z`);
      continue;
    }
    open = [...open.filter((id) => id !== work.incident.id), work.incident.id];
    inWords = `${work.incident.id}: ${work.incident.symptom}`;
    await startIncident(model, work.incident);
    await tellLifecycle(model, 'monitoring', inWords, work.incident.openedAt);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof monitoring>({ model, sequence, state: { recent, open } });
}

function startIncident(model: string, found: IncidentRecord): Promise<void> {
  return startOnce(incident, {
    workflowId: found.id,
    input: { model, incidentId: found.id },
    staticSummary: `${found.objective}: ${found.symptom}`.slice(0, 180),
    staticDetails: `**Symptom** ${found.symptom}\n**Cause** ${found.cause ?? 'not known yet'}\n**Response** ${found.response}`,
    memo: { objective: found.objective },
  });
}
