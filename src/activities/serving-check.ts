import type { PredictionRequest } from '../contracts/serving.ts';
import type { ServingReport } from '../adapters/serving-check/port.ts';
import type { DecisionRecord } from '../contracts/records.ts';
import type { OfflineVerdict, RolloutActivities } from '../contracts/workflows.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { DAY_MS, isoInstant } from '../domain/time.ts';
import { Context } from '@temporalio/activity';
import { keepAlive } from './keep-alive.ts';
import { modelContext, registrationOf } from './model-context.ts';
import { verdictOf } from './offline-evaluation.ts';
import { policyOnRecord } from './policy-records.ts';
import type { ActivityPorts } from './ports.ts';

type Check = Parameters<RolloutActivities['checkServing']>[0];

/** Recorded requests are taken from the last days of the log. */
const LOOK_BACK_MS = 3 * DAY_MS;

/** Has the candidate answer recorded requests in a process of its own, and records what came of it. Idempotent by the rollout's step. */
export async function checkServing(ports: ActivityPorts, input: Check): Promise<OfflineVerdict> {
  const { records, requestLog, servingCheck } = ports;
  const { step, watermark, registration } = await records.transaction(input.model, async (tx) => {
    const { declaration } = await modelContext(tx);
    return {
      step: (await policyOnRecord(tx, input.policyDigest)).rollout.steps[input.step],
      watermark: (await tx.watermark()) ?? 0,
      // The first stable of a model is its declared fallback.
      registration: registrationOf(declaration, (await tx.get('stable', '000000'))?.bundle ?? ''),
    };
  });
  if (step?.mode !== 'infra') throw new Error(`step ${input.step} of ${input.rolloutId} is no infra step`);
  const predictions = await requestLog.readPredictions({
    model: input.model,
    from: watermark - LOOK_BACK_MS,
    to: watermark,
  });
  const requests = predictions.slice(-step.requests).map(({ requestId, unit, at, inputs }): PredictionRequest => ({
    requestId,
    unit,
    eventTime: isoInstant(at),
    inputs,
  }));
  // A model that nobody has asked yet is asked with what its bundle takes for nothing.
  const asked = requests.length > 0 ? requests : [{ requestId: 'empty', unit: 'empty', inputs: {} }];
  const query = { model: input.model, bundle: input.bundle, registration, requests: asked };
  const report = await keepAlive(() => servingCheck.check(query, Context.current().cancellationSignal));
  const problems = problemsOf(report, asked.length, step.latencyMsMax);
  return conclude(ports, input, report, problems);
}

function problemsOf(report: ServingReport, asked: number, latencyMsMax: number): string[] {
  const problems = report.failures.map(({ reason, requests }) => `${requests} of ${asked} requests: ${reason}`);
  if (report.answered < asked && problems.length === 0)
    problems.push(`${asked - report.answered} of ${asked} requests were not answered`);
  if (report.latencyMsP99 !== null && report.latencyMsP99 > latencyMsMax)
    problems.push(
      `the 99th percentile of the latency is ${report.latencyMsP99.toFixed(2)} ms, at most ${latencyMsMax} ms is tolerated`,
    );
  return problems;
}

function conclude(
  { records }: ActivityPorts,
  input: Check,
  report: ServingReport,
  problems: readonly string[],
): Promise<OfflineVerdict> {
  const passed = problems.length === 0;
  const inWords = passed
    ? `answered ${report.answered} recorded requests in a process of its own`
    : `failed the serving check: ${problems.join('; ')}`;
  return records.transaction(input.model, async (tx) => {
    const decisionId = `${input.rolloutId}/infra`;
    const known = (await tx.chain('decision', input.rolloutId)).find(({ key }) => key === decisionId);
    if (known !== undefined) return verdictOf(known);
    const brief = (await tx.get('memory', `${input.rolloutId}/brief`))?.value as
      | { readonly stable: string }
      | undefined;
    const decision: DecisionRecord = {
      decisionId,
      rolloutId: input.rolloutId,
      run: 'infra',
      step: 'infra',
      cohort: null,
      eventTime: isoInstant((await tx.watermark()) ?? 0),
      verdict: passed ? 'advance' : 'refuse',
      reasons: problems,
      candidate: input.bundle,
      stable: brief?.stable ?? '',
      policyDigest: input.policyDigest,
      // Latency and memory are this machine's, not the candidate's: the story must not depend on them.
      evidenceDigest: sha256Hex(canonicalJson({ answered: report.answered, failures: report.failures })),
      batchesDigest: null,
      watermark: null,
      basis: null,
      look: null,
      approvals: [],
      inWords,
    };
    // For pages alone: no digest of the story covers it.
    const { answered, latencyMsP99, memoryBytes } = report;
    await tx.put('memory', decisionId, { value: { answered, latencyMsP99, memoryBytes } });
    return verdictOf(await tx.append('decision', input.rolloutId, decisionId, decision));
  });
}
