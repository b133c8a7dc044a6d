/**
 * One look of the gate: measure what has matured, record it, judge everything recorded. The look, its evidence and its decision are
 * written in one transaction; asking again for a cohort that was looked at returns the recorded judgement.
 */
import type { RequestLog } from '../adapters/request-log/port.ts';
import type { RecordStore, RecordTransaction } from '../adapters/record-store/port.ts';
import type { DecisionRecord, EvidenceRecord, RecordBodies } from '../contracts/records.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { canaryPolicy, ERROR_STREAM, LOSS_STREAM, shadowPolicy } from '../domain/rollout/gate-runs.ts';
import { lookInWords, lookTable } from '../domain/rollout/look-words.ts';
import {
  assignedUnits,
  blockedLoss,
  pairedLoss,
  scoringErrors,
  stableWasOverridden,
} from '../domain/rollout/measure.ts';
import type { LossMeasurement, MeasuredUnit } from '../domain/rollout/measure.ts';
import type { Judgement } from '../domain/rollout/states.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { awaitedEvidence, beginGate, lookAt } from '../domain/statistics/index.ts';
import type { Cohort, Completion, GatePolicy, GateState } from '../domain/statistics/index.ts';
import { cohortStart, isoInstant } from '../domain/time.ts';
import { gateRunInput, modelContext } from './model-context.ts';
import type { ModelContext } from './model-context.ts';

/** A decided rise takes effect one whole cohort after the cohort in which it was decided. */
const ACTUATION_COHORTS = 1;
/** Below this share of matured units with a label the label feed counts as broken for the cohort: missing is not good. */
const LABELLED_SHARE_MIN = 0.5;

export interface LookInput {
  readonly model: string;
  readonly rolloutId: string;
  readonly run: 'shadow' | 'canary';
  readonly cohort: number;
  readonly mayAdvance: boolean;
}

interface Look {
  readonly input: LookInput;
  readonly context: ModelContext;
  readonly candidate: RecordBodies['candidate'];
  readonly schedule: RecordBodies['schedule'];
  readonly policy: GatePolicy;
  readonly state: GateState;
  readonly previousDigest: string;
  /** First cohort of the run: the gate numbers cohorts from it. */
  readonly runStart: number;
  readonly watermark: number;
}

type Remembered = RecordBodies['gateState'];

/** Looks once, after `input.cohort`, which must be complete in the archive. */
export async function look(records: RecordStore, requestLog: RequestLog, input: LookInput): Promise<Judgement> {
  const prepared = await records.transaction(input.model, (tx) => prepare(tx, input));
  if ('judgement' in prepared) return prepared.judgement;
  const evidence = await measure(requestLog, prepared);
  return records.transaction(input.model, (tx) => conclude(tx, prepared, evidence));
}

const judgementKey = (input: LookInput): string => `${input.rolloutId}/${input.run}/judgement`;
const gateKey = (input: LookInput): string => `${input.rolloutId}/${input.run}`;

/** The judgement of a cohort that was looked at before; null when it was not. */
async function recorded(tx: RecordTransaction, input: LookInput): Promise<Judgement | null> {
  const known = await tx.get('gateState', gateKey(input));
  if (known === null || known.cohort < input.cohort) return null;
  return (await tx.get('memory', judgementKey(input)))?.value as Judgement;
}

async function prepare(tx: RecordTransaction, input: LookInput): Promise<Look | { readonly judgement: Judgement }> {
  const judgement = await recorded(tx, input);
  if (judgement !== null) return { judgement };
  const known = await tx.get('gateState', gateKey(input));
  const context = await modelContext(tx);
  const schedule = await tx.get('schedule', input.rolloutId);
  const candidates = await tx.list('candidate');
  const candidate = candidates.find(({ body }) => body.rolloutId === input.rolloutId)?.body;
  const first = schedule?.entries.find((entry) => entry.mode === input.run);
  if (schedule === null || first === undefined || candidate === undefined) {
    throw new Error(`${input.rolloutId} has no split for its ${input.run} run yet`);
  }
  const gateInput = gateRunInput(context, candidate.claim);
  const policy = input.run === 'shadow' ? shadowPolicy(gateInput) : canaryPolicy(gateInput);
  return {
    input,
    context,
    candidate,
    schedule,
    policy,
    state: known === null ? beginGate(policy) : (known.state as GateState),
    previousDigest: known?.evidenceDigest ?? '',
    runStart: first.cohort,
    watermark: (await tx.watermark()) ?? 0,
  };
}

interface MeasuredLook {
  readonly cohort: Cohort;
  readonly completions: readonly Completion[];
  readonly records: readonly EvidenceRecord[];
}

async function measure(requestLog: RequestLog, prepared: Look): Promise<MeasuredLook> {
  const { input, context, runStart, watermark, state } = prepared;
  const units = await unitsOf(requestLog, prepared, input.cohort, cohortStart(context.calendar, input.cohort + 1));
  const voided = stableWasOverridden(units);
  const records: EvidenceRecord[] = [evidenceOfErrors(prepared, units)];
  const completions: Completion[] = [];
  const awaited = awaitedEvidence(state).filter(({ streams }) => streams.includes(LOSS_STREAM));
  for (const { cohort } of awaited) {
    const absolute = runStart + cohort - 1;
    const matured = cohortStart(context.calendar, absolute + 1) + context.windowMs;
    if (matured > watermark) break;
    // Labels of the window decide; only where the feed was broken then, what has come since.
    const loss =
      measureLoss(prepared, await unitsOf(requestLog, prepared, absolute, matured)) ??
      measureLoss(prepared, await unitsOf(requestLog, prepared, absolute, watermark));
    // Streams are judged on contiguous prefixes: what is missing here blocks what comes after.
    if (loss === null) break;
    completions.push({ cohort, differences: { [LOSS_STREAM]: loss.histogram } });
    records.push(evidenceOfLoss(prepared, absolute, loss));
  }
  const entry = entryAt(prepared, input.cohort);
  const cohort: Cohort = {
    cohort: input.cohort - runStart + 1,
    step: entry.stepInRun,
    exposureBp: Math.round(entry.exposure * 10_000),
    status: voided ? 'void' : 'ok',
    assigned: assignedUnits(units),
    counts: { [ERROR_STREAM]: scoringErrors(units) },
    pending: [LOSS_STREAM],
  };
  return { cohort, completions, records };
}

