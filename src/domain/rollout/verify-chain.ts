/**
 * Judges the whole chain of a rollout's decisions again, from its records alone: digests and order, evidence, policy, every look of the
 * gate, approvals, and that exposure rose only by a decision. Says the first difference in words. Pure.
 *
 * What it cannot see from inside: a chain that was rewritten to its end, or cut off there, with everything that refers to it. For that the
 * head is kept elsewhere: the workflow's state carries it, and people may keep it.
 */
import { canonicalJson } from '../canonical-json.ts';
import { sha256Hex } from '../sha256.ts';
import { Difference } from './recorded-chain.ts';
import type { ChainLink, RecordedRollout } from './recorded-chain.ts';
import { LooksAgain } from './looks-again.ts';
import type { ChainHead } from './states.ts';
import { judgeMeans } from './suite.ts';

export type Verification =
  | {
      readonly verified: true;
      readonly decisions: number;
      readonly looks: number;
      readonly evidence: number;
      /** Decisions that somebody outside the records has seen; 0 without a head to compare with. */
      readonly attested: number;
      readonly head: ChainHead | null;
    }
  | {
      readonly verified: false;
      readonly sequence: number | null;
      readonly decisionId: string | null;
      readonly inWords: string;
    };

const CHAIN_START = '0'.repeat(64);

/** Verifies a rollout from its records; never throws for what stands in them. */
export function verifyChain(recorded: RecordedRollout): Verification {
  try {
    const looks = verify(recorded);
    const { chain, head, evidence } = recorded;
    const last = chain.at(-1);
    return {
      verified: true,
      decisions: chain.length,
      looks,
      evidence: evidence.size,
      attested: head?.sequence ?? 0,
      head: last === undefined ? null : { sequence: last.sequence, digest: last.digest },
    };
  } catch (error) {
    if (!(error instanceof Difference)) throw error;
    const { link, message } = error;
    return {
      verified: false,
      sequence: link?.sequence ?? null,
      decisionId: link?.key ?? null,
      inWords: link === null ? message : `decision ${link.sequence} (${link.key}): ${message}`,
    };
  }
}

/** @returns how many looks were judged again @throws Difference */
function verify(recorded: RecordedRollout): number {
  const again = new LooksAgain(recorded);
  let previous: ChainLink | null = null;
  for (const link of recorded.chain) {
    try {
      checkLink(recorded, link, previous);
      judgeLink(recorded, again, link);
    } catch (error) {
      // The gate has judged it once: what it refuses now, or what has another shape, is a difference, too.
      throw error instanceof Difference ? error : new Difference(link, `it cannot be judged again: ${String(error)}`);
    }
    previous = link;
  }
  checkHead(recorded);
  again.checkNothingLeft();
  checkExposures(recorded);
  return again.looks;
}

/** Everything that is digested is checked here, before anything in it is relied on. */
function checkLink({ rolloutId, decisions }: RecordedRollout, link: ChainLink, previous: ChainLink | null): void {
  const { sequence, key, body, previousDigest, digest } = link;
  const expected = (previous?.sequence ?? 0) + 1;
  if (sequence !== expected)
    throw new Difference(
      link,
      previous === null
        ? `the chain begins with it; decision 1 is missing`
        : `it follows decision ${previous.sequence}; decision ${expected} is missing`,
    );
  if (previousDigest !== (previous?.digest ?? CHAIN_START))
    throw new Difference(
      link,
      `it was taken on a chain that ended in ${short(previousDigest)}, and the decision before it has digest ${short(previous?.digest ?? CHAIN_START)}`,
    );
  const content = textOf({ sequence, key, body, previousDigest });
  if (content === null || sha256Hex(content) !== digest)
    throw new Difference(
      link,
      `its content has digest ${content === null ? 'none' : short(sha256Hex(content))}, recorded is ${short(digest)}: it was changed after it was taken`,
    );
  if (body.decisionId !== key || body.rolloutId !== rolloutId)
    throw new Difference(link, `it says of itself that it is ${body.decisionId} of ${body.rolloutId}`);
  if (textOf(decisions.get(key) ?? null) !== textOf(body))
    throw new Difference(link, 'its record by id is not the one in the chain');
}

