/**
 * One look of the gate: measure what has matured, record it, judge everything recorded. The look, its evidence and its decision are
 * written in one transaction, and only by who has heard of the look before it: whoever has not gets the recorded judgement instead.
 */
import type { MetricSource } from '../adapters/metric-source/port.ts';
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { RequestLog } from '../adapters/request-log/port.ts';
import type { RecordStore } from '../adapters/record-store/port.ts';
import type { DecisionRecord, EvidenceRecord, PolicyRecord, RecordBodies } from '../contracts/records.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { isVouchedFor } from '../domain/rollout/approvals.ts';
import { gateProgress } from '../domain/rollout/gate-progress.ts';
import { LOSS_STREAM, policyAtStep, runOf } from '../domain/rollout/gate-runs.ts';
import type { GateRunPlan } from '../domain/rollout/gate-runs.ts';
import { lookInWords, lookTable } from '../domain/rollout/look-words.ts';
import { judgeAgain, stepServedAt, takeLook } from '../domain/rollout/looks.ts';
import type { LookBasis, PastLook } from '../domain/rollout/looks.ts';
import type { GivenApproval, Judgement } from '../domain/rollout/states.ts';
import { overturnedInWords } from '../domain/rollout/overturned.ts';
import { gateRunPlan } from '../domain/rollout/recorded-policy.ts';
import { unmetConditions } from '../domain/rollout/unmet.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { awaitedEvidence, beginGate } from '../domain/statistics/index.ts';
import type { GateState, LookRecord } from '../domain/statistics/index.ts';
import { cohortStart, isoInstant } from '../domain/time.ts';
import { gateKey, judgementAfter, judgementKey, splitsOfRun } from './due-looks.ts';
import type { HeardOf } from './due-looks.ts';
import { measureArrivals, measureLook } from './look-evidence.ts';
import type { Measured, Measuring } from './look-evidence.ts';
import { modelContext } from './model-context.ts';
import { policyOnRecord } from './policy-records.ts';

/** A decided rise takes effect one whole cohort after the cohort in which it was decided. */
const ACTUATION_COHORTS = 1;
/** A cohort in which another split chose arms is not a comparison of these two bundles. */
const FOREIGN_SPLIT = 'foreign-split';

export interface LookInput extends HeardOf {
  readonly cohort: number;
  /** 0 for the look that takes the cohort in; how many came before one that only takes in what has come since. */
  readonly again: number;
  readonly mayAdvance: boolean;
  readonly policyDigest: string;
  /** Step of the ladder on which the rollout stands. */
  readonly step: number;
  readonly extraCohorts: number;
  readonly approvals: readonly GivenApproval[];
  /** Why a split of this rollout was refused, or null. */
  readonly splitRefused: string | null;
}

interface Look extends Measuring {
  readonly input: LookInput;
  readonly plan: GateRunPlan;
  readonly state: GateState;
  /** Splits of the run, and the one that the cohort was served by. */
  readonly ofRun: RecordBodies['schedule']['entries'];
  readonly entry: RecordBodies['schedule']['entries'][number];
  /** Step within the run that the cohort was served at. */
  readonly cohortStep: number;
  readonly mayAdvance: boolean;
  /** Approvals that are given or asked for and lack the word of the HTTP edge. */
  readonly unvouched: number;
  readonly previous: Omit<RecordBodies['gateState'], 'cohort' | 'again' | 'state' | 'policyDigest'>;
}

export interface JudgingPorts {
  readonly records: RecordStore;
  readonly requestLog: RequestLog;
  readonly metricSource: MetricSource;
}

/** Looks once, after `input.cohort`, which must be complete in the archive; once more after the same where `input.again` says so. */
export async function look({ records, ...sources }: JudgingPorts, input: LookInput): Promise<Judgement> {
  // Everything that is looked at again is in the records: whoever pushed it waits for the answer, and one transaction is enough.
  if (input.again > 0) return records.transaction(input.model, (tx) => lookAgain(tx, sources, input));
  const prepared = await records.transaction(input.model, (tx) => prepare(tx, input));
  if ('judgement' in prepared) return prepared.judgement;
  const measured = await measureLook(sources, prepared);
  return records.transaction(input.model, (tx) => conclude(tx, prepared, measured));
}

