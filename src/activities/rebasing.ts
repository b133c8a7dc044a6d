import type { ChainEntry, RecordTransaction } from '../adapters/record-store/port.ts';
import type { DecisionRecord } from '../contracts/records.ts';
import type { RebaseAnswer, RolloutActivities } from '../contracts/workflows.ts';
import { incomparable, rebasedStep } from '../domain/rollout/rebase.ts';
import { ladderOf } from '../domain/rollout/recorded-policy.ts';
import { isoInstant } from '../domain/time.ts';

type Rebase = Parameters<RolloutActivities['rebasePolicy']>[0];

/**
 * Puts a rollout under another recorded policy, on record: who, why, from which to which. Exposure may shrink by it, never grow. Idempotent
 * while the policy is in force; coming back to one is a decision of its own.
 */
export async function rebasePolicy(tx: RecordTransaction, input: Rebase): Promise<RebaseAnswer> {
  const { rolloutId, policyDigest, from, by, reason } = input;
  const policy = await tx.get('policy', policyDigest);
  if (policy === null)
    return refuse(`no policy ${policyDigest} is on record; record it first: holdfast rebase does both`);
  const before = await tx.get('policy', from);
  const obstacle = before === null ? null : incomparable(before, policy);
  if (obstacle !== null) return refuse(`policy ${policyDigest} cannot take over: ${obstacle}`);
  const steps = ladderOf(policy);
  const step = rebasedStep(before === null ? steps : ladderOf(before), input.step, input.exposure, steps);
  if (step === null)
    return refuse(
      `the new ladder has no step of this kind at exposure ${input.exposure} or below; exposure never grows by re-basing`,
    );
  const inWords = `re-based by ${by}: ${reason}; policy ${from.slice(0, 8)} gives way to ${policyDigest.slice(0, 8)}`;
  let entry = await alreadyDone(tx, rolloutId, policyDigest);
  if (entry === null) {
    const candidate = (await tx.list('candidate')).find(({ body }) => body.rolloutId === rolloutId)?.body;
    const brief = (await tx.get('memory', `${rolloutId}/brief`))?.value as { readonly stable: string } | undefined;
    const decisionId = await nextId(tx, rolloutId, policyDigest);
    entry = await tx.append('decision', rolloutId, decisionId, {
      decisionId,
      rolloutId,
      run: 'operator',
      step: steps[step]?.mode ?? 'offline',
      cohort: null,
      eventTime: isoInstant((await tx.watermark()) ?? 0),
      verdict: 'continue',
      reasons: [`re-based from ${from}`, reason],
      candidate: candidate?.bundle ?? '',
      stable: brief?.stable ?? '',
      policyDigest,
      evidenceDigest: null,
      batchesDigest: null,
      watermark: null,
      basis: null,
      look: null,
      approvals: [],
      inWords,
    });
  }
  await tx.put('memory', `${rolloutId}/policy`, { value: policyDigest });
  const { sequence, digest, key: decisionId } = entry;
  const head = { sequence, digest };
  return { accepted: true, steps, people: policy.people, step, decisionId, inWords, head };
}

/** Decisions by which the rollout came under a policy, oldest first: it may come back to one. */
async function rebases(
  tx: RecordTransaction,
  rolloutId: string,
  policyDigest: string,
): Promise<Array<ChainEntry<DecisionRecord>>> {
  const chain = await tx.chain('decision', rolloutId);
  return chain.filter(({ body }) => body.run === 'operator' && body.policyDigest === policyDigest);
}

/** An attempt that was recorded and whose answer was lost; null where the rollout is under another policy now. */
async function alreadyDone(
  tx: RecordTransaction,
  rolloutId: string,
  policyDigest: string,
): Promise<ChainEntry<DecisionRecord> | null> {
  const inForce = (await tx.get('memory', `${rolloutId}/policy`))?.value;
  return inForce === policyDigest ? ((await rebases(tx, rolloutId, policyDigest)).at(-1) ?? null) : null;
}

async function nextId(tx: RecordTransaction, rolloutId: string, policyDigest: string): Promise<string> {
  const before = (await rebases(tx, rolloutId, policyDigest)).length;
  return `${rolloutId}/rebase/${policyDigest.slice(0, 16)}${before === 0 ? '' : `-${before + 1}`}`;
}

const refuse = (reason: string): RebaseAnswer => ({ accepted: false, reason });
