/** What each verdict rested on: the evidence records its decision names, whose digest must be the one it carries. */
import { createHash } from 'node:crypto';
import type { EvidenceRecord } from '../../src/contracts/records.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { ChainedDecision, Story } from './story.ts';

export type Run = 'shadow' | 'canary';

/** One look, and the records of its run by then. */
export interface JudgedLook {
  readonly decision: ChainedDecision['body'];
  readonly evidence: readonly EvidenceRecord[];
}

/** @returns the looks of one run in order, and the decisions whose evidence is not what they say. */
export function judgedLooks(story: Story, rolloutId: string, run: Run): { looks: JudgedLook[]; faults: string[] } {
  const looks: JudgedLook[] = [];
  const faults: string[] = [];
  let previous = '';
  let evidence: readonly EvidenceRecord[] = [];
  for (const { body } of story.decisions.get(rolloutId) ?? []) {
    if (body.run !== run) continue;
    const named = (body.basis?.batches ?? []).map((batchId) => story.evidence.get(batchId));
    const found = named.filter((record) => record !== undefined);
    const digest = sha256(canonicalJson([previous, found]));
    if (found.length < named.length || digest !== body.evidenceDigest) faults.push(body.decisionId);
    previous = body.evidenceDigest ?? '';
    evidence = [...evidence, ...found];
    looks.push({ decision: body, evidence });
  }
  return { looks, faults };
}

/** Entries of a rollout's chain that do not follow from the one before. */
export function brokenLinks(chain: readonly ChainedDecision[]): string[] {
  return chain.flatMap(({ sequence, key, body, previousDigest, digest }, index) => {
    const follows = previousDigest === (chain[index - 1]?.digest ?? '0'.repeat(64)) && sequence === index + 1;
    const named = digest === sha256(canonicalJson({ sequence, key, body, previousDigest }));
    return follows && named ? [] : [key];
  });
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