/** Judges what has been pushed since the last look; everything else waits for its cohort. */
async function lookAgain(
  tx: RecordTransaction,
  sources: Omit<JudgingPorts, 'records'>,
  input: LookInput,
): Promise<Judgement> {
  const prepared = await prepare(tx, input);
  if ('judgement' in prepared) return prepared.judgement;
  const { status, missing } = prepared.previous;
  const found = await measureArrivals(sources, prepared);
  // Batches are never taken back, and the policy is the one by which somebody found this one awaited.
  if (found.records.length === 0) throw new Error(`${gateKey(prepared)} was to look again, and nothing has come since`);
  const pushed = new Set(
    prepared.policy.rollout.metrics.filter(({ source }) => source.kind === 'pushed').map(({ name }) => name),
  );
  // What else was missing is so still; of what is pushed, only what is missing now.
  const others = Object.entries(missing).filter(([stream]) => !pushed.has(stream));
  return conclude(tx, prepared, { ...found, status, missing: new Map([...others, ...found.missing]) });
}

const BEFORE_THE_FIRST: Look['previous'] = {
  evidenceDigest: '',
  batchesDigest: '',
  assignmentFaults: [],
  status: 'ok',
  missing: {},
};
const basisPoints = (exposure: number): number => Math.round(exposure * 10_000);
const padded = (cohort: number): string => String(cohort).padStart(6, '0');

async function prepare(tx: RecordTransaction, input: LookInput): Promise<Look | { readonly judgement: Judgement }> {
  const judgement = await judgementAfter(tx, input);
  if (judgement !== null) return { judgement };
  const known = await tx.get('gateState', gateKey(input));
  const { calendar } = await modelContext(tx);
  const policy = await policyOnRecord(tx, input.policyDigest);
  const schedule = (await tx.get('schedule', input.rolloutId))?.entries ?? [];
  const ofRun = await splitsOfRun(tx, input.rolloutId, input.run);
  const first = ofRun[0];
  const entry = servedAt(ofRun, input.cohort);
  if (first === undefined || entry?.candidate === undefined || entry.candidate === null) {
    throw new Error(`${input.rolloutId} has no split for its ${input.run} run yet`);
  }
  const plan = gateRunPlan(policy, input.run);
  const firstStep = policy.rollout.steps.findIndex((step) => runOf(step) === input.run);
  const stepInRun = input.step - firstStep;
  const state = await gateBefore(tx, input, plan, stepInRun, known);
  const unvouched = await unvouchedApprovals(tx, policy, input);
  return {
    ...input,
    input,
    policy,
    plan,
    state,
    ofRun,
    entry,
    // Before a rise takes effect the cohort still counts for the step before it.
    cohortStep: entry === ofRun.at(-1) ? stepInRun : stepServedAt(plan, basisPoints(entry.exposure)),
    calendar,
    candidate: entry.candidate,
    salt: first.salt,
    runStart: first.cohort,
    mayAdvance: input.mayAdvance && unvouched === 0,
    unvouched,
    previous: known ?? BEFORE_THE_FIRST,
    watermark: (await tx.watermark()) ?? 0,
    generations: new Set(schedule.map(({ generation }) => generation)),
    awaited: awaitedEvidence(state),
    batches: await batchesOf(tx, input.rolloutId),
  };
}

/** The gate's state before this look: as it was left, or judged again where another policy has taken over. */
async function gateBefore(
  tx: RecordTransaction,
  input: LookInput,
  plan: GateRunPlan,
  stepInRun: number,
  known: RecordBodies['gateState'] | null,
): Promise<GateState> {
  if (known === null) return beginGate(plan.policy);
  if (known.policyDigest === input.policyDigest) return known.state as GateState;
  const chain = await tx.chain('decision', input.rolloutId);
  const looks: PastLook[] = [];
  for (const { body } of chain) {
    if (body.run !== input.run || body.basis === null) continue;
    const evidence: EvidenceRecord[] = [];
    for (const batchId of body.basis.batches) evidence.push(await evidenceOnRecord(tx, batchId));
    const judgedBy = gateRunPlan(await policyOnRecord(tx, body.policyDigest), input.run);
    looks.push({ basis: body.basis, evidence, streams: judgedBy.policy.streams.map(({ id }) => id) });
  }
  return judgeAgain(plan, stepInRun, looks);
}

async function evidenceOnRecord(tx: RecordTransaction, batchId: string): Promise<EvidenceRecord> {
  const found = await tx.get('evidence', evidenceKey(batchId));
  if (found === null) throw new Error(`evidence ${batchId} of a recorded decision is gone`);
  return found;
}

