import { auditStory } from '../verify-story/audit.ts';
import { finding, none } from '../verify-story/finding.ts';
import type { Finding } from '../verify-story/finding.ts';
import { withRecords } from '../verify-story/state.ts';
import { readStory } from '../verify-story/story.ts';
import type { Kill } from './kills.ts';
import { VICTIMS } from './kills.ts';
import type { StoryRun } from './story-runs.ts';

/** Whether all runs tell the story of the first, and each stands up to the audit. */
export async function compareRuns(
  model: string,
  runs: readonly StoryRun[],
  kills: readonly Kill[],
): Promise<Finding[]> {
  const [first] = runs;
  const findings = [
    finding(
      runs.every(({ summary }) => summary.storyDigest === first?.summary.storyDigest),
      'all runs tell the same story',
    ),
    finding(
      runs.every(({ ledger }) => ledger === first?.ledger),
      'all ledgers agree to the byte: nothing lost, repeated or out of order',
    ),
    ...VICTIMS.map((victim) => {
      const times = kills.filter((kill) => kill.victim === victim).length;
      return finding(times > 0, `${victim} was killed ${times} times while a rollout had work open`);
    }),
  ];
  for (const [index, { stateDir, summary }] of runs.entries()) {
    const story = await withRecords(stateDir, (client) => readStory(client, stateDir, model));
    const { findings: audited } = await auditStory(story, stateDir, summary);
    const failed = audited.filter(({ ok }) => !ok).map(({ what }) => what);
    findings.push(none(`run ${index + 1}: an independent audit of ${audited.length} points finds nothing`, failed));
  }
  return findings;
}
