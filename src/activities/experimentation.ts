import type { RecordTransaction } from '../adapters/record-store/port.ts';
import { experimentationId, experimentId, promotionId } from '../contracts/names.ts';
import type { ExperimentationActivities, ExperimentInput, ExperimentPlan } from '../contracts/workflows.ts';
import { nextIdea } from '../domain/experimentation/idea-queue.ts';
import type { IdeaAttempt } from '../domain/experimentation/idea-queue.ts';
import { DAY_MS, durationMs, epochMs, isoDay, isoInstant } from '../domain/time.ts';
import type { EpochMs } from '../domain/time.ts';
import { repeatableAnswer } from './answers.ts';
import { attemptsOf, ideaOf, rememberAttempt } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import { registerBundle } from './bundles.ts';
import { edgeOf } from './edge-address.ts';
import { assembleDataset, trainModel } from './learning.ts';
import { modelContext } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';
import { waitForWork } from './waiting.ts';

const RETRAIN_ORDERED = 'experimentation/retrainOrdered';

/** Activities of the experimentation stage. */
export function createExperimentationActivities(ports: ActivityPorts): ExperimentationActivities {
  const { records } = ports;
  return {
    async experimentNext({ model, sequence }) {
      const plan = await waitForWork(records, model, experimentationId(model), (tx, watermark) =>
        repeatableAnswer(tx, experimentationId(model), sequence, () => experimentNext(tx, model, watermark)),
      );
      return { ...plan, ...edgeOf(ports) };
    },
    assembleDataset: (input) => assembleDataset(ports, input),
    trainModel: (input) => trainModel(ports, input),
    registerBundle: (input) => registerBundle(ports, input),
    async trainingTimePassedNext(input) {
      await waitForWork(records, input.model, input.experimentId, async (_tx, watermark) =>
        watermark !== null && watermark >= epochMs(input.readyAt) ? true : null,
      );
    },
    submitCandidate: (input) => records.transaction(input.model, (tx) => submitCandidate(tx, input)),
    abandonExperiment: (input) =>
      records.transaction(input.model, async (tx) => {
        await rememberAttempt(tx, input.experimentId, { abandoned: input.reason });
        await tx.unsettle(experimentationId(input.model));
        await tx.leave(input.experimentId);
      }),
  };
}

async function experimentNext(
  tx: RecordTransaction,
  model: string,
  watermark: EpochMs | null,
): Promise<ExperimentPlan | null> {
  if (watermark === null) return null;
  const { declaration } = await modelContext(tx);
  if (!(await backfillHasLanded(tx, declaration.source.backfillUntil))) return null;
  const attempts = await attemptsOf(tx);
  const retrainOrdered = await takeRetrainOrders(tx, model);
  const chosen = nextIdea({
    ideas: declaration.ideas.map((idea) => ({
      ...idea,
      everyMs: idea.every === undefined ? null : durationMs(idea.every),
    })),
    attempts: await Promise.all(attempts.map((attempt) => standingOf(tx, attempt))),
    stableHasRecipe: await stableHasRecipe(tx),
    now: watermark,
    retrainOrdered,
  });
  if (chosen === null) return null;
  if (chosen.priority === 'retrain') await tx.remove('memory', RETRAIN_ORDERED);
  const idea = ideaOf(declaration, chosen.idea);
  const plan: ExperimentPlan = {
    experimentId: experimentId(model, chosen.idea, chosen.attempt),
    idea: chosen.idea,
    attempt: chosen.attempt,
    asOf: isoInstant(watermark),
    readyAt: isoInstant(watermark + durationMs(idea.trainingTime)),
    hypothesis: idea.hypothesis,
  };
  await rememberAttempt(tx, plan.experimentId, {
    ...plan,
    priority: chosen.priority,
    bundle: null,
    artifact: null,
    abandoned: null,
  });
  await tx.join(plan.experimentId);
  await tx.put('stage', plan.experimentId, {
    workflowId: plan.experimentId,
    stage: 'experimentation',
    inWords: `trying ${plan.idea} (${plan.attempt}): ${plan.hypothesis}`,
    waitingFor: 'training',
    since: plan.asOf,
  });
  return plan;
}

/** Orders of monitoring are acknowledged at once and remembered until a retrain answers them. */
async function takeRetrainOrders(tx: RecordTransaction, model: string): Promise<boolean> {
  const orders = (await tx.handoffs(experimentationId(model))).filter(({ kind }) => kind === 'retrainOrdered');
  if (orders.length > 0) await tx.put('memory', RETRAIN_ORDERED, { value: orders.map(({ id }) => id) });
  for (const { id } of orders) await tx.acknowledge(id);
  return (await tx.get('memory', RETRAIN_ORDERED)) !== null;
}

/** The first model is not trained on half of its history. Days land in order. */
async function backfillHasLanded(tx: RecordTransaction, backfillUntil: string): Promise<boolean> {
  const lastDay = isoDay(epochMs(backfillUntil) - DAY_MS);
  const newest = (await tx.list('partition', { descending: true, limit: 1 }))[0];
  return newest !== undefined && newest.key >= lastDay;
}

async function stableHasRecipe(tx: RecordTransaction): Promise<boolean> {
  const stable = (await tx.list('stable', { descending: true, limit: 1 }))[0]?.body;
  const bundle = stable === undefined ? null : await tx.get('bundle', stable.bundle);
  return bundle !== null && bundle.recipe !== 'constant';
}

async function standingOf(tx: RecordTransaction, attempt: Attempt): Promise<IdeaAttempt> {
  const candidate = attempt.bundle === null ? null : await tx.get('candidate', attempt.bundle);
  const open = candidate?.outcome === 'queued' || candidate?.outcome === 'in_progress';
  const running = attempt.abandoned === null && candidate === null;
  return {
    idea: attempt.idea,
    attempt: attempt.attempt,
    asOf: epochMs(attempt.asOf),
    standing: running ? 'running' : open ? 'open' : 'decided',
    hasArtifact: attempt.artifact !== null,
  };
}

async function submitCandidate(
  tx: RecordTransaction,
  input: ExperimentInput & { readonly bundle: string },
): Promise<{ handoffId: string }> {
  const { model, bundle, experimentId: id } = input;
  const handoffId = `${id}/candidate`;
  const { declaration } = await modelContext(tx);
  const attempt = (await attemptsOf(tx)).find((known) => known.experimentId === id);
  const known = await tx.get('candidate', bundle);
  if (known === null) {
    await tx.put('candidate', bundle, {
      bundle,
      idea: input.idea,
      attempt: input.attempt,
      claim: ideaOf(declaration, input.idea).claim,
      priority: attempt?.priority ?? 'idea',
      outcome: 'queued',
      rolloutId: null,
      step: null,
      reason: null,
      exposureHistory: [],
      readyAt: input.readyAt,
      decidedAt: null,
    });
    await rememberAttempt(tx, id, { bundle });
  } else if (known.attempt !== input.attempt) {
    // An artifact served again with the same features is the same bundle: it has its outcome, or will have it.
    await rememberAttempt(tx, id, { abandoned: `the same bundle as attempt ${known.attempt}` });
  }
  await tx.handOff({ id: handoffId, to: promotionId(model), kind: 'candidateReady', body: { bundle } });
  await tx.unsettle(experimentationId(model));
  await tx.remove('stage', id);
  await tx.leave(id);
  return { handoffId };
}
