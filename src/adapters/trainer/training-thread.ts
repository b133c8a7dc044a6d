import { parentPort, workerData } from 'node:worker_threads';
import { LearningError } from '../../domain/learning/learning-error.ts';
import { createLearner } from '../../domain/learning/recipe.ts';
import type { FromThread, ToThread } from './thread-messages.ts';

/** What a training thread runs: learn, report now and then, answer once. It is ended from outside. */
function learn({ request, resumeFrom, progressEveryMs }: ToThread, tell: (message: FromThread) => void): void {
  const learner = createLearner(request.recipe, request, resumeFrom);
  let reportedAt = performance.now();
  while (learner.step()) {
    if (performance.now() - reportedAt < progressEveryMs) continue;
    const { iterations, iterationsMax } = learner;
    const progress = { iterations, iterationsMax, trainLoss: learner.trainLoss(), resumeFrom: learner.progress() };
    tell({ kind: 'progress', progress });
    reportedAt = performance.now();
  }
  const { iterations } = learner;
  tell({ kind: 'result', result: { artifact: learner.artifact(), iterations, trainLoss: learner.trainLoss() } });
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
