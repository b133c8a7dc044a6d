import assert from 'node:assert/strict';
import type { HistoryEvent } from '../workflows/history-rules.ts';
import { kept, read } from './kept-histories.ts';

/** What one message, input, result, memo field or carried state may weigh, bytes. */
const PAYLOAD_BYTES_MAX = 64 * 1024;
/** What one judged batch may cost the history, in events: one that changes nothing, and one that widens the split or asks people. */
const UNCHANGED_EVENTS_MAX = 12;
const CHANGED_EVENTS_MAX = 20;

interface Payload {
  readonly at: string;
  readonly bytes: number;
}

/** Everything in an event that is a payload on the wire, however deep. */
function payloadsOf(value: unknown, at: string): Payload[] {
  if (typeof value !== 'object' || value === null) return [];
  const { data, metadata } = value as { readonly data?: unknown; readonly metadata?: unknown };
  const own =
    typeof data === 'string' && metadata !== undefined ? [{ at, bytes: Buffer.from(data, 'base64').length }] : [];
  return [...own, ...Object.entries(value).flatMap(([field, inner]) => payloadsOf(inner, `${at}.${field}`))];
}

const heavy = (events: readonly HistoryEvent[]): Payload[] =>
  events.flatMap((event) => payloadsOf(event, event.eventType)).filter(({ bytes }) => bytes > PAYLOAD_BYTES_MAX);

const isOf = (event: HistoryEvent, type: string): boolean => event.eventType === `EVENT_TYPE_${type}`;
const schedules = (event: HistoryEvent, name: string): boolean =>
  (event['activityTaskScheduledEventAttributes'] as { activityType: { name: string } } | undefined)?.activityType
    .name === name;
const isLook = (event: HistoryEvent): boolean => schedules(event, 'judgeNext');
/** What people are told is paid once for each news, beside whatever batch is under way: it belongs to none. */
const tellsPeople = (events: readonly HistoryEvent[]): boolean => events.some((event) => schedules(event, 'notify'));

/** A person's order cuts a wait short, and what it leaves behind belongs to no batch. */
const isOfAnOrder = (event: HistoryEvent): boolean =>
  isOf(event, 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED') ||
  isOf(event, 'ACTIVITY_TASK_CANCEL_REQUESTED') ||
  isOf(event, 'ACTIVITY_TASK_CANCELED') ||
  isOf(event, 'ACTIVITY_TASK_FAILED') ||
  (isOf(event, 'WORKFLOW_EXECUTION_SIGNALED') &&
    (event['workflowExecutionSignaledEventAttributes'] as { signalName: string }).signalName !== 'evidenceArrived');

/** The events from one look's scheduling to the next one's, for every look that was not disturbed by an order. */
function batchesOf(events: readonly HistoryEvent[]): Array<readonly HistoryEvent[]> {
  const looks = events.flatMap((event, index) => (isLook(event) ? [index] : []));
  const batches = looks.slice(1).map((next, at) => events.slice((looks[at] ?? 0) + 1, next + 1));
  return batches.filter((batch) => !batch.some(isOfAnOrder));
}

/** Besides the next look it has begun nothing. */
const changesNothing = (batch: readonly HistoryEvent[]): boolean =>
  batch.filter((event) => isOf(event, 'ACTIVITY_TASK_SCHEDULED')).length === 1;

describe('budgets of recorded histories', () => {
  for (const { name, path } of kept)
    it(`hold no payload above 64 KiB: ${name}`, () => assert.deepEqual(heavy(read(path).history.events), []));

  it('would show a payload that is too heavy, wherever it is', () => {
    const { events } = read(kept.find(({ name }) => name.includes('rollout--promoted'))?.path ?? '').history;
    const payload = {
      metadata: { encoding: 'anNvbi9wbGFpbg==' },
      data: Buffer.alloc(PAYLOAD_BYTES_MAX + 1).toString('base64'),
    };
    const memo = { memo: { fields: { gate: payload } } };
    assert.deepEqual(heavy([...events, { ...memo, eventType: 'X', eventTime: '' }]), [
      { at: 'X.memo.fields.gate', bytes: PAYLOAD_BYTES_MAX + 1 },
    ]);
  });

  it('hold at most 12 events for a judged batch that changes nothing, and 20 for one that does', () => {
    const batches = kept
      .map(({ path }) => read(path).history.events)
      .filter((events) => !tellsPeople(events))
      .flatMap(batchesOf);
    const costs = (unchanged: boolean): number[] =>
      batches.filter((batch) => changesNothing(batch) === unchanged).map(({ length }) => length);
    for (const [unchanged, most] of [
      [true, UNCHANGED_EVENTS_MAX],
      [false, CHANGED_EVENTS_MAX],
    ] as const) {
      assert.ok(costs(unchanged).length >= 5, `${costs(unchanged).length} batches`);
      assert.ok(Math.max(...costs(unchanged)) <= most, costs(unchanged).join());
    }
  });
});
