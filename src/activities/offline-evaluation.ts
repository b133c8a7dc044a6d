import type { DatasetRequest } from '../adapters/data-source/port.ts';
import type { ChainEntry, RecordTransaction } from '../adapters/record-store/port.ts';
import type { AttestationRecord, DecisionRecord, SuiteCaseRecord } from '../contracts/records.ts';
import { bundleManifestSchema } from '../contracts/serving.ts';
import type { BundleManifest } from '../contracts/serving.ts';
import type { OfflineVerdict, RolloutInput } from '../contracts/workflows.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { compileScorer, parseModelArtifact } from '../domain/learning/model-artifact.ts';
import { judgeCase } from '../domain/rollout/suite.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { DAY_MS, epochMs, isoInstant } from '../domain/time.ts';
import { counted } from '../pages/gate/numbers.ts';
import { keepAlive } from './keep-alive.ts';
import { landedPartitions, unlessEmpty } from './learning.ts';
import { modelContext } from './model-context.ts';
import type { ModelContext } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';

type Evaluate = RolloutInput & { readonly stable: string; readonly newCase: string | null };

interface Evaluation {
  readonly context: ModelContext;
  readonly cases: readonly SuiteCaseRecord[];
  readonly partitions: ReadonlyMap<string, DatasetRequest['partitions']>;
  readonly now: number;
}

/**
 * Judges a candidate on the validation suite as it stands, against the bundle that serves. Only what is worse fails a case: a case
 * without enough labelled rows is skipped, and says so.
 */
export async function evaluateOffline(ports: ActivityPorts, input: Evaluate): Promise<OfflineVerdict> {
  const { records } = ports;
  const evaluation = await records.transaction(input.model, (tx) => prepare(tx));
  const results: AttestationRecord['cases'][number][] = [];
  const candidate = await loadManifest(ports, input.bundle);
  const stable = await loadManifest(ports, input.stable);
  await keepAlive(async () => {
    for (const suiteCase of evaluation.cases) {
      const candidateLosses = await caseLosses(ports, evaluation, suiteCase, candidate);
      const stableLosses = await caseLosses(ports, evaluation, suiteCase, stable);
      results.push(judgeCase(suiteCase, candidateLosses, stableLosses));
    }
  });
  return records.transaction(input.model, (tx) => conclude(tx, input, evaluation, results));
}

async function prepare(tx: RecordTransaction): Promise<Evaluation> {
  const context = await modelContext(tx);
  const now = (await tx.watermark()) ?? 0;
  const cases = (await tx.list('suiteCase')).map(({ body }) => body);
  const partitions = new Map<string, DatasetRequest['partitions']>();
  for (const suiteCase of cases) {
    const { from, until } = rangeOf(suiteCase, now);
    partitions.set(suiteCase.id, await landedPartitions(tx, from, until));
  }
  return { context, cases, partitions, now };
}

function rangeOf({ days, lastDays }: SuiteCaseRecord, now: number): { from: number; until: number } {
  if (days !== null) return { from: epochMs(days.from), until: epochMs(days.to) + DAY_MS };
  return { from: now - (lastDays ?? 7) * DAY_MS, until: now };
}

async function loadManifest({ objectStore }: ActivityPorts, bundle: string): Promise<BundleManifest> {
  return bundleManifestSchema.parse(JSON.parse(new TextDecoder().decode(await objectStore.get(bundle))));
}

