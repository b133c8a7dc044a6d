/** What happened and who said so: exposure, approvals, alerts, the chain of decisions, and how to check it. */
import { exposureInWords } from '../rollout/words.ts';
import { verifyChain } from '../rollout/verify-chain.ts';
import type { Verification } from '../rollout/verify-chain.ts';
import { epochMs } from '../time.ts';
import { decisionsOf } from './material.ts';
import type { ChainedDecision, RolloutMaterial, ToldOrder } from './material.ts';
import { digest, instant, number, text } from './report.ts';
import type { Basis, Cell, Moment, Section } from './report.ts';

const DECISIONS_MAX = 40;
const PERCENT = 100;
const RECORD_EVIDENCE = 'recordEvidence';

interface Event {
  readonly at: string;
  readonly kind: 'order' | 'exposure' | 'verdict' | 'approval' | 'alert' | 'outcome';
  readonly what: string;
  readonly detail: string;
}

/** Everything that changed the rollout or people were told of, in order of event time. */
function eventsOf(material: RolloutMaterial): Event[] {
  const decisions = decisionsOf(material);
  const events: Event[] = [
    ...orderEvents(material, decisions),
    ...material.exposures.map(({ eventTime: at, exposure, mode, decisionId }) => ({
      at,
      kind: 'exposure' as const,
      what: `${mode} at ${exposureInWords(exposure)}`,
      detail: `by decision ${decisionId}`,
    })),
    ...decisions
      .filter((decision, index) => index === decisions.length - 1 || isNews(decision, decisions[index - 1]))
      .map(({ eventTime: at, verdict, inWords }) => ({ at, kind: 'verdict' as const, what: verdict, detail: inWords })),
    ...approvalEvents(decisions),
    ...material.incidents.flatMap(({ id, openedAt, closedAt, symptom, response, closingReason }) => [
      { at: openedAt, kind: 'alert' as const, what: `incident ${id}`, detail: `${symptom}; response: ${response}` },
      // What ended after the rollout is no part of its course.
      ...(closedAt === null || (material.decidedAt !== null && epochMs(closedAt) > epochMs(material.decidedAt))
        ? []
        : [{ at: closedAt, kind: 'alert' as const, what: `incident ${id} closed`, detail: closingReason ?? '' }]),
    ]),
    ...outcomeEvents(material, decisions.at(-1)),
  ];
  return events.sort((a, b) => epochMs(a.at) - epochMs(b.at));
}

/** What people ordered, but for what stands there as an approval; evidence that programs record is no order of the day. */
function ordersTold({ orders }: RolloutMaterial, decisions: readonly ChainedDecision[]): ToldOrder[] {
  const counted = new Set(decisions.flatMap(({ approvals }) => approvals.map(({ commandId }) => commandId)));
  return orders.filter(({ command, commandId }) => command !== RECORD_EVIDENCE && !counted.has(commandId));
}

const orderInWords = ({ command, by }: ToldOrder): string => `${command} by ${by}`;

function orderEvents(material: RolloutMaterial, decisions: readonly ChainedDecision[]): Event[] {
  return ordersTold(material, decisions).flatMap((order) => {
    const { eventTime, reason, channel } = order;
    if (eventTime === null) return [];
    const detail = `${reason ?? 'without a reason'} (${channel})`;
    return [{ at: eventTime, kind: 'order' as const, what: orderInWords(order), detail }];
  });
}

/** What is told of orders beside the table. */
function ordersInWords(material: RolloutMaterial): string[] {
  const told = ordersTold(material, decisionsOf(material));
  const untimed = told.filter(({ eventTime }) => eventTime === null).map(orderInWords);
  const batches = material.orders.filter(({ command }) => command === RECORD_EVIDENCE).length;
  return [
    ...(told.length > untimed.length
      ? ['An order stands at the event time through which the log was complete when it was written down.']
      : []),
    ...(untimed.length === 0 ? [] : [`Ordered at a time that is not on record: ${untimed.join(', ')}.`]),
    ...(batches === 0 ? [] : [`Evidence from elsewhere was sent ${batches === 1 ? 'once' : `${batches} times`}.`]),
  ];
}

function outcomeEvents({ outcome, reason, decidedAt }: RolloutMaterial, last: ChainedDecision | undefined): Event[] {
  if (decidedAt === null) return [];
  const detail = reason === last?.inWords ? 'by the newest verdict' : (reason ?? '');
  return [{ at: decidedAt, kind: 'outcome', what: outcome.replace('_', ' '), detail }];
}

/** A verdict is news where it is another one than before, or leads on. */
function isNews({ verdict, reasons }: ChainedDecision, before: ChainedDecision | undefined): boolean {
  if (verdict === 'advance' || before === undefined) return true;
  return verdict !== before.verdict || reasons.join() !== before.reasons.join();
}

function approvalEvents(decisions: readonly ChainedDecision[]): Event[] {
  const seen = new Set<string>();
  return decisions.flatMap(({ eventTime, approvals }) =>
    approvals
      .filter(({ commandId }) => !seen.has(commandId) && seen.add(commandId) !== null)
      .map(({ by, role, note }) => ({
        at: eventTime,
        kind: 'approval' as const,
        what: `yes from ${by} as ${role}`,
        detail: note === '' ? 'without a reason' : note,
      })),
  );
}

