import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { RebaseAnswer, RolloutActivities } from '../contracts/workflows.ts';
import { rebasedStep } from '../domain/rollout/rebase.ts';
import { ladderOf } from '../domain/rollout/recorded-policy.ts';
import { isoInstant } from '../domain/time.ts';

type Rebase = Parameters<RolloutActivities['rebasePolicy']>[0];

/**
 * Puts a rollout under another recorded policy, on record: who, why, from which to which. Exposure may shrink by it, never grow. Idempotent
 * by the pair of policies.
 */
export async function rebasePolicy(tx: RecordTransaction, input: Rebase): Promise<RebaseAnswer> {
  const { rolloutId, policyDigest, from, by, reason } = input;
  const policy = await tx.get('policy', policyDigest);
  if (policy === null)
    return refuse(`no policy ${policyDigest} is on record; record it first: holdfast rebase does both`);
  const before = await tx.get('policy', from);
  if (before !== null && before.claim !== policy.claim)
    return refuse(
      `policy ${policyDigest} judges a claim of "${policy.claim}", and this candidate claims "${before.claim}"`,
    );
  if (before !== null && (before.cohortMs !== policy.cohortMs || before.affectsLabel !== policy.affectsLabel))
    return refuse(
      `policy ${policyDigest} has other cohorts or another label: what was measured could not be judged again`,
    );
  const steps = ladderOf(policy);
  const step = rebasedStep(before === null ? steps : ladderOf(before), input.step, input.exposure, steps);
  if (step === null)
    return refuse(
      `the new ladder has no step of this kind at exposure ${input.exposure} or below; exposure never grows by re-basing`,
    );
  const decisionId = `${rolloutId}/rebase/${policyDigest.slice(0, 16)}`;
  const inWords = `re-based by ${by}: ${reason}; policy ${from.slice(0, 8)} gives way to ${policyDigest.slice(0, 8)}`;
  const known = await tx.get('decision', decisionId);
  if (known === null) {
    const candidate = (await tx.list('candidate')).find(({ body }) => body.rolloutId === rolloutId)?.body;
    const schedule = (await tx.get('schedule', rolloutId))?.entries ?? [];
    await tx.append('decision', rolloutId, decisionId, {
      decisionId,
      rolloutId,
      run: 'operator',
      step: steps[step]?.mode ?? 'offline',
      cohort: null,
      eventTime: isoInstant((await tx.watermark()) ?? 0),
      verdict: 'continue',
      reasons: [`re-based from ${from}`, reason],
      candidate: candidate?.bundle ?? '',
      stable: schedule.at(-1)?.stable ?? '',
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
  return { accepted: true, steps, people: policy.people, step, decisionId, inWords };
}

const refuse = (reason: string): RebaseAnswer => ({ accepted: false, reason });
