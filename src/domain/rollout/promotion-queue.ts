/** The promotion queue: one candidate at a time, in an order that people can predict. Pure. */

export interface QueuedCandidate {
  readonly bundle: string;
  readonly idea: string;
  readonly attempt: number;
  readonly priority: 'idea' | 'retrain';
  /** Event time it became ready, ISO 8601. */
  readonly readyAt: string;
}

export type NewerCandidatePolicy = Readonly<Record<'ideas' | 'retrains', 'queue' | 'supersede' | 'reject'>>;

export interface QueueDecision {
  /** The candidate whose rollout starts now; null while another is in flight or none waits. */
  readonly start: QueuedCandidate | null;
  readonly superseded: ReadonlyArray<{ readonly candidate: QueuedCandidate; readonly by: QueuedCandidate }>;
  readonly rejected: ReadonlyArray<{ readonly candidate: QueuedCandidate; readonly because: QueuedCandidate | null }>;
}

/** Ideas before routine retrains, then by the time they were ready, then by name: never by order of arrival. */
export function inQueueOrder(a: QueuedCandidate, b: QueuedCandidate): number {
  if (a.priority !== b.priority) return a.priority === 'idea' ? -1 : 1;
  return compare(a.readyAt, b.readyAt) || compare(a.idea, b.idea) || a.attempt - b.attempt;
}

/**
 * What becomes of the waiting candidates. `supersede`: of one kind only the newest waits on. `reject`: a candidate that finds another
 * in flight or ahead of it is refused at once. `queue`: all wait.
 */
export function decideQueue(
  waiting: readonly QueuedCandidate[],
  inFlight: QueuedCandidate | null,
  policy: NewerCandidatePolicy,
): QueueDecision {
  const superseded: Array<{ candidate: QueuedCandidate; by: QueuedCandidate }> = [];
  const rejected: Array<{ candidate: QueuedCandidate; because: QueuedCandidate | null }> = [];
  let open = [...waiting].sort(inQueueOrder);
  for (const [priority, key] of [
    ['idea', 'ideas'],
    ['retrain', 'retrains'],
  ] as const) {
    const ofKind = open.filter((candidate) => candidate.priority === priority);
    if (policy[key] === 'supersede') {
      const newest = ofKind.at(-1);
      for (const candidate of ofKind.slice(0, -1)) if (newest !== undefined) superseded.push({ candidate, by: newest });
      open = open.filter((candidate) => candidate.priority !== priority || candidate === newest);
    } else if (policy[key] === 'reject') {
      const first = inFlight === null ? open[0] : undefined;
      for (const candidate of ofKind)
        if (candidate !== first) rejected.push({ candidate, because: inFlight ?? first ?? null });
      open = open.filter((candidate) => candidate.priority !== priority || candidate === first);
    }
  }
  return { start: inFlight === null ? (open[0] ?? null) : null, superseded, rejected };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
