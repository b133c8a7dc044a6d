/** The traffic of one declared model, replayed from its own source: the join of batches, sender, clock and drill. */
import { join } from 'node:path';
import type { DataSource } from '../adapters/data-source/port.ts';
import type { RecordStore } from '../adapters/record-store/port.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import type { ApprovalRequestRecord } from '../contracts/records.ts';
import { DAY_MS, durationMs, epochMs, isoDay } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import { batchLengthMs, warmLengthMs } from './batches.ts';
import type { BatchPlan } from './batches.ts';
import { NO_FAULTS } from './faults.ts';
import type { TrafficFaults } from './faults.ts';
import { freeRunning } from './free-running.ts';
import { lockstep } from './lockstep.ts';
import { patientRecords, patiently } from './patience.ts';
import type { WatchedRecords } from './patience.ts';
import type { ReplayProgress } from './progress.ts';
import { replay } from './replay.ts';
import { runningOn } from './running-on.ts';
import { createSender, pauseFor } from './sender.ts';
import type { Sender } from './sender.ts';

/** `lockstep`: event time stands still until all is settled. Otherwise the ratio of event time to wall time. */
export type Speed = 'lockstep' | number;

export interface TrafficOptions {
  readonly declaration: ModelDeclaration;
  readonly source: DataSource;
  readonly records: RecordStore;
  readonly gateway: string;
  readonly stateDir: string;
  /** First partition day that is not replayed; null: all there are. */
  readonly untilDay: string | null;
  readonly speed: Speed;
  /** What goes wrong on purpose; default: nothing. */
  readonly faults?: TrafficFaults;
  readonly signal: AbortSignal;
  /** Says yes in a person's name, and may be asked again for the same request; null leaves requests to people. */
  readonly approve: ((request: ApprovalRequestRecord) => Promise<void>) | null;
  readonly onProgress: (progress: ReplayProgress) => void;
  /** What the clock waits for, in words; empty when it runs. */
  readonly onWaiting: (names: readonly string[]) => void;
  /** What does not answer, in words; null when it does again. */
  readonly onTrouble: (trouble: string | null) => void;
  /** Called at each cohort boundary before time goes on, for drills; again when it failed for now. */
  readonly onBoundary: (through: EpochMs, sender: Sender) => Promise<void>;
}

/** Cohorts that traffic may be ahead of the archive in a show; more would let decisions lag behind what is seen. */
const COHORTS_AHEAD_MAX = 2;
const PATIENCE_MS = 10 * 60_000;
const LOOK_AGAIN_MS = 500;

/**
 * Replays to the end of the data or of `untilDay`, from where an earlier run has come.
 * @throws REPLAY_REFUSED, REPLAY_STALLED, and the reason of an aborted signal.
 */
export async function replayModel(options: TrafficOptions): Promise<ReplayProgress> {
  const { declaration, source, gateway, stateDir, signal, speed, onProgress, onTrouble, onBoundary } = options;
  const { model } = declaration;
  const patience = { signal, onTrouble };
  const records = patientRecords(options.records, patience);
  const sender = createSender({ gateway, model, signal, onTrouble });
  const plan = await planOf(options);
  const waiting = (_through: EpochMs, names: readonly string[]): void => options.onWaiting(names);
  const boundary = (through: EpochMs): Promise<void> => patiently(() => onBoundary(through, sender), patience);
  const { approve } = options;
  const approvePatiently = approve && ((request: ApprovalRequestRecord) => patiently(() => approve(request), patience));
  const clock = { records, model, signal, onWaiting: waiting };
  const pace =
    speed === 'lockstep'
      ? lockstep({ ...clock, approve: approvePatiently, patienceMs: PATIENCE_MS, onSettled: boundary })
      : freeRunning({ ...clock, speed, aheadMsMax: COHORTS_AHEAD_MAX * plan.cohortMs, onBoundary: boundary });
  await opened(records, model, signal);
  const progressFile = join(stateDir, 'replay', `${model}.json`);
  const { faults = NO_FAULTS } = options;
  return replay({
    source,
    plan,
    sender,
    pace: runningOn(pace, faults, signal),
    faults,
    progressFile,
    signal,
    onProgress,
  });
}

async function planOf({ declaration, source, untilDay }: TrafficOptions): Promise<BatchPlan> {
  const { lastDay } = await source.profile();
  const end = isoDay(epochMs(lastDay) + DAY_MS);
  const cohortMs = durationMs(declaration.cohort);
  return {
    fromDay: declaration.source.backfillUntil,
    untilDay: untilDay !== null && untilDay < end ? untilDay : end,
    cohortMs,
    batchMs: batchLengthMs(declaration.features, cohortMs),
    warmMs: warmLengthMs(declaration.features),
    closesAfterMs: durationMs(declaration.source.closesAfter),
  };
}

/** A model that has not been opened has no stage to wait for: the clock would run away from it. */
async function opened(records: WatchedRecords, model: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const changed = records.waitForChange(model, LOOK_AGAIN_MS);
    if ((await records.transaction(model, (tx) => tx.get('model', 'declaration'))) !== null) return;
    await Promise.race([changed, pauseFor(LOOK_AGAIN_MS, signal)]);
  }
}
