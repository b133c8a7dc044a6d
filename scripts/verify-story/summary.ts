/** Whether the summary of a run tells what its ledger and records say. */
import type { CandidateRecord } from '../../src/contracts/records.ts';
import { storyOf, summarySchema } from '../../src/contracts/summary.ts';
import type { Summary } from '../../src/contracts/summary.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { none } from './finding.ts';
import type { Finding } from './finding.ts';
import { sha256 } from './judged.ts';
import type { Story } from './story.ts';

/** @throws ZodError when the document is no summary */
export function auditSummary(story: Story, document: unknown): Finding[] {
  const summary = summarySchema.parse(document);
  return [
    none(
      'the summary’s story digest is that of its story',
      sha256(canonicalJson(storyOf(summary))) === summary.storyDigest ? [] : [summary.storyDigest],
    ),
    none(
      'the summary tells of the candidates that are recorded',
      same(
        summary.candidates.map(({ bundle }) => bundle),
        story.candidates.map(({ bundle }) => bundle),
      ),
    ),
    none(
      'each exposure in the summary stands in the ledger, with its decision and evidence',
      summary.candidates.flatMap((one) => historyFaults(story, one)),
    ),
    none(
      'each stable in the summary was promoted in the ledger',
      summary.stableHistory.flatMap((stable) => stableFaults(story, stable)),
    ),
  ];
}

function same(told: readonly string[], recorded: readonly string[]): string[] {
  return [
    ...told.filter((bundle) => !recorded.includes(bundle)).map((bundle) => `${bundle} is not recorded`),
    ...recorded.filter((bundle) => !told.includes(bundle)).map((bundle) => `${bundle} is not told of`),
  ];
}

function historyFaults(
  story: Story,
  { bundle, idea, attempt, exposureHistory }: Summary['candidates'][number],
): string[] {
  const lines = [...story.ledgers.values()].flat().filter(({ accepted }) => accepted);
  const rollout = story.candidates.find((candidate: CandidateRecord) => candidate.bundle === bundle)?.rolloutId ?? '';
  const decisions = story.decisions.get(rollout) ?? [];
  return exposureHistory.flatMap(({ mode, exposure, eventTime, decisionId, evidenceDigest }) => {
    const name = `${idea} ${attempt}, ${mode} at ${exposure}`;
    if (mode === 'back') {
      const fell = lines.some(
        (line) =>
          line.decisionId.startsWith(`${rollout}/back-`) && 'stable' in line.entry && line.entry.candidate === null,
      );
      return fell ? [] : [`${name}: no fall in the ledger`];
    }
    const line = lines.find((known) => known.decisionId === decisionId);
    const decision = decisions.find(({ key }) => key === decisionId)?.body;
    if (line === undefined || !('stable' in line.entry)) return [`${name}: ${decisionId} is not in the ledger`];
    const ordered =
      line.entry.candidate === bundle && line.entry.exposure === exposure && line.entry.effectiveFrom === eventTime;
    // Offline evaluation is attested apart from the gate's evidence.
    const judged = decision !== undefined && (decision.run === 'offline' || decision.evidenceDigest === evidenceDigest);
    return ordered && judged ? [] : [`${name}: the ledger or the decision says otherwise`];
  });
}

function stableFaults(story: Story, { bundle, since, rolloutId }: Summary['stableHistory'][number]): string[] {
  if (rolloutId === null) return [];
  const lines = [...story.ledgers.values()].flat();
  const promoted = lines.some(
    ({ accepted, decisionId, entry }) =>
      accepted &&
      decisionId.startsWith(`${rolloutId}/`) &&
      'stable' in entry &&
      entry.stable === bundle &&
      entry.effectiveFrom === since,
  );
  return promoted ? [] : [`${bundle.slice(0, 8)} since ${since}`];
}