/** Exposure over time, and what happened beside it. */
export function timelineSection(material: RolloutMaterial, through: string | null): Section {
  const events = eventsOf(material);
  let exposure = 0;
  const rows = events.map(({ at, kind, what, detail }): Cell[] => {
    if (kind === 'exposure')
      exposure = material.exposures.find(({ eventTime, mode }) => eventTime === at && what.startsWith(mode))!.exposure;
    return [at, kind, what, PERCENT * exposure, detail];
  });
  const moments = momentsOf(events);
  const basis: Basis = { unit: 'event', n: events.length, timeZone: 'UTC', through };
  return {
    id: 'timeline',
    title: 'Timeline',
    words: [
      `Exposure is ${exposureInWords(exposure)} at the end.`,
      ...(material.decidedAt === null
        ? []
        : ['What a verdict orders takes effect after it, so the end may come after the data it was decided on.']),
      ...ordersInWords(material),
    ],
    basis,
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Exposure of the candidate over event time, with orders, approvals and alerts; it ends at ${exposureInWords(exposure)}.`,
      x: { column: 'at', title: 'event time, UTC' },
      y: { title: 'exposure, %' },
      zero: true,
      // Nothing but zeros has no scale of its own.
      cut: material.exposures.some((each) => each.exposure > 0) ? null : [0, PERCENT],
      moments,
      layers: [
        {
          mark: 'line',
          y: 'exposure',
          tone: 'candidate',
          name: 'exposure',
          shape: 'step',
          dashed: false,
          points: true,
        },
      ],
    },
    table: {
      caption: 'What happened, in order of event time',
      columns: [
        instant('at', 'At'),
        text('kind', 'Kind'),
        text('what', 'What'),
        number('exposure', 'Exposure, %', 2),
        text('detail', 'Because'),
      ],
      rows,
    },
  };
}

/** Orders, approvals and alerts; several at a time are one. */
function momentsOf(events: readonly Event[]): Moment[] {
  const marked = new Map<string, Moment & { readonly times: number }>();
  for (const { at, kind, what } of events) {
    const label = labelOf(kind, what);
    if (label === null) continue;
    marked.set(`${at} ${label}`, { at, label, times: (marked.get(`${at} ${label}`)?.times ?? 0) + 1 });
  }
  return [...marked.values()].map(({ at, label, times }) => ({
    at,
    label: times === 1 ? label : `${label} ×${times}`,
  }));
}

function labelOf(kind: Event['kind'], what: string): string | null {
  switch (kind) {
    case 'approval':
      return 'approval';
    case 'order':
      return what.split(' ')[0]!;
    case 'alert':
      return `incident ${what.split('/').at(-1)}`;
    default:
      return null;
  }
}

/** The chain: where verdicts changed, and the newest. */
export function decisionsSection(material: RolloutMaterial): Section {
  const decisions = decisionsOf(material);
  const kept = decisions.filter(
    (decision, index) => index === decisions.length - 1 || isNews(decision, decisions[index - 1]),
  );
  const rows = kept.slice(-DECISIONS_MAX);
  return {
    id: 'decisions',
    title: 'Decision records',
    words: [
      `${decisions.length} decisions in one chain: each names the one before it by its digest, and the evidence it rests on.`,
    ],
    basis: { unit: 'decision', n: decisions.length, timeZone: 'UTC', through: decisions.at(-1)?.watermark ?? null },
    plot: null,
    table: {
      caption: 'Decisions at which the verdict or its reasons changed, and the newest',
      columns: [
        number('sequence', 'No.'),
        instant('at', 'At'),
        text('run', 'Run'),
        text('verdict', 'Verdict'),
        text('inWords', 'In words'),
        digest('evidence', 'Evidence'),
        digest('digest', 'Digest'),
      ],
      rows: rows.map(({ sequence, eventTime, run, verdict, inWords, evidenceDigest, digest: own }) => [
        sequence,
        eventTime,
        run,
        verdict,
        inWords,
        evidenceDigest,
        own,
      ]),
      of: decisions.length,
    },
  };
}

/** Whether the records hold together, judged when the page was made. */
export function verificationOf({ recorded }: RolloutMaterial): Verification {
  return verifyChain({ ...recorded, head: null });
}

/** How to check this page without trusting it. */
export function verifySection(material: RolloutMaterial, verification: Verification, last: ChainedDecision): Section {
  const { rolloutId } = material.recorded;
  const { policyDigest, candidate, stable, evidenceDigest } = last;
  return {
    id: 'verify',
    title: 'How to verify it',
    words: [
      verification.verified
        ? `When this page was made, ${verification.decisions} decisions were judged again from ${verification.evidence} records of evidence, and every one came out as recorded.`
        : `When this page was made, the records differed: ${verification.inWords}.`,
      'Judge them again yourself, with the head as it stands here; and compare the numbers of the page with the document.',
    ],
    basis: null,
    plot: null,
    table: {
      caption: 'What this page is about, by digest (SHA-256)',
      columns: [text('what', 'What'), text('digest', 'Digest')],
      rows: [
        ['newest decision', last.digest],
        ['its evidence', evidenceDigest],
        ['policy', policyDigest],
        ['candidate', candidate],
        ['stable', stable],
      ],
    },
    commands: [
      `npx holdfast verify ${rolloutId} --head ${last.sequence}:${last.digest}`,
      `npx holdfast report ${rolloutId} --decision ${last.digest} --json`,
    ],
  };
}
