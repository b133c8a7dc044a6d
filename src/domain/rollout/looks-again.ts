/** The looks of a chain, judged again one after the other by the policy in force, from the evidence they name. */
import { canonicalJson } from '../canonical-json.ts';
import { sha256Hex } from '../sha256.ts';
import { beginGate } from '../statistics/index.ts';
import type { GateState, LookRecord } from '../statistics/index.ts';
import { isVouchedFor } from './approvals.ts';
import type { GateRunPlan, RunName } from './gate-runs.ts';
import { judgeAgain, takeLook } from './looks.ts';
import type { LookBasis, PastLook } from './looks.ts';
import { Difference } from './recorded-chain.ts';
import type { ChainLink, RecordedApproval, RecordedEvidence, RecordedRollout } from './recorded-chain.ts';
import { gateRunPlan, ladderOf, policyDigest } from './recorded-policy.ts';
import type { RecordedPolicy } from './recorded-policy.ts';
import type { Step } from './states.ts';

interface Run {
  readonly policyDigest: string;
  readonly plan: GateRunPlan;
  readonly state: GateState;
  readonly looks: readonly PastLook[];
  readonly evidenceDigest: string;
  readonly batchesDigest: string;
}

interface Policy {
  readonly digest: string;
  readonly policy: RecordedPolicy;
  readonly ladder: readonly Step[];
}

export class LooksAgain {
  looks = 0;
  readonly #recorded: RecordedRollout;
  readonly #runs = new Map<RunName, Run>();
  readonly #used = new Set<string>();
  readonly #seen = new Set<string>();
  /** Examinations at exposure 0 that the candidate has passed. */
  readonly #passed = new Set<string>();
  #inForce: Policy | null = null;
  /** Most that any decision so far has allowed, basis points. */
  #allowedBp = 0;

  constructor(recorded: RecordedRollout) {
    this.#recorded = recorded;
  }

  /** An examination at exposure 0: what passes them all goes on to the first step that has a split. */
  examined({ body: { run, verdict } }: ChainLink): void {
    if (verdict === 'advance') this.#passed.add(run);
  }

  /** A check in a serving process: latency and memory are that machine's, and its findings are in its reasons. */
  check(link: ChainLink): void {
    this.#policyOf(link);
    const { verdict, reasons } = link.body;
    if (verdict !== (reasons.length === 0 ? 'advance' : 'refuse'))
      throw new Difference(
        link,
        `its verdict is ${verdict}, and the problems it found are: ${reasons.join('; ') || 'none'}`,
      );
    this.examined(link);
  }

