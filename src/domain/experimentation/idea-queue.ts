/**
 * Which idea is tried next. Ideas are worked through in the order declared, each first attempt waiting until those before it have been
 * decided, so that it is trained on the newest data and compared with what then serves. Repeats on a calendar run beside them. Pure.
 */
import type { EpochMs } from '../time.ts';

export interface DeclaredIdea {
  readonly id: string;
  readonly recipe?: string | undefined;
  readonly artifactOf?: string | undefined;
  /** Milliseconds between attempts; null: tried once. */
  readonly everyMs: number | null;
}

/** One attempt at an idea, and how far it came. */
export interface IdeaAttempt {
  readonly idea: string;
  readonly attempt: number;
  readonly asOf: EpochMs;
  /** `running`: in training; `open`: its candidate is queued or in flight; `decided`: its candidate has an outcome, or there is none. */
  readonly standing: 'running' | 'open' | 'decided';
  readonly hasArtifact: boolean;
}

export interface NextIdea {
  readonly idea: string;
  readonly attempt: number;
  readonly priority: 'idea' | 'retrain';
}

export interface IdeaQueueInput {
  readonly ideas: readonly DeclaredIdea[];
  readonly attempts: readonly IdeaAttempt[];
  /** Whether what serves now was trained by a recipe (the declared fallback was not). */
  readonly stableHasRecipe: boolean;
  readonly now: EpochMs;
  /** Monitoring has ordered a retrain that no attempt has answered yet. */
  readonly retrainOrdered: boolean;
}

/** The attempt to start now, or null. One attempt trains at a time. */
export function nextIdea(input: IdeaQueueInput): NextIdea | null {
  if (input.attempts.some(({ standing }) => standing === 'running')) return null;
  return nextFirstAttempt(input) ?? nextRepeat(input);
}

function nextFirstAttempt({ ideas, attempts, stableHasRecipe }: IdeaQueueInput): NextIdea | null {
  for (const idea of ideas) {
    const first = attempts.find((attempt) => attempt.idea === idea.id && attempt.attempt === 1);
    if (first?.standing === 'open') return null;
    if (first !== undefined) continue;
    // What an idea builds on may have come to nothing: then the next one is tried, and this one again later.
    if (idea.recipe === 'stable' && !stableHasRecipe) continue;
    if (
      idea.artifactOf !== undefined &&
      !attempts.some((attempt) => attempt.idea === idea.artifactOf && attempt.hasArtifact)
    )
      continue;
    return { idea: idea.id, attempt: 1, priority: 'idea' };
  }
  return null;
}

function nextRepeat({ ideas, attempts, stableHasRecipe, now, retrainOrdered }: IdeaQueueInput): NextIdea | null {
  for (const idea of ideas) {
    if (idea.everyMs === null || (idea.recipe === 'stable' && !stableHasRecipe)) continue;
    const tried = attempts.filter((attempt) => attempt.idea === idea.id);
    const last = tried.at(-1);
    if (last === undefined) continue;
    const due = now >= last.asOf + idea.everyMs || (retrainOrdered && now > last.asOf);
    if (due) return { idea: idea.id, attempt: tried.length + 1, priority: 'retrain' };
  }
  return null;
}
