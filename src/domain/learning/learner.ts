import type { ModelArtifact } from './model-artifact.ts';

/**
 * Training that can stop after any iteration and go on elsewhere: the artifact is the same to the last bit,
 * however often it was interrupted. `Progress` is JSON-safe.
 */
export interface Learner<Progress> {
  /** Iterations done: trees, or Newton steps. */
  readonly iterations: number;
  readonly iterationsMax: number;
  /** One more iteration; false when there is nothing more to learn. */
  step(): boolean;
  /** Mean loss over the rows learned from: log loss in nats (binary) or squared error (regression). */
  trainLoss(): number;
  progress(): Progress;
  /** The model as learned so far. */
  artifact(): ModelArtifact;
}
