/** What a forger with a pen and a hash function would make of a true story: links are mended, so that only what is said is false. */
import { createHash } from 'node:crypto';
import type { ChainedDecision, Story } from '../../scripts/verify-story/story.ts';
import type { DecisionRecord } from '../../src/contracts/records.ts';
import type { LedgerEntry } from '../../src/contracts/serving.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function withLedger(story: Story, forge: (lines: readonly LedgerEntry[]) => readonly LedgerEntry[]): Story {
  const ledgers = [...story.ledgers].map(([gateway, lines]) => [gateway, mendedLedger(forge(lines))] as const);
  return { ...story, ledgers: new Map(ledgers) };
}

export function withDecisions(story: Story, forge: (decision: DecisionRecord) => DecisionRecord): Story {
  const chains = [...story.decisions].map(([rollout, chain]) => [rollout, mendedChain(chain, forge)] as const);
  return { ...story, decisions: new Map(chains) };
}

function mendedLedger(lines: readonly LedgerEntry[]): LedgerEntry[] {
  let previousDigest = '0'.repeat(64);
  return lines.map(({ digest: _digest, ...line }, index) => {
    const unsigned = { ...line, sequence: index + 1, previousDigest };
    previousDigest = sha256(canonicalJson(unsigned));
    return { ...unsigned, digest: previousDigest };
  });
}

function mendedChain(
  chain: readonly ChainedDecision[],
  forge: (decision: DecisionRecord) => DecisionRecord,
): ChainedDecision[] {
  let previousDigest = '0'.repeat(64);
  return chain.map(({ sequence, key, body: known }) => {
    const body = forge(known);
    const entry = { sequence, key, body, previousDigest };
    previousDigest = sha256(canonicalJson(entry));
    return { ...entry, digest: previousDigest };
  });
}
