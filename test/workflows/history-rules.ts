/**
 * What the web UI's list of common errors says of a run, read from its history alone, workflow tasks that failed, and what is shown without
 * words. The numbers are
 * those of the UI. Left out, with the reason: 9 (continued as new before 2,000 events: replaying them costs a second, ours go on at 450),
 * 13 and 15 (activities without a limit of attempts, and retried: waiting is done by retries here), 23 (is read from pending activities).
 */
import { OUT_OF_STEP } from '../../src/workflows/ahead-of-history.ts';

export interface HistoryEvent {
  readonly eventTime: string;
  readonly eventType: string;
  readonly [attributes: string]: unknown;
}
interface Payloads {
  readonly payloads?: readonly unknown[];
}
interface StartedAttributes {
  readonly workflowExecutionTimeout?: string;
  readonly workflowRunTimeout?: string;
  readonly workflowTaskTimeout?: string;
  readonly firstWorkflowTaskBackoff?: string;
  readonly continuedExecutionRunId?: string;
  readonly retryPolicy?: object;
  readonly attempt?: number;
  readonly input?: Payloads;
  readonly memo?: { readonly fields?: Readonly<Record<string, unknown>> };
}
interface ActivityAttributes {
  readonly startToCloseTimeout?: string;
  readonly scheduleToCloseTimeout?: string;
  readonly scheduleToStartTimeout?: string;
  readonly heartbeatTimeout?: string;
  readonly retryPolicy?: { readonly maximumAttempts?: number };
  readonly input?: Payloads;
}

const EVENTS_MAX = 10_000;
const PRIVATE =
  /(^|[^a-z])(ssn|password|passwd|secret|credit_?card|card_?number|api_?key|private_?key|access_?token)([^a-z]|$)/i;

/**
 * The server itself gives a task up: a message came while the run was about to end; the run was terminated; too much waited behind it; a
 * person has reset the run to it.
 */
const BY_THE_SERVER: ReadonlySet<string> = new Set([
  'WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND',
  'WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND',
  'WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW',
]);

const seconds = (duration: string | undefined): number => Number.parseFloat(duration ?? '0');

/** Every fault of a run, in words. */
export function faultsOf(events: readonly HistoryEvent[]): string[] {
  return [...faultsOfRun(events), ...events.flatMap(faultsOfEvent), ...events.flatMap(faultsOfWords)];
}

/** What the timeline shows beside the bars: without it an operator sees only names of functions. */
const SPEAKING = new Set(['ACTIVITY_TASK_SCHEDULED', 'TIMER_STARTED', 'START_CHILD_WORKFLOW_EXECUTION_INITIATED']);

function faultsOfWords(event: HistoryEvent): string[] {
  if (!SPEAKING.has(event.eventType.replace('EVENT_TYPE_', ''))) return [];
  const { summary } = (event['userMetadata'] ?? {}) as { readonly summary?: object };
  return summary === undefined ? [`${event.eventType} without a summary`] : [];
}

function faultsOfRun(events: readonly HistoryEvent[]): string[] {
  const first = events[0]?.['workflowExecutionStartedEventAttributes'] as StartedAttributes | undefined;
  if (first === undefined) return ['the history does not begin with a start'];
  const [execution, run, task] = [
    seconds(first.workflowExecutionTimeout),
    seconds(first.workflowRunTimeout),
    seconds(first.workflowTaskTimeout),
  ];
  const last = events.at(-1);
  const goesOn = last?.eventType === 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW';
  const lastedMs = Date.parse(last?.eventTime ?? '') - Date.parse(events[0]?.eventTime ?? '');
  const activities = events.filter(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED').length;
  const delay = first.continuedExecutionRunId === undefined ? seconds(first.firstWorkflowTaskBackoff) : 0;
  return Object.entries({
    '1–3: an execution or run timeout': execution > 0 || run > 0,
    '4–6: a workflow task timeout that is not 10 s': task !== 10,
    '7: continued as new within two seconds': goesOn && lastedMs < 2_000,
    '8: continued as new for every item': goesOn && activities <= 2 && events.length < 50,
    '10: a retry policy of the workflow': Object.keys(first.retryPolicy ?? {}).length > 0,
    '11: the workflow was retried': (first.attempt ?? 1) > 1,
    '24–25: a delayed start': delay > 0,
    '31: more than 10,000 events': events.length > EVENTS_MAX,
    '32: several arguments': (first.input?.payloads?.length ?? 0) > 1,
    '35: a memo field that sounds secret': Object.keys(first.memo?.fields ?? {}).some((name) => PRIVATE.test(name)),
  }).flatMap(([words, isSo]) => (isSo ? [words] : []));
}

function faultsOfEvent(event: HistoryEvent): string[] {
  switch (event.eventType) {
    case 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED':
      return faultsOfActivity(event['activityTaskScheduledEventAttributes'] as ActivityAttributes);
    case 'EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED': {
      const child = event['startChildWorkflowExecutionInitiatedEventAttributes'] as StartedAttributes;
      return Object.keys(child.retryPolicy ?? {}).length > 0 ? ['12: a retry policy of a child'] : [];
    }
    case 'EVENT_TYPE_MARKER_RECORDED': {
      const { markerName } = event['markerRecordedEventAttributes'] as { readonly markerName: string };
      return markerName === 'core_local_activity' ? ['26–30: a local activity'] : [];
    }
    case 'EVENT_TYPE_WORKFLOW_TASK_FAILED': {
      const failed = event['workflowTaskFailedEventAttributes'] as {
        readonly cause: string;
        readonly failure?: { readonly message?: string };
      };
      const isGivenBack = failed.failure?.message?.startsWith(OUT_OF_STEP) === true;
      return isGivenBack || BY_THE_SERVER.has(failed.cause)
        ? []
        : [`a failed workflow task: ${JSON.stringify(failed)}`];
    }
    default:
      return [];
  }
}

function faultsOfActivity(activity: ActivityAttributes): string[] {
  const startToClose = seconds(activity.startToCloseTimeout);
  const scheduleToClose = seconds(activity.scheduleToCloseTimeout);
  const heartbeat = seconds(activity.heartbeatTimeout);
  return Object.entries({
    '14: one attempt': activity.retryPolicy?.maximumAttempts === 1,
    '16: a start-to-close timeout of a second or less': startToClose > 0 && startToClose <= 1,
    '17: no start-to-close timeout': startToClose === 0,
    '18: a schedule-to-close timeout without room for a retry':
      scheduleToClose > 0 && scheduleToClose < 2 * startToClose,
    '20: a schedule-to-start timeout': seconds(activity.scheduleToStartTimeout) > 0,
    '21–22: a heartbeat timeout close to the start-to-close timeout': heartbeat > 0.8 * startToClose,
    '32: several arguments': (activity.input?.payloads?.length ?? 0) > 1,
  }).flatMap(([words, isSo]) => (isSo ? [words] : []));
}
