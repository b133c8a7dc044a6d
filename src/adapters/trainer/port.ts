import type { TrainingMatrix, Objective } from '../../domain/learning/matrix.ts';
import type { ModelArtifact } from '../../domain/learning/model-artifact.ts';
import type { Recipe } from '../../domain/learning/recipe.ts';

/** What to learn, from what. Plain data: the same request gives the same artifact to the last bit. */
export interface TrainRequest {
  recipe: Recipe;
  objective: Objective;
  /** Only read: the caller's arrays are as usable afterwards as before. */
  matrix: TrainingMatrix;
  seed: number;
}

export interface TrainProgress {
  /** Done so far: trees, or Newton steps. */
  iterations: number;
  iterationsMax: number;
  /** Mean log loss in nats (binary) or squared error (regression) over the training rows. */
  trainLoss: number;
  /**
   * Opaque and JSON-safe: hand it to `resumeFrom` to go on from here. Grows with the model, 1.5–3 KB a tree of 31 leaves:
   * too large for a heartbeat beyond some hundred trees (then keep it in an object store and let the heartbeat name it).
   */
  resumeFrom: unknown;
}

/** Loss over the training rows after so many iterations. */
export type LearningPoint = readonly [iterations: number, trainLoss: number];

export interface TrainResult {
  artifact: ModelArtifact;
  iterations: number;
  trainLoss: number;
  /** About twenty points, evenly spaced, in order; the last one is the end. The same however often training was interrupted. */
  curve: readonly LearningPoint[];
}

export interface TrainOptions {
  /** Called every now and then, not at every iteration; what it throws ends the training. */
  onProgress(progress: TrainProgress): void;
  /** The `resumeFrom` of an earlier run's progress. */
  resumeFrom?: unknown;
  signal: AbortSignal;
}

/** Learns a model from a matrix. */
export interface Trainer {
  /**
   * Idempotent: it keeps nothing, and the same request gives the same artifact wherever and however often it runs.
   * Resumable: going on from any reported progress ends in the artifact of an uninterrupted run.
   * Cancellable: once `signal` aborts, it rejects with the signal's reason and uses no more processor time.
   * Never blocks the caller's event loop while it learns.
   * @throws HoldfastError TRAINER_REQUEST_REFUSED (matrix, option or progress refused: the message names the field)
   * @throws HoldfastError TRAINER_CRASHED (resume from the last progress)
   */
  train(request: TrainRequest, options: TrainOptions): Promise<TrainResult>;
}
