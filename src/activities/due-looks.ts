/**
 * What a wait for a look waits for. Judging is a function of what is recorded, so is what there is to judge: nobody has to be told, and
 * who is told twice finds nothing.
 */
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import { evidenceBatchKey } from '../contracts/evidence.ts';
import type { RecordBodies } from '../contracts/records.ts';
import type { JudgeAnswer, RolloutActivities } from '../contracts/workflows.ts';
import type { RunName } from '../domain/rollout/gate-runs.ts';
import type { Judgement } from '../domain/rollout/states.ts';
import { awaitedEvidence } from '../domain/statistics/index.ts';
import type { GateState } from '../domain/statistics/index.ts';
import { cohortStart, durationMs } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import { modelContext } from './model-context.ts';
import { newSuiteCase } from './offline-evaluation.ts';
import { policyOnRecord } from './policy-records.ts';

type JudgeInput = Parameters<RolloutActivities['judgeNext']>[0];

/** The last look that somebody has heard of. */
export interface HeardOf {
  readonly model: string;
  readonly rolloutId: string;
  readonly run: RunName;
  /** Cohort it came after. */
  readonly afterCohort: number;
  /** How many looks after that cohort had come before it. */
  readonly afterAgain: number;
}

type DueLook =
  | JudgeAnswer
  | { readonly kind: 'due'; readonly look: { readonly cohort: number; readonly again: number } };

/**
 * What the wait for a look has been for, the first of: a case the suite has got since, a look whose answer was lost, the next cohort, and
 * evidence that was pushed for cohorts before it. Null while there is none.
 */
export async function dueLook(
  tx: RecordTransaction,
  watermark: number | null,
  input: JudgeInput,
): Promise<DueLook | null> {
  const { rolloutId, afterCohort, afterAgain } = input;
  const caseId = await newSuiteCase(tx, rolloutId);
  if (caseId !== null) return { kind: 'suiteGrew', caseId };
  const judgement = await judgementAfter(tx, input);
  if (judgement !== null) return { kind: 'judged', judgement };
  if (watermark === null) return null;
  if ((await cohortIsComplete(tx, watermark, afterCohort + 1)) !== null)
    return { kind: 'due', look: { cohort: afterCohort + 1, again: 0 } };
  return (await hasEvidenceToJudge(tx, input, watermark))
    ? { kind: 'due', look: { cohort: afterCohort, again: afterAgain + 1 } }
    : null;
}

/** Whether the log is complete through the end of a cohort; null while it is not. */
export async function cohortIsComplete(
  tx: RecordTransaction,
  watermark: number | null,
  cohort: number,
): Promise<true | null> {
  if (watermark === null) return null;
  const { calendar } = await modelContext(tx);
  return watermark >= cohortStart(calendar, cohort + 1) ? true : null;
}

/** Key of the newest judgement of a run. */
export const judgementKey = (heard: HeardOf): string => `${gateKey(heard)}/judgement`;
/** Key of the gate's state of a run. */
export const gateKey = ({ rolloutId, run }: Pick<HeardOf, 'rolloutId' | 'run'>): string => `${rolloutId}/${run}`;

/** The judgement of a look that came after the one heard of; null when that is the last. */
export async function judgementAfter(tx: RecordTransaction, heard: HeardOf): Promise<Judgement | null> {
  const newest = (await tx.get('memory', judgementKey(heard)))?.value as Judgement | undefined;
  if (newest === undefined || newest.cohort < heard.afterCohort) return null;
  return newest.cohort > heard.afterCohort || (newest.again ?? 0) > heard.afterAgain ? newest : null;
}

/**
 * Whether something has been pushed that the gate awaits next of one of its streams. Cheap: it is asked whenever anything of the model
 * changes.
 */
async function hasEvidenceToJudge(
  tx: RecordTransaction,
  { rolloutId, run, policyDigest }: JudgeInput,
  watermark: EpochMs,
): Promise<boolean> {
  const { rollout } = await policyOnRecord(tx, policyDigest);
  const pushed = rollout.metrics.filter(
    ({ source, observable }) => source.kind === 'pushed' && observable.includes(run),
  );
  const known = pushed.length === 0 ? null : await tx.get('gateState', gateKey({ rolloutId, run }));
  if (known === null) return false;
  const awaited = awaitedEvidence(known.state as GateState);
  const { calendar } = await modelContext(tx);
  const runStart = (await splitsOfRun(tx, rolloutId, run))[0]?.cohort ?? 1;
  for (const { name, lag } of pushed) {
    const next = awaited.find(({ streams }) => streams.includes(name));
    if (next === undefined) continue;
    const cohort = runStart + next.cohort - 1;
    if (cohortStart(calendar, cohort + 1) + durationMs(lag) > watermark) continue;
    if ((await tx.get('evidenceBatch', evidenceBatchKey(rolloutId, name, cohort))) !== null) return true;
  }
  return false;
}

/** Splits of the rollout that belong to one of its runs, in their order. */
export async function splitsOfRun(
  tx: RecordTransaction,
  rolloutId: string,
  run: RunName,
): Promise<RecordBodies['schedule']['entries']> {
  const schedule = (await tx.get('schedule', rolloutId))?.entries ?? [];
  return schedule.filter(({ mode }) => (mode === 'shadow' ? 'shadow' : 'canary') === run);
}
