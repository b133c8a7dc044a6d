/**
 * One trouble from its response to its written end: respond once, wait for recovery, close with a new validation case. Where the model has
 * people judge new cases, the case is proposed, and the run lives on until somebody has judged it or may no more.
 */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { incidentClosedSignal, retrainOrderedSignal, rollbackMessage, suiteGrewSignal } from '../contracts/messages.ts';
import { experimentationId, lifecycleId, monitoringId, promotionId } from '../contracts/names.ts';
import type { Notice } from '../contracts/notifications.ts';
import type { ClosedIncident, IncidentInput, IncidentResponse } from '../contracts/workflows.ts';
import { EMPTY_CASE_DESK, withoutWord, wordInWords } from '../domain/monitoring/case-desk.ts';
import { openCase } from '../domain/monitoring/case-words.ts';
import { isoInstant } from '../domain/time.ts';
import { control, watch } from './activity-doors.ts';
import { aboutThisRun, createDisplay } from './display.ts';
import { openDoors } from './incident-doors.ts';
import type { IncidentDesk } from './incident-desk.ts';
import { createIncidentNews } from './incident-news.ts';
import { shownOf } from './incident-words.ts';
import { HISTORY_EVENTS_MAX } from './limits.ts';
import { tell } from './tell.ts';
import { terminalReason } from './terminal-failures.ts';
import { workflowNow } from './workflow-time.ts';

/** @returns the closing reason */
export async function incident(input: IncidentInput): Promise<string> {
  const desk: IncidentDesk = {
    sequence: input.sequence ?? 0,
    response: input.response ?? null,
    newCase: input.newCase ?? EMPTY_CASE_DESK,
    inWords: input.inWords ?? 'responding',
    phase: 'degraded',
  };
  const display = createDisplay(input.waitsSince);
  const news = createIncidentNews(input, desk, display);
  const show = (): void => {
    display.show(shownOf(input, desk));
    news.look();
  };
  openDoors(input, desk, show);
  const goOnLater = async (): Promise<void> => {
    if (workflowInfo().historyLength <= HISTORY_EVENTS_MAX) return;
    await condition(allHandlersFinished);
    const { model, incidentId, edgeUrl } = input;
    const { sequence, response, newCase, inWords } = desk;
    const carried = { ...news.leave(), model, incidentId, sequence, inWords, waitsSince: display.waitsSince };
    await continueAsNew<typeof incident>({
      ...carried,
      ...(edgeUrl === undefined ? {} : { edgeUrl }),
      ...(response === null ? {} : { response }),
      ...(newCase.proposal === null ? {} : { newCase }),
    });
  };

  if (desk.newCase.proposal === null) await overcome(input, desk, show, goOnLater);
  if (desk.newCase.proposal !== null) await haveJudged(input, desk, show, goOnLater);
  await news.settled();
  await condition(allHandlersFinished);
  return desk.inWords;
}

/** From the response to recovery; the case enters the suite, or is proposed. */
async function overcome(
  { model, incidentId }: IncidentInput,
  desk: IncidentDesk,
  show: () => void,
  goOnLater: () => Promise<void>,
): Promise<void> {
  show();
  if (desk.response === null) {
    const done = await respond(model, incidentId);
    await passOn(model, incidentId, done);
    desk.response = done;
    desk.inWords = 'waits for recovery';
    show();
  }
  for (;;) {
    await goOnLater();
    const { sequence } = desk;
    const state = await watch('is the objective met again').recoveryNext({ model, incidentId, sequence });
    desk.sequence += 1;
    desk.inWords = state.inWords;
    show();
    if (state.recovered) break;
  }
  const { proposed, ...closed } = await control('close the incident').closeIncident({ model, incidentId });
  desk.inWords = closed.inWords;
  desk.phase = 'healthy';
  show();
  if (proposed !== undefined)
    desk.newCase = { ...desk.newCase, proposal: proposed, proposedAt: isoInstant(workflowNow()) };
  await passOnCase(model, closed);
  await tell(monitoringId(model), incidentClosedSignal, { incidentId });
  await tell(lifecycleId(model), incidentClosedSignal, { incidentId });
}

/** Candidates in flight meet the new case. */
async function passOnCase(model: string, { caseId, handoffId }: ClosedIncident): Promise<void> {
  if (caseId !== null && handoffId !== null) await tell(promotionId(model), suiteGrewSignal, { caseId, handoffId });
}

/** Waits until somebody has judged the proposed case, or may no more; then has the word written down. */
async function haveJudged(
  { model, incidentId }: IncidentInput,
  desk: IncidentDesk,
  show: () => void,
  goOnLater: () => Promise<void>,
): Promise<void> {
  desk.phase = 'healthy';
  desk.inWords = desk.newCase.proposal?.over ?? desk.inWords;
  const patience = { summary: 'until the case is accepted without a word' };
  for (;;) {
    show();
    await goOnLater();
    // Read after the await: a word that came meanwhile goes before the clock.
    const open = openCase(desk.newCase);
    if (open === null) break;
    const leftMs = open.until - workflowNow();
    if (leftMs <= 0) desk.newCase = { ...desk.newCase, word: withoutWord(open.proposal, isoInstant(workflowNow())) };
    else
      await condition(
        () => desk.newCase.word !== null || workflowInfo().historyLength > HISTORY_EVENTS_MAX,
        leftMs,
        patience,
      );
  }
  const { word } = desk.newCase;
  if (word === null) return;
  const settled = await control(`the case was ${wordInWords(word)}`).settleCase({ model, incidentId, word });
  desk.inWords = settled.inWords;
  show();
  await passOnCase(model, settled);
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
