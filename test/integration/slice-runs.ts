/** Runs of the slice of the flights, for the tests that look at them: an undisturbed one that they share, and disturbed ones. */
import { runStory } from '../../scripts/verify-kills/story-runs.ts';
import type { Disturb, StoryRun } from '../../scripts/verify-kills/story-runs.ts';

const SLICE = {
  modelPath: 'models/flight-slice.yaml',
  model: 'flight-slice',
  untilDay: '2001-01-19',
} as const;

const runs: StoryRun[] = [];
let undisturbed: Promise<StoryRun> | null = null;

/** The story as it goes by itself; about 40 s for the first that asks. */
export function undisturbedRun(): Promise<StoryRun> {
  undisturbed ??= disturbedRun(async () => undefined);
  return undisturbed;
}

export async function disturbedRun<T>(disturb: Disturb<T>): Promise<StoryRun & { readonly disturbed: T }> {
  const run = await runStory(SLICE, disturb);
  runs.push(run);
  return run;
}

after('remove the runs of the slice', () => {
  for (const run of runs) run.remove();
});
