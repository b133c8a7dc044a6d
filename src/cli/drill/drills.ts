import type { Drill } from './drill.ts';
import { frozenFeatures } from './features.ts';
import { crashWithoutLabels, labelFeedStopped } from './labels.ts';
import { newerCandidate } from './queue.ts';
import { silenceAsGood } from './refusal.ts';
import { postgresGone } from './servers.ts';
import { foreignSplit, worseAtOneAirport } from './split.ts';

/** Every drill. Adding one is a line here. */
export const DRILLS: Readonly<Record<string, Drill>> = {
  'label-feed-stopped': labelFeedStopped,
  'crash-without-labels': crashWithoutLabels,
  'postgres-gone': postgresGone,
  'foreign-split': foreignSplit,
  'worse-at-one-airport': worseAtOneAirport,
  'newer-candidate-queue': newerCandidate('queue'),
  'newer-candidate-supersede': newerCandidate('supersede'),
  'newer-candidate-reject': newerCandidate('reject'),
  'frozen-features': frozenFeatures,
  'silence-as-good': silenceAsGood,
};
