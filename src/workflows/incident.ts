/** One trouble from its response to its written end: respond once, wait for recovery, close with a new validation case. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { DOORS } from '../contracts/message-doors.ts';
import {
  EXPLAIN_QUERY,
  incidentClosedSignal,
  retrainOrderedSignal,
  rollbackMessage,
  STATUS_QUERY,
  suiteGrewSignal,
} from '../contracts/messages.ts';
import { experimentationId, lifecycleId, monitoringId, promotionId } from '../contracts/names.ts';
import type { Notice } from '../contracts/notifications.ts';
import type { SearchAttributeValues } from '../contracts/search-attributes.ts';
import type { IncidentInput, IncidentResponse } from '../contracts/workflows.ts';
import { escaped, fact, workflowLink } from '../domain/markdown.ts';
import { pageCommand } from '../domain/report/page-command.ts';
import { control, watch } from './activity-doors.ts';
import { aboutThisRun, createDisplay } from './display.ts';
import { onQuery } from './doors.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { createNotices } from './notices.ts';
import { tell } from './tell.ts';
import { terminalReason } from './terminal-failures.ts';

const links = (model: string, incidentId: string): string =>
  fact(
    'See also',
    `${workflowLink('monitoring', monitoringId(model))}, the page of evidence: \`${pageCommand(incidentId)}\``,
  );

/** @returns the closing reason */
export async function incident(input: IncidentInput): Promise<string> {
  const { model, incidentId } = input;
  let sequence = input.sequence ?? 0;
  let response = input.response ?? null;
  let inWords = 'responding';
  const explain = (): string => explainIncident(incidentId, response, inWords);
  onQuery(STATUS_QUERY, DOORS.incident.status, () => ({
    ...input,
    sequence,
    response,
    inWords,
  }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);
  const display = createDisplay(input.waitsSince);
  const notices = createNotices(input);
  const show = (phase: 'degraded' | 'healthy'): void =>
    display.show({
      details: [explain(), links(model, incidentId)].join('\n'),
      attributes: attributesOf({ model, incidentId }, response, phase),
      line: inWords,
    });
  show('degraded');

  if (response === null) {
    const done = await respond(model, incidentId);
    await passOn(model, incidentId, done);
    response = done;
    if (done.notice !== undefined) notices.tell(done.notice);
    inWords = 'waits for recovery';
    show('degraded');
  }
  for (;;) {
    if (workflowInfo().historyLength > HISTORY_EVENTS_MAX) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof incident>({
        ...notices.leave(),
        model,
        incidentId,
        sequence,
        response,
        waitsSince: display.waitsSince,
      });
    }
    const state = await watch('is the objective met again').recoveryNext({ model, incidentId, sequence });
    sequence += 1;
    ({ inWords } = state);
    show('degraded');
    if (state.recovered) break;
  }
  const closed = await control('close the incident').closeIncident({ model, incidentId });
  ({ inWords } = closed);
  show('healthy');
  await passOnEnd(model, incidentId, closed);
  await notices.settled();
  await condition(allHandlersFinished);
  return inWords;
}

function attributesOf(
  { model, incidentId }: Pick<IncidentInput, 'model' | 'incidentId'>,
  response: IncidentResponse | null,
  phase: 'degraded' | 'healthy',
): SearchAttributeValues {
  return {
    HoldfastModel: model,
    HoldfastStage: 'monitoring',
    HoldfastPhase: phase,
    HoldfastIncident: incidentId,
    HoldfastWaitingFor: phase === 'healthy' ? 'nothing' : response === null ? 'the response' : 'recovery',
    HoldfastNeedsHuman: phase === 'degraded' && response?.needsHuman === true,
  };
}

/** What others do about the end: candidates meet the new case, monitoring and the overview forget the incident. */
async function passOnEnd(
  model: string,
  incidentId: string,
  { caseId, handoffId }: { readonly caseId: string | null; readonly handoffId: string | null },
): Promise<void> {
  if (caseId !== null && handoffId !== null) await tell(promotionId(model), suiteGrewSignal, { caseId, handoffId });
  await tell(monitoringId(model), incidentClosedSignal, { incidentId });
  await tell(lifecycleId(model), incidentClosedSignal, { incidentId });
}

function explainIncident(incidentId: string, response: IncidentResponse | null, now: string): string {
  return [
    fact('Incident', escaped(aboutThisRun() || incidentId)),
    fact('Response', escaped(response?.inWords ?? 'not yet')),
    fact('Now', escaped(now)),
    fact('Next', nextInWords(response)),
  ].join('\n');
}

function nextInWords(response: IncidentResponse | null): string {
  if (response === null) return 'the declared response is carried out';
  const closes = 'closes by itself, with a new validation case, when the objective is met again';
  return response.needsHuman
    ? `a person looks for the cause and mends it; the incident ${closes}`
    : `the incident ${closes}`;
}

/** A response that cannot be carried out is a person's; the incident goes on watching. */
async function respond(model: string, incidentId: string): Promise<IncidentResponse> {
  try {
    return await control('carry out the declared response').respond({ model, incidentId });
  } catch (error) {
    const reason = terminalReason(error);
    if (reason === null) throw error;
    const inWords = `the response could not be carried out: ${reason}`;
    const notice = failedNotice(model, incidentId, inWords);
    return { inWords, orderedRetrain: null, orderedRollback: null, needsHuman: true, notice };
  }
}

/** The records may be what failed: only what is known here is said. */
function failedNotice(model: string, incidentId: string, inWords: string): Notice {
  return {
    topic: 'incident',
    id: `${incidentId}/opened`,
    model,
    process: incidentId,
    subject: `${model}: an incident needs a person`,
    lines: [`What changes: nothing; ${inWords}`, `Why now: ${aboutThisRun() || incidentId}`],
    command: `npx holdfast explain ${incidentId}`,
  };
}

/** Orders that other workflows must carry out. */
async function passOn(model: string, incidentId: string, response: IncidentResponse): Promise<void> {
  if (response.orderedRetrain !== null) {
    const { handoffId } = response.orderedRetrain;
    await tell(experimentationId(model), retrainOrderedSignal, { incidentId, handoffId });
  }
  if (response.orderedRollback !== null) {
    await tell(response.orderedRollback.rolloutId, rollbackMessage, {
      commandId: `${incidentId}/rollback`,
      by: 'monitoring',
      reason: `ordered by ${incidentId}`,
      channel: 'client',
    });
  }
}
