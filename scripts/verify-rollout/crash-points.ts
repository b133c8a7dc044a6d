/** Crash points: every side effect of rollout and promotion, and a worker that dies before, in the middle of and after it. */
import { alignedTable } from '../../src/domain/aligned-table.ts';
import { crashAt } from './crash-points/crash-points.ts';
import type { Crash } from './crash-points/crash-points.ts';
import { allPoints, EFFECTS, PLANTED, POINTS } from './crash-points/effects.ts';
import type { Fault, Point } from './crash-points/effects.ts';
import type { Finding, Part } from './part.ts';

/** Points tried at the same time, each by a worker of its own. */
const LANES = 4;
const COLUMNS: readonly Point[] = [...POINTS, 'at one gateway of two'];

export const verifyCrashPoints: Part = async (_asked, say) => {
  const points = allPoints();
  const { crashes, undisturbed, unknown, accounts } = await crashAt(points, { lanes: LANES, say });
  for (const line of tableOf(crashes)) say(`  ${line}`);
  const failed = crashes.filter(({ faults }) => faults.length > 0);
  const wrong = failed.map(
    ({ activity, writes, point, faults }) => `${activity}, ${writes}, ${point}: ${faults.slice(0, 2).join('; ')}`,
  );
  const inPeace = undisturbed.flatMap(({ story, faults }) => faults.map(({ inWords }) => `${story}: ${inWords}`));
  const decisions = accounts.reduce((sum, account) => sum + account.decisions, 0);
  const found: Finding[] = [
    {
      name: 'whatever a worker dies in the middle of, everything happens once and in order',
      passed: failed.length === 0 && crashes.length === points.length,
      words: `${crashes.length - failed.length} of ${points.length} points of ${EFFECTS.length} effects, ${decisions} decisions${wrong.length === 0 ? '' : `: ${wrong.join(' | ')}`}`,
    },
    {
      name: 'rollout and promotion write nothing without a crash point',
      passed: unknown.length === 0,
      words: unknown.length === 0 ? `${undisturbed.length} stories write only what is listed` : unknown.join(' | '),
    },
    {
      name: 'undisturbed, the same stories hold every invariant',
      passed: inPeace.length === 0,
      words: inPeace.length === 0 ? `${undisturbed.length} stories` : inPeace.join(' | '),
    },
  ];
  return [...found, ...(await plantedFaults())];
};

/** Long enough for a story to go on after a death, and no longer: what does not go on is the fault that was planted. */
const PLANTED_PATIENCE_MS = 40_000;

async function plantedFaults(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [fault, point] of Object.entries(PLANTED)) {
    const options = { lanes: 1, fault: fault as Fault, patienceMs: PLANTED_PATIENCE_MS };
    const [crash] = (await crashAt([point], options)).crashes;
    const seen = crash?.faults[0];
    findings.push({
      name: `a worker that ${fault} is seen`,
      passed: seen !== undefined,
      words: seen ?? 'nothing was seen',
    });
  }
  return findings;
}

/** Effect by effect, what came of each point. */
function tableOf(crashes: readonly Crash[]): readonly string[] {
  const rows = EFFECTS.map(({ activity, writes }) => [
    activity,
    writes,
    ...COLUMNS.map((point) => {
      const crash = crashes.find((one) => one.activity === activity && one.writes === writes && one.point === point);
      return crash === undefined ? '' : crash.faults.length === 0 ? 'ok' : 'FAILED';
    }),
  ]);
  return alignedTable([['activity', 'what it writes', ...COLUMNS], ...rows], 'l'.repeat(2 + COLUMNS.length)).split(
    '\n',
  );
}