/** Loss of one bundle on each row of a case; empty when there are no such rows. */
async function caseLosses(
  { dataSource, objectStore }: ActivityPorts,
  { context, partitions, now }: Evaluation,
  suiteCase: SuiteCaseRecord,
  bundle: BundleManifest,
): Promise<Float64Array> {
  const days = partitions.get(suiteCase.id) ?? [];
  if (days.length === 0) return new Float64Array(0);
  const source = await dataSource(context.declaration.model);
  const categories = Object.fromEntries(
    bundle.features.flatMap(({ feature, categories: known }) => (known === undefined ? [] : [[feature.name, known]])),
  );
  const request = {
    partitions: days,
    asOf: now,
    window: rangeOf(suiteCase, now),
    features: bundle.features.map(({ feature }) => feature.name),
    cases: [{ id: suiteCase.id, where: suiteCase.where }],
    categories,
  };
  const dataset = await unlessEmpty(() => source.assembleDataset(request));
  if (dataset === null) return new Float64Array(0);
  const artifact = parseModelArtifact(JSON.parse(new TextDecoder().decode(await objectStore.get(bundle.artifact))));
  const score = compileScorer(artifact);
  const chosen = dataset.cases[suiteCase.id];
  const { columns, labels, rows } = dataset.matrix;
  const row = new Float64Array(columns.length);
  const losses: number[] = [];
  for (let index = 0; index < rows; index++) {
    if (chosen?.[index] !== 1) continue;
    for (const [column, { values }] of columns.entries()) row[column] = values[index] ?? Number.NaN;
    losses.push(context.loss(score(row), labels[index] ?? 0));
  }
  return Float64Array.from(losses);
}

async function conclude(
  tx: RecordTransaction,
  input: Evaluate,
  { cases, now }: Evaluation,
  results: AttestationRecord['cases'],
): Promise<OfflineVerdict> {
  const decisionId = `${input.rolloutId}/offline${input.newCase === null ? '' : `/${input.newCase}`}`;
  const known = (await tx.chain('decision', input.rolloutId)).find(({ key }) => key === decisionId);
  if (known !== undefined) return verdictOf(known);
  const suiteVersion = sha256Hex(canonicalJson(cases));
  await tx.put('memory', evaluatedKey(input.rolloutId), { value: cases.map(({ id }) => id) });
  const failed = results.filter(({ result }) => result === 'failed');
  const passed = failed.length === 0;
  const attestation = { bundle: input.bundle, against: input.stable, suiteVersion, passed, cases: results };
  await tx.insert('attestation', `${input.bundle}/${input.stable}/${suiteVersion}/${input.rolloutId}`, attestation);
  const inWords = passed
    ? `passed ${counted(results.length, 'validation case')}`
    : `failed validation: ${failed.map(({ id, reason }) => `${id} (${reason})`).join(', ')}`;
  const reasons = results.map(({ id, result, reason }) => `${id}: ${result}, ${reason}`);
  const decision: DecisionRecord = {
    decisionId,
    rolloutId: input.rolloutId,
    run: 'offline',
    step: 'offline',
    cohort: null,
    eventTime: isoInstant(now),
    verdict: passed ? 'advance' : 'refuse',
    reasons,
    candidate: input.bundle,
    stable: input.stable,
    policyDigest: suiteVersion,
    evidenceDigest: sha256Hex(canonicalJson(attestation)),
    batchesDigest: null,
    watermark: null,
    basis: null,
    look: null,
    approvals: [],
    inWords,
  };
  return verdictOf(await tx.append('decision', input.rolloutId, decisionId, decision));
}

/** What the rollout is told of a decision taken at exposure 0. */
export function verdictOf({ sequence, digest, body }: ChainEntry<DecisionRecord>): OfflineVerdict {
  const { verdict, decisionId, evidenceDigest, reasons, inWords } = body;
  const head = { sequence, digest };
  return { passed: verdict === 'advance', decisionId, evidenceDigest, reasons, inWords, head };
}

const evaluatedKey = (rolloutId: string): string => `${rolloutId}/evaluated-cases`;

/** A case that the suite has got since the candidate was evaluated, oldest name first; null where there is none. */
export async function newSuiteCase(tx: RecordTransaction, rolloutId: string): Promise<string | null> {
  const evaluated = (await tx.get('memory', evaluatedKey(rolloutId)))?.value;
  if (!Array.isArray(evaluated)) return null;
  const cases = await tx.list('suiteCase');
  return cases.find(({ body }) => !evaluated.includes(body.id))?.body.id ?? null;
}