  /** Another policy takes over, on record. */
  rebase(link: ChainLink): void {
    const { policyDigest: digest, reasons } = link.body;
    const from = /^re-based from ([0-9a-f]{64})$/.exec(reasons[0] ?? '')?.[1];
    if (this.#inForce !== null && from !== this.#inForce.digest)
      throw new Difference(
        link,
        `it re-bases from policy ${short(from ?? '')}, and ${short(this.#inForce.digest)} was in force`,
      );
    // Its first split may have been ordered under the policy that gives way.
    if (from !== undefined && this.#recorded.policies.has(from)) this.#allowFirstSplit(this.#onRecord(link, from));
    this.#inForce = this.#onRecord(link, digest);
  }

  /** One look: its evidence, its policy, what the gate makes of them, and who allowed it. */
  look(link: ChainLink, runName: RunName): void {
    const { basis } = link.body;
    if (basis === null) throw new Difference(link, 'it is a look, and what it was told is not recorded');
    const inForce = this.#policyOf(link);
    this.#allowFirstSplit(inForce);
    const evidence = basis.batches.map((batchId) => this.#evidenceOf(link, runName, batchId));
    const before = this.#runs.get(runName) ?? this.#begin(inForce, runName);
    const digests = checkDigests(link, before, basis, evidence);
    this.#checkCourse(link, before, basis);
    const { plan, state } = this.#stateBefore(link, before, inForce, runName);
    const taken = takeLook(plan, state, { basis, evidence });
    checkRecord(link, basis, taken.record);
    const firstStep = inForce.ladder.findIndex((step) => step.run === runName);
    if (basis.mayAdvance) this.#checkApprovals(link, inForce, firstStep + taken.record.step);
    if (taken.record.decision === 'advance') this.#allow(inForce.ladder[firstStep + taken.record.step + 1]);
    const looks = [...before.looks, { basis, evidence, streams: plan.policy.streams.map(({ id }) => id) }];
    this.#runs.set(runName, { policyDigest: inForce.digest, plan, state: taken.state, looks, ...digests });
    this.#seen.add(digests.evidenceDigest);
    this.looks += 1;
  }

  /** Evidence and the decision on it are written together: evidence without one says that a decision is gone. */
  checkNothingLeft(): void {
    for (const batchId of this.#recorded.evidence.keys())
      if (!this.#used.has(batchId))
        throw new Difference(null, `evidence ${batchId} is on record, and no decision names it`);
  }

  #begin({ digest, policy }: Policy, runName: RunName): Run {
    const plan = gateRunPlan(policy, runName);
    const state = beginGate(plan.policy);
    return { policyDigest: digest, plan, state, looks: [], evidenceDigest: '', batchesDigest: '' };
  }

  /** The gate as the look before left it, or judged again where another policy has taken over. */
  #stateBefore(link: ChainLink, before: Run, inForce: Policy, runName: RunName): Pick<Run, 'plan' | 'state'> {
    if (before.policyDigest === inForce.digest) return before;
    const plan = gateRunPlan(inForce.policy, runName);
    const { step } = link.body.look as { readonly step: number };
    const firstStep = inForce.ladder.findIndex((each) => each.run === runName);
    const exposure = inForce.ladder[firstStep + step]?.exposure ?? 1;
    if (Math.round(exposure * 10_000) > this.#allowedBp)
      throw new Difference(link, `it stands on a step of exposure ${exposure}, and exposure never grows by re-basing`);
    return { plan, state: judgeAgain(plan, step, before.looks) };
  }

  #policyOf(link: ChainLink): Policy {
    const { policyDigest: digest } = link.body;
    this.#inForce ??= this.#onRecord(link, digest);
    if (digest !== this.#inForce.digest)
      throw new Difference(
        link,
        `it was judged by policy ${short(digest)}, and ${short(this.#inForce.digest)} was in force`,
      );
    return this.#inForce;
  }

  #onRecord(link: ChainLink, digest: string): Policy {
    const policy = this.#recorded.policies.get(digest);
    if (policy === undefined) throw new Difference(link, `its policy ${short(digest)} is not on record`);
    const found = policyDigest(policy);
    if (found !== digest)
      throw new Difference(
        link,
        `its policy ${short(digest)} was changed: the record under that name has digest ${short(found)}`,
      );
    return { digest, policy, ladder: ladderOf(policy) };
  }

  #evidenceOf(link: ChainLink, runName: RunName, batchId: string): RecordedEvidence {
    const found = this.#recorded.evidence.get(batchId);
    if (found === undefined) throw new Difference(link, `its evidence ${batchId} is not on record`);
    const { stream, cohort } = found;
    const expected = `${this.#recorded.rolloutId}/${runName}/${stream}/${cohort}`;
    if (found.batchId !== batchId || expected !== batchId)
      throw new Difference(link, `evidence ${batchId} says of itself that it is ${expected}`);
    if (this.#used.has(batchId))
      throw new Difference(link, `evidence ${batchId} was judged by an earlier decision already`);
    this.#used.add(batchId);
    return found;
  }

  /** What does not follow from counts and policy, and yet has an order. */
  #checkCourse(link: ChainLink, before: Run, basis: LookBasis): void {
    const last = before.looks.at(-1)?.basis;
    if (last !== undefined && basis.runStart !== last.runStart)
      throw new Difference(link, `its run began with cohort ${basis.runStart}, and with ${last.runStart} before`);
    const { again, status, cohort } = basis;
    const follows = last?.cohort === cohort && last.status === status && again === (last.again ?? 0) + 1;
    if (again !== undefined && !follows)
      throw new Difference(
        link,
        `it is look ${again + 1} after cohort ${cohort} (${status}), and before it was look ${(last?.again ?? 0) + 1} after cohort ${last?.cohort ?? 'none'} (${last?.status ?? 'none'})`,
      );
    const lost = last?.assignmentFaults.find((fault) => !basis.assignmentFaults.includes(fault));
    if (lost !== undefined)
      throw new Difference(link, `the fault ${lost} of the assignment is gone, and such faults stay`);
    if (basis.exposureBp > this.#allowedBp)
      throw new Difference(
        link,
        `its cohort was served at exposure ${basis.exposureBp / 10_000}, and no decision had allowed more than ${this.#allowedBp / 10_000}`,
      );
  }

  /** A ladder without a shadow step exposes somebody after the examinations alone. */
  #allowFirstSplit({ ladder }: Policy): void {
    if (this.looks > 0) return;
    const first = ladder.findIndex(({ run }) => run !== null);
    const before = ladder.slice(0, Math.max(0, first));
    if (before.length > 0 && before.every(({ mode }) => this.#passed.has(mode))) this.#allow(ladder[first]);
  }

  #allow(next: Step | undefined): void {
    this.#allowedBp = Math.max(this.#allowedBp, Math.round((next?.exposure ?? 1) * 10_000));
  }

  /** Those who had to say yes did, each once, to this candidate at this step, on evidence that was there. */
  #checkApprovals(link: ChainLink, { policy, ladder }: Policy, step: number): void {
    const needed = ladder[step]?.approvals;
    if (needed === undefined || needed === null) return;
    const { approvals } = link.body;
    for (const approval of approvals) {
      const fault = this.#faultOf(link, approval, step);
      if (fault !== null) throw new Difference(link, `the approval by ${approval.by} ${fault}`);
      if (!needed.roles.includes(approval.role) || policy.people[approval.role]?.includes(approval.by) !== true)
        throw new Difference(
          link,
          `the approval by ${approval.by} was given as ${approval.role}, which the policy does not let them`,
        );
    }
    const people = new Set(approvals.map(({ by }) => by));
    if (people.size < needed.quorum)
      throw new Difference(link, `it might advance with ${people.size} of ${needed.quorum} approvals`);
    const { commands } = this.#recorded;
    const known = approvals.filter((given) =>
      isVouchedFor(this.#recorded.rolloutId, given, commands.get(given.commandId) ?? null),
    );
    if (needed.authenticated && known.length < needed.quorum)
      throw new Difference(link, `it might advance with ${known.length} of ${needed.quorum} authenticated approvals`);
  }

  #faultOf(
    link: ChainLink,
    { by, rolloutId, candidate, step, evidenceDigest, commandId }: RecordedApproval,
    at: number,
  ): string | null {
    if (rolloutId !== this.#recorded.rolloutId) return `is for ${rolloutId}`;
    if (candidate !== link.body.candidate) return `is for candidate ${short(candidate)}`;
    if (step !== at) return `is for step ${step}, and step ${at} was left`;
    if (!this.#seen.has(evidenceDigest)) return `is for evidence ${short(evidenceDigest)}, which no look was taken on`;
    const command = this.#recorded.commands.get(commandId);
    return command !== undefined && command.by !== by
      ? `was given by ${command.by}, as the log of commands has it`
      : null;
  }
}

/** Evidence and the ids of its batches, each digest over those before. */
function checkDigests(
  link: ChainLink,
  before: Run,
  basis: LookBasis,
  evidence: readonly RecordedEvidence[],
): Pick<Run, 'evidenceDigest' | 'batchesDigest'> {
  const evidenceDigest = sha256Hex(canonicalJson([before.evidenceDigest, evidence]));
  const batchesDigest = sha256Hex(canonicalJson([before.batchesDigest, [...basis.batches].sort()]));
  if (evidenceDigest !== link.body.evidenceDigest)
    throw new Difference(
      link,
      `the evidence that came with it was changed: it has digest ${short(evidenceDigest)}, the decision was taken on ${short(link.body.evidenceDigest ?? '')}`,
    );
  if (batchesDigest !== link.body.batchesDigest)
    throw new Difference(
      link,
      `the ids of its evidence have digest ${short(batchesDigest)}, recorded is ${short(link.body.batchesDigest ?? '')}`,
    );
  return { evidenceDigest, batchesDigest };
}

function checkRecord(link: ChainLink, basis: LookBasis, again: LookRecord): void {
  const { look, verdict, reasons, cohort } = link.body;
  if (canonicalJson(again) !== canonicalJson(look))
    throw new Difference(link, `judged again it is ${firstDifference(look, again)}`);
  if (verdict !== again.decision || canonicalJson(reasons) !== canonicalJson(again.reasons) || cohort !== basis.cohort)
    throw new Difference(
      link,
      `it is recorded as ${verdict} (${reasons.join(', ')}) after cohort ${cohort}, and the look says ${again.decision} (${again.reasons.join(', ')}) after ${basis.cohort}`,
    );
}

/** The first field in which two looks differ, in words. */
function firstDifference(recorded: unknown, again: LookRecord): string {
  const known = recorded as Partial<Record<string, unknown>>;
  const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'));
  const order = ['decision', 'reasons', ...Object.keys(again), ...Object.keys(known ?? {})];
  for (const field of order) {
    const [mine, theirs] = [(again as unknown as Record<string, unknown>)[field], known?.[field]];
    if (JSON.stringify(mine) !== JSON.stringify(theirs)) return `${field} ${shown(mine)}, recorded is ${shown(theirs)}`;
  }
  return 'another look';
}

const short = (digest: string): string => digest.slice(0, 12);
