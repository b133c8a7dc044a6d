/**
 * Every side effect of the activities of rollout and promotion: what is committed to the records in one transaction, told to the gateways
 * in one call, or sent to people. A transaction is known by one of the things it writes.
 */
import type {
  NotificationActivities,
  PromotionActivities,
  RolloutActivities,
} from '../../../src/contracts/workflows.ts';
import type { StoryName } from '../ground/stories.ts';

export const POINTS = ['before it', 'after it, before the report', 'after the report'] as const;
/** `at one gateway of two`: a split that one has and the other has not. */
export type Point = (typeof POINTS)[number] | 'at one gateway of two';

export interface Effect {
  readonly activity: keyof (RolloutActivities & PromotionActivities & NotificationActivities);
  /** One of the labels that `writes.ts` gives to what is written. */
  readonly writes: string;
  /** What is not written with it, where that tells it from another. */
  readonly without?: string;
  /** The story that comes by it. */
  readonly story: StoryName;
}

const climbs: StoryName = 'climbs to the end';

export const EFFECTS: readonly Effect[] = [
  { activity: 'nextRollout', writes: 'candidate in_progress', story: climbs },
  { activity: 'nextRollout', writes: 'acknowledge', without: 'candidate in_progress', story: climbs },
  { activity: 'beginRollout', writes: 'policy', story: climbs },
  { activity: 'evaluateOffline', writes: 'decision advance', story: climbs },
  { activity: 'checkServing', writes: 'decision advance', story: 'is checked in a process of its own' },
  { activity: 'setExposure', writes: 'split at 0.05', story: climbs },
  { activity: 'setExposure', writes: 'split at 0.25', story: climbs },
  { activity: 'setExposure', writes: 'split at 1', story: climbs },
  { activity: 'setExposure', writes: 'split of the promoted', story: climbs },
  { activity: 'setExposure', writes: 'schedule', story: climbs },
  { activity: 'judgeNext', writes: 'turn', story: climbs },
  { activity: 'judgeNext', writes: 'settle', without: 'turn', story: climbs },
  { activity: 'judgeNext', writes: 'unsettle', without: 'turn', story: climbs },
  { activity: 'judgeNext', writes: 'decision continue', story: climbs },
  { activity: 'judgeNext', writes: 'decision advance', story: climbs },
  { activity: 'judgeNext', writes: 'decision rollback', story: 'is harmful' },
  { activity: 'announceRequest', writes: 'approvalRequest', story: climbs },
  { activity: 'announceRequest', writes: 'approvalRequest removed', story: climbs },
  { activity: 'recordEvidence', writes: 'evidenceBatch', story: 'is told its evidence by updates' },
  { activity: 'recordEvidence', writes: 'command', without: 'evidenceBatch', story: 'is told its evidence by updates' },
  { activity: 'recordOrder', writes: 'command', story: 'is paused in the web UI' },
  { activity: 'rebasePolicy', writes: 'decision continue', story: 'is re-based' },
  { activity: 'cohortServedNext', writes: 'settle', story: climbs },
  { activity: 'cohortServedNext', writes: 'unsettle', story: climbs },
  { activity: 'returnToStable', writes: 'split back', story: 'is ordered back' },
  { activity: 'finishRollout', writes: 'candidate promoted', story: climbs },
  { activity: 'finishRollout', writes: 'candidate rolled_back', story: 'is ordered back' },
  { activity: 'setRolloutAside', writes: 'split back', story: 'is ended from outside' },
  { activity: 'setRolloutAside', writes: 'candidate rolled_back', story: 'is ended from outside' },
  { activity: 'notify', writes: 'message', story: 'tells people' },
  { activity: 'notify', writes: 'notice', story: 'tells people' },
];

/** Workers that are wrong on purpose, each at one point where it shows: whoever looks for faults must be able to see one. */
export const PLANTED = {
  'orders a split under a new generation at each attempt': {
    activity: 'setExposure',
    writes: 'split at 0.25',
    story: climbs,
    point: 'after it, before the report',
  },
  'finishes a rollout without a word to promotion when it is tried again': {
    activity: 'finishRollout',
    writes: 'candidate promoted',
    story: climbs,
    point: 'before it',
  },
} as const satisfies Record<string, Effect & { readonly point: Point }>;
export type Fault = keyof typeof PLANTED;

/** Where a worker is killed, and in which rollout. */
export interface CrashPoint extends Pick<Effect, 'activity' | 'writes' | 'without'> {
  readonly point: Point;
  /** The rollout; effects of the promotion of its model count as its own. */
  readonly rolloutId: string;
}

/** Every effect at every point. */
export function allPoints(): Array<Effect & { readonly point: Point }> {
  return EFFECTS.flatMap((effect) => {
    const points: Point[] = effect.writes.startsWith('split') ? [...POINTS, 'at one gateway of two'] : [...POINTS];
    return points.map((point) => ({ ...effect, point }));
  });
}

type Known = Pick<Effect, 'activity' | 'writes' | 'without'>;

/** Whether something that was written by an activity is this effect. */
export function isEffect({ activity, writes, without }: Known, by: string, labels: readonly string[]): boolean {
  return activity === by && labels.includes(writes) && (without === undefined || !labels.includes(without));
}
