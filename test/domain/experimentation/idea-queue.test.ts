import assert from 'node:assert/strict';
import fc from 'fast-check';
import { nextIdea } from '../../../src/domain/experimentation/idea-queue.ts';
import type { IdeaAttempt, IdeaQueueInput } from '../../../src/domain/experimentation/idea-queue.ts';

const DAY = 86_400_000;
const ideas = [
  { id: 'first', recipe: 'static', everyMs: null },
  { id: 'retrain', recipe: 'stable', everyMs: 7 * DAY },
  { id: 'fresh', recipe: 'fresh', everyMs: null },
  { id: 'skewed', artifactOf: 'fresh', everyMs: null },
];
const tried = (
  idea: string,
  standing: IdeaAttempt['standing'],
  attempt = 1,
  day = 0,
  hasArtifact = true,
): IdeaAttempt => ({
  idea,
  attempt,
  asOf: day * DAY,
  standing,
  hasArtifact,
});
const input = (over: Partial<IdeaQueueInput>): IdeaQueueInput => ({
  ideas,
  attempts: [],
  stableHasRecipe: true,
  now: 0,
  retrainOrdered: false,
  ...over,
});

describe('the queue of ideas', () => {
  for (const [title, over, expected] of [
    ['begins with the first idea declared', {}, 'first-1'],
    ['trains one attempt at a time', { attempts: [tried('first', 'running')] }, null],
    ['waits until the candidate before it is decided', { attempts: [tried('first', 'open')] }, null],
    ['goes on to the next idea once it is', { attempts: [tried('first', 'decided')] }, 'retrain-1'],
    [
      'skips a retrain while nothing trained serves',
      { attempts: [tried('first', 'decided')], stableHasRecipe: false },
      'fresh-1',
    ],
    [
      'skips an idea whose artifact does not exist',
      { attempts: [tried('first', 'decided'), tried('retrain', 'decided'), tried('fresh', 'decided', 1, 0, false)] },
      null,
    ],
    [
      'tries the idea that builds on another once that has an artifact',
      { attempts: [tried('first', 'decided'), tried('retrain', 'decided'), tried('fresh', 'decided')] },
      'skewed-1',
    ],
    [
      'repeats a calendar idea when it is due',
      { attempts: [tried('first', 'decided'), tried('retrain', 'decided'), tried('fresh', 'open')], now: 7 * DAY },
      'retrain-2',
    ],
    [
      'does not repeat it a millisecond early',
      { attempts: [tried('first', 'decided'), tried('retrain', 'decided'), tried('fresh', 'open')], now: 7 * DAY - 1 },
      null,
    ],
    [
      'repeats it at once when monitoring orders a retrain',
      {
        attempts: [tried('first', 'decided'), tried('retrain', 'decided'), tried('fresh', 'open')],
        now: DAY,
        retrainOrdered: true,
      },
      'retrain-2',
    ],
  ] as const)
    it(title, () => {
      const next = nextIdea(input(over));
      assert.equal(next === null ? null : `${next.idea}-${next.attempt}`, expected);
    });

  it('never starts an attempt twice', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom('first', 'retrain', 'fresh', 'skewed'),
            fc.constantFrom('open' as const, 'decided' as const),
          ),
          { maxLength: 6 },
        ),
        fc.integer({ min: 0, max: 60 }),
        fc.boolean(),
        (list, day, retrainOrdered) => {
          const counts = new Map<string, number>();
          const attempts = list.map(([idea, standing], index) => {
            const attempt = (counts.get(idea) ?? 0) + 1;
            counts.set(idea, attempt);
            return tried(idea, standing, attempt, index);
          });
          const next = nextIdea(input({ attempts, now: day * DAY, retrainOrdered }));
          if (next !== null) assert.equal(next.attempt, (counts.get(next.idea) ?? 0) + 1);
        },
      ),
    ));
});