/** Key of an evidence record: its id with the cohort padded, so that keys sort by cohort. */
export function evidenceKey(batchId: string): string {
  const slash = batchId.lastIndexOf('/');
  return `${batchId.slice(0, slash)}/${padded(Number(batchId.slice(slash + 1)))}`;
}

async function batchesOf(tx: RecordTransaction, rolloutId: string): Promise<Look['batches']> {
  const batches = await tx.list('evidenceBatch', { prefix: `${rolloutId}/` });
  return new Map(batches.map(({ body }) => [`${body.metric}/${body.cohort}`, body]));
}

/** How many of the approvals asked for lack the word of the HTTP edge, where the policy insists on it. */
async function unvouchedApprovals(
  tx: RecordTransaction,
  { rollout }: PolicyRecord,
  { rolloutId, step: index, approvals }: LookInput,
): Promise<number> {
  const step = rollout.steps[index];
  if (step?.mode !== 'canary' || step.approvals?.authenticated !== true) return 0;
  const vouchedFor = new Set<string>();
  for (const given of approvals) {
    if (isVouchedFor(rolloutId, given, await tx.get('command', given.commandId))) vouchedFor.add(given.by);
  }
  return Math.max(0, step.approvals.quorum - vouchedFor.size);
}

async function conclude(tx: RecordTransaction, prepared: Look, measured: Measured): Promise<Judgement> {
  const { input, plan } = prepared;
  // Two attempts may measure at once, and a later one has seen more labels: the first that is recorded holds.
  const known = await judgementAfter(tx, input);
  if (known !== null) return known;
  for (const body of measured.records) await tx.insert('evidence', evidenceKey(body.batchId), body);
  for (const body of measured.scores) await tx.insert('scores', `${gateKey(input)}/${padded(body.cohort)}`, body);
  const { timings } = measured;
  if (timings !== null) await tx.insert('timings', `${gateKey(input)}/${padded(timings.cohort)}`, timings);
  const basis = basisOf(prepared, measured);
  const { state, record } = takeLook(plan, prepared.state, { basis, evidence: measured.records });
  const evidenceDigest = sha256Hex(canonicalJson([prepared.previous.evidenceDigest, measured.records]));
  const batchesDigest = sha256Hex(canonicalJson([prepared.previous.batchesDigest, [...basis.batches].sort()]));
  await tx.put('gateState', gateKey(input), {
    cohort: basis.cohort,
    ...againOf(basis),
    status: basis.status,
    missing: Object.fromEntries(measured.missing),
    state,
    evidenceDigest,
    batchesDigest,
    policyDigest: input.policyDigest,
    assignmentFaults: basis.assignmentFaults,
  });
  const found = judgementOf(prepared, measured, { basis, state, record, evidenceDigest });
  const judgement = record.decision === 'rollback' ? await saying(tx, prepared, found, basis) : found;
  const decision = decisionOf(prepared, judgement, { basis, record, batchesDigest });
  const { sequence, digest } = await tx.append('decision', input.rolloutId, judgement.decisionId, decision);
  const told: Judgement = { ...judgement, head: { sequence, digest } };
  await tx.put('memory', judgementKey(input), { value: told });
  return told;
}

function basisOf(prepared: Look, measured: Measured): LookBasis {
  const { input, entry, runStart, mayAdvance, cohortStep } = prepared;
  const foreign = measured.foreignUnits > 0 || input.splitRefused !== null ? [FOREIGN_SPLIT] : [];
  return {
    runStart,
    cohort: input.cohort,
    step: cohortStep,
    exposureBp: basisPoints(entry.exposure),
    status: measured.status,
    ...assignmentOf(prepared, measured),
    batches: measured.records.map(({ batchId }) => batchId),
    mayAdvance,
    extraCohorts: input.extraCohorts,
    assignmentFaults: [...new Set([...prepared.previous.assignmentFaults, ...foreign])],
    ...(input.again === 0 ? {} : { again: input.again }),
  };
}

/** What our gateway has logged of the cohort, else what somebody told with its counts; and what was told of cohorts before it. */
function assignmentOf(
  { input, ofRun }: Look,
  { assigned, told }: Measured,
): Pick<LookBasis, 'assigned' | 'assignedLater'> {
  const isLogged = assigned.control + assigned.candidate > 0;
  const own = told.find(({ cohort }) => input.again === 0 && cohort === input.cohort);
  const later = told
    .filter((one) => one !== own)
    .map((one) => ({ ...one, exposureBp: basisPoints(servedAt(ofRun, one.cohort)?.exposure ?? 0) }));
  return {
    assigned: own === undefined || isLogged ? assigned : { control: own.control, candidate: own.candidate },
    ...(later.length === 0 ? {} : { assignedLater: later }),
  };
}

