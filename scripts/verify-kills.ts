/**
 * One model's life on real flights, disturbed: `npm run verify:kills -- [first day not replayed] [seed]`. Runs the shipped example twice
 * undisturbed, then twice with `kill -9` of worker, gateway, PostgreSQL, Temporal server and the run itself, over and over, each in the middle
 * of a rollout while work is open. Fails unless all four tell the same story, from ledgers that agree to the byte, and every audit finds nothing.
 */
import { killingThroughout } from './verify-kills/kill-plan.ts';
import type { Kill } from './verify-kills/kills.ts';
import { compareRuns } from './verify-kills/compare.ts';
import { runStory } from './verify-kills/story-runs.ts';
import type { StoryRun } from './verify-kills/story-runs.ts';

const [untilDay = '2001-02-16', seed = '1'] = process.argv.slice(2);
const plan = { modelPath: 'models/flight-delay.yaml', model: 'flight-delay', untilDay };
/** Wall seconds of peace between two kills: long enough to come back, short enough for many. */
const PEACE = { least: 3, most: 9 };

const told = (name: string, run: StoryRun): void =>
  console.log(`${name}: ${run.seconds.toFixed(0)} s, story ${run.summary.storyDigest.slice(0, 16)}`);
const runs: StoryRun[] = [];
const kills: Kill[] = [];
try {
  for (const name of ['undisturbed', 'undisturbed again']) {
    const run = await runStory(plan, async () => undefined);
    runs.push(run);
    told(name, run);
  }
  for (const round of [0, 1]) {
    const run = await runStory(plan, killingThroughout(Number(seed) + round, PEACE));
    runs.push(run);
    kills.push(...run.disturbed);
    told(`disturbed ${run.disturbed.length} times`, run);
    for (const { victim, rollout, open, backMs } of run.disturbed)
      console.log(
        `  ${victim.padEnd(15)} back after ${String(backMs).padStart(5)} ms; ${rollout}; open: ${open.join(', ')}`,
      );
  }
  const findings = await compareRuns(plan.model, runs, kills);
  for (const { ok, what } of findings) console.log(`${ok ? 'ok  ' : 'FAIL'}  ${what}`);
  const failed = findings.filter(({ ok }) => !ok).length;
  console.log(`${findings.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  for (const run of runs) run.remove();
}