function judgeLink(recorded: RecordedRollout, again: LooksAgain, link: ChainLink): void {
  const { body } = link;
  const [first] = recorded.chain;
  for (const role of ['candidate', 'stable'] as const)
    if (body[role] !== first?.body[role])
      throw new Difference(
        link,
        `its ${role} is ${short(body[role])}, the rollout began with ${short(first?.body[role] ?? '')}`,
      );
  switch (body.run) {
    case 'offline':
      checkOffline(recorded, link);
      return again.examined(link);
    case 'infra':
      return again.check(link);
    case 'operator':
      return again.rebase(link);
    case 'shadow':
    case 'canary':
      return again.look(link, body.run);
    default:
      throw new Difference(link, `it belongs to no run: ${String(body.run)}`);
  }
}

/** The losses that were measured, judged by the cases of the suite as it stood. */
function checkOffline({ attestations, suite }: RecordedRollout, link: ChainLink): void {
  const { evidenceDigest, policyDigest, verdict } = link.body;
  const found = attestations.find((attestation) => sha256Hex(textOf(attestation) ?? '') === evidenceDigest);
  if (found === undefined)
    throw new Difference(link, `what the evaluation found (${short(evidenceDigest ?? '')}) is not on record as it was`);
  const cases = suite.filter(({ id }) => found.cases.some((judged) => judged.id === id));
  if (sha256Hex(textOf(cases) ?? '') !== policyDigest)
    throw new Difference(link, `the cases it was evaluated on (${short(policyDigest)}) are not on record as they were`);
  for (const judged of found.cases) {
    const suiteCase = cases.find(({ id }) => id === judged.id);
    const { units, candidateLoss, stableLoss } = judged;
    const again = suiteCase === undefined ? null : judgeMeans(suiteCase, units, candidateLoss, stableLoss);
    if (textOf(again) !== textOf(judged))
      throw new Difference(
        link,
        `case ${judged.id} was recorded as ${judged.result}, judged again it is ${again?.result ?? 'unknown'}`,
      );
  }
  const passed = found.cases.every(({ result }) => result !== 'failed');
  if (found.passed !== passed || verdict !== (passed ? 'advance' : 'refuse'))
    throw new Difference(link, `its verdict is ${verdict}, and ${passed ? 'no' : 'a'} case failed`);
}

function checkHead({ chain, head }: RecordedRollout): void {
  if (head === null) return;
  const link = chain[head.sequence - 1];
  if (link === undefined)
    throw new Difference(
      null,
      `the chain ends with decision ${chain.length}, and its rollout has seen ${head.sequence}: the last ${head.sequence - chain.length} are missing`,
    );
  if (link.digest !== head.digest)
    throw new Difference(
      link,
      `its rollout has seen another one, with digest ${short(head.digest)}: the chain was rewritten`,
    );
}

/** Exposure rises only by an advance on record, on the evidence that it names. */
function checkExposures({ chain, exposures }: RecordedRollout): void {
  let before = 0;
  for (const { exposure, decisionId, evidenceDigest, mode } of exposures) {
    const rises = exposure > before;
    before = exposure;
    if (!rises) continue;
    const link = chain.find(({ key }) => key === decisionId);
    const risen = `exposure rose to ${exposure} (${mode}) by decision ${decisionId}`;
    if (link === undefined) throw new Difference(null, `${risen}, which is not in the chain`);
    if (link.body.verdict !== 'advance') throw new Difference(link, `${risen}, whose verdict is ${link.body.verdict}`);
    if (link.body.evidenceDigest !== evidenceDigest)
      throw new Difference(
        link,
        `${risen} on evidence ${short(evidenceDigest ?? 'none')}, and it was taken on ${short(link.body.evidenceDigest ?? 'none')}`,
      );
  }
}

/** Null for what has no canonical form: no record of ours. */
function textOf(value: unknown): string | null {
  try {
    return canonicalJson(value);
  } catch {
    return null;
  }
}

const short = (digest: string): string => digest.slice(0, 12);
