/**
 * The product's worker, which kills itself as `kill -9` does at the points that a plan names, each once. Reads CRASH_PLAN (JSON, points)
 * and appends to CRASH_JOURNAL (JSON lines: every write, every death) at once, so that nothing of it is lost with the process. CRASH_FAULT
 * names what it does wrong on purpose.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import { createActivities } from '../../../src/activities/index.ts';
import { createHttpRouter } from '../../../src/adapters/traffic-router/http.ts';
import { connectClient, temporalSettings } from '../../../src/client/connect.ts';
import { composeWorker } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { parseWorkflowId } from '../../../src/contracts/names.ts';
import type { AllActivities } from '../../../src/contracts/workflows.ts';
import { workflowBundle } from '../../../src/worker/bundle.ts';
import { serveHealth } from '../../../src/worker/health.ts';
import { openLog, sdkLogger } from '../../../src/worker/logging.ts';
import { installRuntime, startWorkers } from '../../../src/worker/run.ts';
import type { Workers } from '../../../src/worker/run.ts';
import { isEffect } from './effects.ts';
import type { CrashPoint, Fault, Point } from './effects.ts';
import type { JournalLine } from './journal.ts';
import { watchedPorts } from './writes.ts';

const planPath = process.env['CRASH_PLAN'] ?? '';
const journalPath = process.env['CRASH_JOURNAL'] ?? '';
const ASK_EVERY_MS = 5;

const write = (line: JournalLine): void => appendFileSync(journalPath, `${JSON.stringify(line)}\n`);

function points(): CrashPoint[] {
  if (!existsSync(planPath)) return [];
  const journal = existsSync(journalPath) ? readFileSync(journalPath, 'utf8').split('\n').slice(0, -1) : [];
  const died = new Set(
    journal
      .map((line) => JSON.parse(line) as JournalLine)
      .flatMap((line) => ('died' in line ? [keyOf(line.died)] : [])),
  );
  const plan = JSON.parse(readFileSync(planPath, 'utf8')) as CrashPoint[];
  return plan.filter((point) => !died.has(keyOf(point)));
}

const keyOf = (point: CrashPoint): string => JSON.stringify(point);

/** The point that is meant by what is happening in this activity, if any. */
function planned(labels: readonly string[], point: Point): CrashPoint | null {
  const { activityType, workflowExecution } = Context.current().info;
  const id = workflowExecution?.workflowId ?? '';
  const model = parseWorkflowId(id)?.model;
  const ofPromotion = (rolloutId: string): boolean =>
    id.startsWith('promotion/') && parseWorkflowId(rolloutId)?.model === model;
  return (
    points().find(
      (one) =>
        one.point === point &&
        isEffect(one, activityType, labels) &&
        (one.rolloutId === id || ofPromotion(one.rolloutId)),
    ) ?? null
  );
}

function die(point: CrashPoint): never {
  write({ died: point });
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
}

/** Points after whose report this process is to die, by the task they happened in: an effect may be followed by others of its activity. */
const condemned = new Map<string, CrashPoint>();
let isDying = false;

const watch = {
  before: async (labels: readonly string[]): Promise<void> => {
    const point = planned(labels, 'before it');
    if (point !== null) die(point);
  },
  between: async (labels: readonly string[]): Promise<void> => {
    const point = planned(labels, 'at one gateway of two');
    if (point !== null) die(point);
  },
  after: async (labels: readonly string[]): Promise<void> => {
    const { info } = Context.current();
    write({ activity: info.activityType, workflowId: info.workflowExecution?.workflowId ?? '', labels });
    const point = planned(labels, 'after it, before the report');
    if (point !== null) die(point);
    const reported = planned(labels, 'after the report');
    if (reported !== null) condemned.set(info.base64TaskToken, reported);
  },
};

/** Ids of the activities that a workflow waits for, by the server's word. */
type Pending = (workflowId: string) => Promise<readonly string[]>;

/** Dies as soon as the server has the report; whatever would follow from it in this process does not begin any more. */
function dyingAfterReport<Activities extends object>(activities: Activities, pending: Pending): Activities {
  const watched = (run: (input: unknown) => Promise<unknown>) => async (input: unknown) => {
    if (isDying) await new Promise(() => undefined);
    const { base64TaskToken: task, workflowExecution, activityId } = Context.current().info;
    try {
      const result = await run(input);
      const point = condemned.get(task);
      if (point !== undefined) void dieWhenReported(pending, workflowExecution?.workflowId ?? '', activityId, point);
      return result;
    } catch (error) {
      // It has found nothing to do and is tried again: then it has something to report.
      condemned.delete(task);
      throw error;
    }
  };
  const wrapped = Object.entries(activities as Record<string, (input: unknown) => Promise<unknown>>);
  return Object.fromEntries(wrapped.map(([name, run]) => [name, watched(run)])) as unknown as Activities;
}

async function dieWhenReported(
  pending: Pending,
  workflowId: string,
  activityId: string,
  point: CrashPoint,
): Promise<void> {
  isDying = true;
  while ((await pending(workflowId)).includes(activityId))
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  die(point);
}

/** The activities as they are, or with the fault that is asked for. */
function planted(activities: AllActivities): AllActivities {
  const fault = (process.env['CRASH_FAULT'] ?? '') as Fault | '';
  const isRepeated = (): boolean => Context.current().info.attempt > 1;
  switch (fault) {
    case '':
      return activities;
    case 'orders a split under a new generation at each attempt':
      return {
        ...activities,
        setExposure: (input) =>
          activities.setExposure({ ...input, generation: input.generation + Context.current().info.attempt - 1 }),
      };
    case 'finishes a rollout without a word to promotion when it is tried again':
      return {
        ...activities,
        finishRollout: (input) =>
          isRepeated() ? Promise.resolve({ handoffId: 'forgotten' }) : activities.finishRollout(input),
      };
    default:
      return fault satisfies never;
  }
}

async function pendingActivities(): Promise<Pending> {
  const client = await connectClient();
  return async (workflowId) => {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    return (raw.pendingActivities ?? []).map(({ activityId }) => activityId ?? '');
  };
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = openLog(config.logLevel, 'worker');
  installRuntime(log);
  let workers: Workers | null = null;
  await serveHealth(config.workerPort ?? 0, () => workers?.ready ?? false);
  const { ports, close } = await composeWorker(config);
  const perGateway = config.gatewayUrls.map((url) => createHttpRouter({ kind: 'http', urls: [url], timeoutMs: 5_000 }));
  const pending = await pendingActivities();
  workers = await startWorkers({
    temporal: temporalSettings(),
    taskQueues: config.taskQueues,
    bundle: await workflowBundle(sdkLogger(log)),
    activities: dyingAfterReport(planted(createActivities(watchedPorts(ports, perGateway, watch))), pending),
    workflowsCachedMax: config.workflowsCachedMax,
  });
  await workers.stopped;
  await close();
}

await main();
