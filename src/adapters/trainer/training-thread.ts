import { parentPort, workerData } from 'node:worker_threads';
import { LearningError } from '../../domain/learning/learning-error.ts';
import { createLearner } from '../../domain/learning/recipe.ts';
import type { LearningPoint } from './port.ts';
import type { FromThread, ToThread } from './thread-messages.ts';

const CURVE_POINTS = 20;

/** A learner's own progress, and what its curve was so far. */
interface ResumePoint {
  readonly learner: unknown;
  readonly curve: readonly LearningPoint[];
}

const isResumePoint = (point: unknown): point is ResumePoint =>
  typeof point === 'object' && point !== null && 'learner' in point && 'curve' in point;

/** What a training thread runs: learn, report now and then, answer once. It is ended from outside. */
function learn({ request, resumeFrom, progressEveryMs }: ToThread, tell: (message: FromThread) => void): void {
  const left = isResumePoint(resumeFrom) ? resumeFrom : { learner: resumeFrom, curve: [] };
  const learner = createLearner(request.recipe, request, left.learner);
  const curve = [...left.curve];
  const every = Math.ceil(learner.iterationsMax / CURVE_POINTS);
  let reportedAt = performance.now();
  while (learner.step()) {
    const { iterations, iterationsMax } = learner;
    if (iterations % every === 0) curve.push([iterations, learner.trainLoss()]);
    if (performance.now() - reportedAt < progressEveryMs) continue;
    const point: ResumePoint = { learner: learner.progress(), curve: [...curve] };
    tell({
      kind: 'progress',
      progress: { iterations, iterationsMax, trainLoss: learner.trainLoss(), resumeFrom: point },
    });
    reportedAt = performance.now();
  }
  const { iterations } = learner;
  const trainLoss = learner.trainLoss();
  if (curve.at(-1)?.[0] !== iterations) curve.push([iterations, trainLoss]);
  tell({ kind: 'result', result: { artifact: learner.artifact(), iterations, trainLoss, curve } });
}

function answer(tell: (message: FromThread) => void): void {
  try {
    learn(workerData as ToThread, tell);
  } catch (error) {
    // Anything else is a fault of ours: it leaves as an uncaught error, which the other side reports as a crash.
    if (!(error instanceof LearningError)) throw error;
    tell({ kind: 'refused', message: error.message, field: error.field });
  }
}

const port = parentPort;
if (port !== null) answer((message) => port.postMessage(message));
