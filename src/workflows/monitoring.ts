/** The monitoring stage of one model: measures matured days and opens an incident for every broken objective. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { DOORS } from '../contracts/message-doors.ts';
import { EXPLAIN_QUERY, incidentClosedSignal, STATUS_QUERY } from '../contracts/messages.ts';
import { monitoringId } from '../contracts/names.ts';
import type { IncidentRecord, PerformanceRecord } from '../contracts/records.ts';
import type { MonitoringInput } from '../contracts/workflows.ts';
import { performanceTable } from '../domain/monitoring/performance-table.ts';
import { ageInWords } from '../domain/monitoring/incident-words.ts';
import { escaped, fact, fenced, workflowLink } from '../domain/markdown.ts';
import { pageLink } from '../domain/report/page-command.ts';
import { watch } from './activity-doors.ts';
import { createDisplay, seeAlso, shownFromStart } from './display.ts';
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
  let edgeUrl = input.edgeUrl;
  let inWords = 'waits for the first matured day';
  const explain = (): string =>
    [
      fact('Monitoring', `of ${model}: ${open.length === 0 ? 'all objectives are met' : 'an objective is broken'}`),
      fact('Now', escaped(inWords)),
      fact('Open incidents', open.map((id) => workflowLink(id, id)).join(', ') || 'none'),
      fact('Oldest features', oldestFeatures(recent.at(-1))),
      fact('Matured days', 'losses per 1,000 units, beside what the declared fallback would have lost'),
      fenced(performanceTable(recent)),
    ].join('\n');
  const display = createDisplay();
  const show = (): void =>
    display.show({
      details: [explain(), seeAlso(model, pageLink(monitoringId(model), edgeUrl))].join('\n'),
      attributes: {
        HoldfastModel: model,
        HoldfastStage: 'monitoring',
        HoldfastPhase: open.length === 0 ? 'healthy' : 'degraded',
        HoldfastWaitingFor: 'matured labels',
        HoldfastIncident: open.at(-1) ?? 'none',
      },
      line: open.length === 0 ? 'all objectives are met' : `open: ${open.join(', ')}`,
    });
  onSignal(incidentClosedSignal, ({ incidentId }) => {
    open = open.filter((id) => id !== incidentId);
    show();
  });
  onQuery(STATUS_QUERY, DOORS.monitoring.status, () => ({
    model,
    sequence,
    recent,
    open,
  }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);

  while (workflowInfo().historyLength < HISTORY_EVENTS_MAX) {
    show();
    const work = await watch(awaited(recent.at(-1))).monitorNext({ model, sequence });
    sequence += 1;
    ({ edgeUrl } = work);
    if (work.kind === 'performance') {
      recent = [...recent, work.performance].slice(-DAYS_SHOWN_MAX);
      ({ inWords } = work);
      await tellLifecycle(model, 'monitoring', inWords, `${work.performance.day}T23:59:59Z`);
      continue;
    }
    open = [...open.filter((id) => id !== work.incident.id), work.incident.id];
    inWords = `${work.incident.id}: ${work.incident.symptom}`;
    await startIncident(model, work.incident, edgeUrl);
    await tellLifecycle(model, 'monitoring', inWords, work.incident.openedAt);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof monitoring>({ model, sequence, state: { recent, open }, ...toldEdge(edgeUrl) });
}

const awaited = (newest: PerformanceRecord | undefined): string =>
  newest === undefined ? 'the first matured day' : `the matured day after ${newest.day}, or a broken objective`;

function oldestFeatures(newest: PerformanceRecord | undefined): string {
  if (newest === undefined) return 'no day has matured yet';
  const { day, freshnessMaxMs } = newest;
  return freshnessMaxMs === null
    ? `no feature that ages was read on ${day}`
    : `${ageInWords(freshnessMaxMs)} on ${day}`;
}

const toldEdge = (edgeUrl: string | undefined): Pick<MonitoringInput, 'edgeUrl'> =>
  edgeUrl === undefined ? {} : { edgeUrl };

async function startIncident(model: string, found: IncidentRecord, edgeUrl: string | undefined): Promise<void> {
  const details = [
    fact('Symptom', escaped(found.symptom)),
    fact('Cause', escaped(found.cause ?? 'not known yet')),
    fact('Declared response', found.response),
    fact('Opened at', `${found.openedAt} in event time`),
  ].join('\n');
  await startOnce(incident, {
    workflowId: found.id,
    input: { model, incidentId: found.id, ...toldEdge(edgeUrl) },
    ...shownFromStart(`${found.objective}: ${found.symptom}`, details, {
      HoldfastStage: 'monitoring',
      HoldfastPhase: 'degraded',
      HoldfastIncident: found.id,
    }),
  });
}
