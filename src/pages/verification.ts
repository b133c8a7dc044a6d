/** What a verification of a rollout's chain found, for a person. */
import type { ChainHead } from '../domain/rollout/states.ts';
import type { Verification } from '../domain/rollout/verify-chain.ts';

export interface VerificationView {
  readonly rolloutId: string;
  readonly verification: Verification;
  /** Who has seen the head that the chain was compared with; null where nobody has. */
  readonly headFrom: 'workflow' | 'given' | null;
  /** Why there is no head to compare with. */
  readonly headMissing: string | null;
}

export const headInWords = ({ sequence, digest }: ChainHead): string => `${sequence}:${digest}`;

export function verificationInWords({ rolloutId, verification, headFrom, headMissing }: VerificationView): string {
  if (!verification.verified)
    return [`${rolloutId} differs from its records`, verification.inWords, beforeIt(verification)].join('\n');
  const { decisions, looks, evidence, attested, head } = verification;
  const seenBy = headFrom === 'given' ? 'the head that was given' : 'its workflow';
  const after = decisions - attested;
  const end =
    headFrom === null
      ? `nothing outside the records says where the chain ends (${headMissing ?? 'no head was given'}): one cut off or rewritten to its end would not be seen`
      : `${seenBy} has seen decision ${attested} as it stands here${after === 0 ? ', the last' : `; ${after} came after it`}`;
  return [
    `${rolloutId} is verified`,
    `${decisions} decisions in one chain, ${looks} looks judged again from ${evidence} records of evidence`,
    end,
    ...(head === null ? [] : [`to compare with later: --head ${headInWords(head)}`]),
  ].join('\n');
}

function beforeIt({ sequence }: Extract<Verification, { verified: false }>): string {
  if (sequence === null) return 'every decision that is there is verified';
  if (sequence === 1) return 'it is the first';
  return sequence === 2 ? 'the one before it is verified' : `the ${sequence - 1} before it are verified`;
}