async function unitsOf(
  requestLog: RequestLog,
  { input, context, candidate }: Look,
  cohort: number,
  asOf: number,
): Promise<MeasuredUnit[]> {
  const units = await requestLog.readUnits({
    model: input.model,
    from: cohortStart(context.calendar, cohort),
    to: cohortStart(context.calendar, cohort + 1),
    asOf,
  });
  return units.filter((unit) => unit.candidateBundle === candidate.bundle);
}

/** Null while too few of the matured units have a label. */
function measureLoss({ context, schedule }: Look, units: readonly MeasuredUnit[]): LossMeasurement | null {
  const salt = schedule.entries[0]?.salt ?? '';
  const measured = context.declaration.label.affectsLabel
    ? blockedLoss(units, context.loss, salt)
    : pairedLoss(units, context.loss);
  return measured.units < measured.eligible * LABELLED_SHARE_MIN ? null : measured;
}

function evidenceOfErrors({ input }: Look, units: readonly MeasuredUnit[]): EvidenceRecord {
  const batchId = `${gateKey(input)}/${ERROR_STREAM}/${input.cohort}`;
  return {
    batchId,
    cohort: input.cohort,
    stream: ERROR_STREAM,
    histogram: null,
    window: scoringErrors(units),
    units: units.length,
  };
}

function evidenceOfLoss({ input }: Look, cohort: number, loss: LossMeasurement): EvidenceRecord {
  const batchId = `${gateKey(input)}/${LOSS_STREAM}/${cohort}`;
  return { batchId, cohort, stream: LOSS_STREAM, histogram: loss.histogram, window: null, units: loss.units };
}

function entryAt(
  { schedule, input }: Look,
  cohort: number,
): { exposure: number; stepInRun: number; mode: string; step: number } {
  const ofRun = schedule.entries.filter((entry) => entry.mode === input.run);
  const current = ofRun.findLast((entry) => entry.cohort <= cohort) ?? ofRun[0];
  if (current === undefined) throw new Error(`${input.rolloutId} has no split for its ${input.run} run`);
  return {
    exposure: current.exposure,
    stepInRun: current.step - (ofRun[0]?.step ?? 0),
    mode: current.mode,
    step: current.step,
  };
}

async function conclude(tx: RecordTransaction, prepared: Look, measured: MeasuredLook): Promise<Judgement> {
  const { input, policy, context } = prepared;
  // Two attempts may measure at once, and a later one has seen more labels: the first that is recorded holds.
  const known = await recorded(tx, input);
  if (known !== null) return known;
  for (const body of measured.records) {
    await tx.insert('evidence', `${gateKey(input)}/${body.stream}/${String(body.cohort).padStart(6, '0')}`, body);
  }
  const { state, record } = lookAt(policy, prepared.state, measured.cohort, {
    mayAdvance: input.mayAdvance,
    completions: measured.completions,
  });
  const evidenceDigest = sha256Hex(canonicalJson([prepared.previousDigest, measured.records]));
  const remembered: Remembered = { cohort: input.cohort, state, evidenceDigest };
  await tx.put('gateState', gateKey(input), remembered);
  const judgement: Judgement = {
    decisionId: `${gateKey(input)}/${input.cohort}`,
    run: input.run,
    cohort: input.cohort,
    eventTime: isoInstant(cohortStart(context.calendar, input.cohort + 1)),
    verdict: record.decision,
    reasons: record.reasons,
    evidenceDigest,
    onlyApprovalMissing: record.reasons.includes('approval'),
    effectiveCohort: input.cohort + 1 + ACTUATION_COHORTS,
    inWords: lookInWords(policy, state, record, LOSS_STREAM),
    table: lookTable(policy, state, record),
  };
  await tx.put('memory', judgementKey(input), { value: judgement });
  await tx.append('decision', input.rolloutId, judgement.decisionId, decisionOf(prepared, judgement, record));
  return judgement;
}

function decisionOf(prepared: Look, judgement: Judgement, record: unknown): DecisionRecord {
  const { input, policy, schedule, candidate } = prepared;
  return {
    decisionId: judgement.decisionId,
    rolloutId: input.rolloutId,
    run: input.run,
    step: entryAt(prepared, input.cohort).mode,
    cohort: input.cohort,
    eventTime: judgement.eventTime,
    verdict: judgement.verdict,
    reasons: judgement.reasons,
    candidate: candidate.bundle,
    stable: schedule.entries[0]?.stable ?? '',
    policyDigest: sha256Hex(canonicalJson(withoutUndefined(policy))),
    evidenceDigest: judgement.evidenceDigest,
    look: record,
    approvals: [],
    inWords: judgement.inWords,
  };
}

function withoutUndefined(policy: GatePolicy): unknown {
  return JSON.parse(JSON.stringify(policy));
}
