/** Drills in which a server of the control plane goes away. */
import { composeEdgeRecords } from '../../compose.ts';
import { verifyChain } from '../../domain/rollout/verify-chain.ts';
import { durationMs, epochMs } from '../../domain/time.ts';
import type { Drill } from './drill.ts';
import type { Recorded } from './recorded.ts';
import type { Rehearsal } from './rehearsal.ts';
import { firstModelOnly, untilExposed } from './slice.ts';

/** Batches of a quarter of an hour that pass meanwhile, however long it takes: ten cohorts of three hours. */
const BATCHES_AWAY = 120;
const LOOK_EVERY_MS = 500;

export const postgresGone: Drill = {
  breaks:
    'PostgreSQL is killed and stays away (two minutes, or --away) while a candidate serves 1 % and traffic goes on',
  expects: 'every request is answered by the last split; afterwards no request, label or decision is lost or repeated',
  declare: firstModelOnly,
  play: async (rehearsal, { awayMs }) => {
    const { rolloutId } = await untilExposed(rehearsal, 0.01);
    const id = rolloutId ?? '';
    const before = await rehearsal.gateway.traffic();
    const failuresBefore = await rehearsal.gateway.failures();
    const from = epochMs(rehearsal.now);
    rehearsal.faults.runsOnMs = awayMs / BATCHES_AWAY;
    rehearsal.platform.takeAway('postgres');
    rehearsal.happened(`PostgreSQL is killed and stays away for ${awayMs / 1000} s; traffic goes on`);
    const splits = await watchAway(rehearsal, awayMs);
    const generations = [...new Set(splits.map(({ generation }) => generation))];
    const isLast = generations.length === 1 && generations[0] === before.generation;
    rehearsal.expect(
      'the last split goes on serving',
      isLast && splits.every(({ servingNow }) => servingNow.exposure === before.servingNow.exposure),
      `${splits.length} looks at the gateway, generation ${generations.join(', ')}`,
    );
    rehearsal.platform.bringBack('postgres');
    rehearsal.faults.runsOnMs = null;
    rehearsal.happened('PostgreSQL may come back');
    const recorded = await rehearsal.next();
    const answered = rehearsal.predictionsBefore(epochMs(rehearsal.now)) - rehearsal.predictionsBefore(from);
    const failures = await rehearsal.gateway.failures();
    const failed = failures.errors - failuresBefore.errors + failures.unlogged - failuresBefore.unlogged;
    rehearsal.expect(
      'every request was answered and logged',
      failed === 0 && answered > 0,
      `${answered} requests, ${failed} failures`,
    );
    checkJudged(rehearsal, recorded, id, { from, answered });
    await checkChain(rehearsal, id);
  },
};

async function watchAway(
  rehearsal: Rehearsal,
  awayMs: number,
): Promise<Array<Awaited<ReturnType<Rehearsal['gateway']['traffic']>>>> {
  const splits = [];
  // The first boundary has no script to wait for: time passes it by itself.
  rehearsal.runOn();
  for (const until = Date.now() + awayMs; Date.now() < until;) {
    splits.push(await rehearsal.gateway.traffic());
    await rehearsal.wait(LOOK_EVERY_MS);
  }
  return splits;
}

/** Each cohort is looked at once, and the looks count exactly the requests that were sent. */
function checkJudged(
  rehearsal: Rehearsal,
  { decisions }: Recorded,
  rolloutId: string,
  { from, answered }: { readonly from: number; readonly answered: number },
): void {
  const looks = decisions.filter(
    ({ rolloutId: of, run, eventTime }) => of === rolloutId && run === 'canary' && epochMs(eventTime) > from,
  );
  const cohorts = looks.map(({ cohort }) => cohort ?? 0);
  const due = (epochMs(rehearsal.now) - from) / durationMs(rehearsal.declaration.cohort);
  const inOrder = cohorts.every((cohort, index) => index === 0 || cohort === (cohorts[index - 1] ?? 0) + 1);
  rehearsal.expect(
    'every cohort is judged once and in order',
    inOrder && cohorts.length === due,
    `${cohorts.length} looks at ${due} cohorts`,
  );
  const counted = looks.reduce(
    (sum, { basis }) => sum + (basis === null ? 0 : basis.assigned.control + basis.assigned.candidate),
    0,
  );
  rehearsal.expect('the looks count every request once', counted === answered, `${counted} of ${answered}`);
}

async function checkChain(rehearsal: Rehearsal, rolloutId: string): Promise<void> {
  const records = await composeEdgeRecords(rehearsal.platform.postgresUrl);
  try {
    const { head } = await rehearsal.status(rolloutId);
    const recorded = await records.recordedRollout(rehearsal.declaration.model, rolloutId);
    const found = verifyChain({ ...recorded, head: head ?? null });
    const words = found.verified ? `${found.decisions} decisions, ${found.looks} looks judged again` : found.inWords;
    rehearsal.expect('the chain of decisions is whole', found.verified, words);
  } finally {
    await records.close();
  }
}