/** The split of a run that a cohort was served by. */
function servedAt(ofRun: Look['ofRun'], cohort: number): Look['entry'] | undefined {
  return ofRun.findLast((entry) => entry.cohort <= cohort) ?? ofRun[0];
}

/** Said only of looks that are not the first after their cohort. */
const againOf = ({ again }: LookBasis): Pick<LookBasis, 'again'> => (again === undefined ? {} : { again });

interface Taken {
  readonly basis: LookBasis;
  readonly state: GateState;
  readonly record: LookRecord;
  readonly evidenceDigest: string;
}

function judgementOf(prepared: Look, measured: Measured, { basis, state, record, evidenceDigest }: Taken): Judgement {
  const { input, plan, calendar, policy } = prepared;
  const judged = policyAtStep(plan, record.step, basis.extraCohorts);
  return {
    decisionId: `${gateKey(input)}/${input.cohort}${input.again === 0 ? '' : `/${input.again + 1}`}`,
    run: input.run,
    cohort: input.cohort,
    ...againOf(basis),
    eventTime: isoInstant(cohortStart(calendar, input.cohort + 1)),
    verdict: record.decision,
    reasons: record.reasons,
    evidenceDigest,
    onlyApprovalMissing: record.reasons.includes('approval'),
    effectiveCohort: input.cohort + 1 + ACTUATION_COHORTS,
    assignmentFaults: basis.assignmentFaults,
    unmet: [
      ...unmetConditions({ policy: judged, state, record, cohortMs: policy.cohortMs, missing: measured.missing }),
      ...(record.reasons.includes('approval') ? vouchingInWords(prepared.unvouched) : []),
    ],
    inWords: lookInWords(judged, state, record, LOSS_STREAM),
    table: lookTable(judged, state, record),
    progress: gateProgress({ policy: judged, state, record, cohortMs: policy.cohortMs }),
    deadlineCohorts: Math.max(0, (judged.steps[record.step]?.maxCohorts ?? 0) - state.progress.cohortsInStep),
    measured: measuredShare(basis),
  };
}

function measuredShare({
  exposureBp,
  assigned: { control, candidate },
}: LookBasis): NonNullable<Judgement['measured']> | null {
  const units = control + candidate;
  return exposureBp === 0 || units === 0 ? null : { share: candidate / units, units };
}

/** Harm says which earlier pass it overturns. */
async function saying(
  tx: RecordTransaction,
  { input: { rolloutId, run }, plan }: Look,
  judgement: Judgement,
  { batches }: LookBasis,
): Promise<Judgement> {
  const chain = await tx.chain('decision', rolloutId);
  const lagOf = (stream: string): number => plan.policy.streams.find(({ id }) => id === stream)?.lag ?? 0;
  const present = { run, batches, streams: judgement.reasons, lagOf };
  const overturned = overturnedInWords(
    chain.map(({ body }) => body),
    present,
  );
  return overturned === null ? judgement : { ...judgement, inWords: `${judgement.inWords}; ${overturned}` };
}

function vouchingInWords(unvouched: number): string[] {
  if (unvouched === 0) return [];
  return [`${unvouched} more that the HTTP edge has authenticated: POST …/approve with a token of their own`];
}

function decisionOf(
  prepared: Look,
  judgement: Judgement,
  { basis, record, batchesDigest }: { basis: LookBasis; record: LookRecord; batchesDigest: string },
): DecisionRecord {
  const { input, entry, candidate, watermark } = prepared;
  return {
    decisionId: judgement.decisionId,
    rolloutId: input.rolloutId,
    run: input.run,
    step: entry.mode,
    cohort: input.cohort,
    eventTime: judgement.eventTime,
    verdict: judgement.verdict,
    reasons: judgement.reasons,
    candidate,
    stable: entry.stable,
    policyDigest: input.policyDigest,
    evidenceDigest: judgement.evidenceDigest,
    batchesDigest,
    watermark: isoInstant(watermark),
    basis,
    look: record,
    approvals: input.approvals.map(({ reason: note, cohort: _cohort, ...given }) => ({
      ...given,
      note,
      rolloutId: input.rolloutId,
    })),
    inWords: judgement.inWords,
  };
}
