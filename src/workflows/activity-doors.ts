/**
 * The ways to have an activity done. Waits of any length are retries inside one activity, so none has a limit of attempts;
 * what a person reads in the timeline is the summary.
 */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import { TASK_QUEUES } from '../contracts/names.ts';
import type { AllActivities } from '../contracts/workflows.ts';

/** The interface caps summaries at 400 bytes; words beyond are cut. */
const SUMMARY_CHARACTERS_MAX = 180;
const shorten = (summary: string): string =>
  summary.length > SUMMARY_CHARACTERS_MAX ? `${summary.slice(0, SUMMARY_CHARACTERS_MAX - 1)}…` : summary;

const retry = { initialInterval: '200ms', backoffCoefficient: 1.5, maximumInterval: '5s' } as const;

/** Short work that decides about traffic, and the waits of the control plane. */
export function control(summary: string): AllActivities {
  return proxyActivities<AllActivities>({
    taskQueue: TASK_QUEUES.control,
    startToCloseTimeout: '15s',
    heartbeatTimeout: '5s',
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary: shorten(summary),
    retry: { ...retry, maximumInterval: '1s' },
  });
}

/**
 * Waits that also read data. On the control queue, because a wait holds a slot for as long as it lasts and the data queue has few; with
 * the data queue's patience, because the first look after an outage may be long.
 */
export function watch(summary: string): AllActivities {
  return proxyActivities<AllActivities>({
    taskQueue: TASK_QUEUES.control,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '15s',
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary: shorten(summary),
    retry,
  });
}

/** The way back: started at once, retried until every gateway has acknowledged. */
export function urgent(summary: string): AllActivities {
  return proxyActivities<AllActivities>({
    taskQueue: TASK_QUEUES.control,
    startToCloseTimeout: '5s',
    cancellationType: ActivityCancellationType.ABANDON,
    summary: shorten(summary),
    retry: { initialInterval: '100ms', backoffCoefficient: 1.2, maximumInterval: '2s' },
  });
}

/** Work on data: measuring, landing, offline evaluation. */
export function data(summary: string): AllActivities {
  return proxyActivities<AllActivities>({
    taskQueue: TASK_QUEUES.data,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30s',
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary: shorten(summary),
    retry,
  });
}

/** Messages to people: a receiver that is away for a moment gets them later, one that stays away is given up. */
export function people(summary: string): AllActivities {
  return proxyActivities<AllActivities>({
    taskQueue: TASK_QUEUES.control,
    startToCloseTimeout: '1 minute',
    summary: shorten(summary),
    // About an hour. A schedule-to-close timeout would bring a schedule-to-start timeout with it.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute', maximumAttempts: 64 },
  });
}

/** Training runs: long, resumed from their heartbeat. */
export function training(summary: string): AllActivities {
  return proxyActivities<AllActivities>({
    taskQueue: TASK_QUEUES.training,
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: '20s',
    summary: shorten(summary),
    retry,
  });
}
