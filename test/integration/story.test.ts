import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openArchive } from '../../scripts/verify-story/archive.ts';
import type { Archive } from '../../scripts/verify-story/archive.ts';
import { auditStory } from '../../scripts/verify-story/audit.ts';
import { auditCertificates } from '../../scripts/verify-story/certificates.ts';
import { auditExposure } from '../../scripts/verify-story/exposure.ts';
import type { Finding } from '../../scripts/verify-story/finding.ts';
import { withRecords } from '../../scripts/verify-story/state.ts';
import { readStory } from '../../scripts/verify-story/story.ts';
import type { Story } from '../../scripts/verify-story/story.ts';
import type { StoryRun } from '../../scripts/verify-kills/story-runs.ts';
import type { EvidenceRecord } from '../../src/contracts/records.ts';
import type { LedgerEntry } from '../../src/contracts/serving.ts';
import { summarySchema } from '../../src/contracts/summary.ts';
import { withDecisions, withLedger } from './forgery.ts';
import { undisturbedRun } from './slice-runs.ts';

const DIGEST = /^[0-9a-f]{64}$/;

describe('one model’s life on a slice of the flights', function () {
  this.timeout(600_000);
  let run: StoryRun;
  let story: Story;
  before(async () => {
    run = await undisturbedRun();
    story = await withRecords(run.stateDir, (client) => readStory(client, run.stateDir, 'flight-slice'));
  });

  it('leaves a summary of the documented shape', () => {
    assert.deepEqual(summarySchema.parse(run.summary), run.summary);
  });

  it('lands a partition a day, and sets aside what the checks name', () => {
    const { rows, accepted, partitionsAccepted, quarantined, blocked } = run.summary.collection;
    assert.equal(partitionsAccepted, 18);
    assert.deepEqual(blocked, []);
    assert.ok((quarantined['exact-duplicate'] ?? 0) > 0);
    assert.ok((quarantined['impossible-delay'] ?? 0) > 0);
    assert.equal(accepted, rows - Object.values(quarantined).reduce((sum, count) => sum + count, 0));
  });

  it('P1 takes the first model up the whole ladder, each rise with its decision and evidence', () => {
    const [first] = run.summary.candidates;
    assert.deepEqual([first?.idea, first?.outcome], ['first-model', 'promoted']);
    const steps = first?.exposureHistory.map(({ mode, exposure }) => [mode, exposure]);
    assert.deepEqual(steps, [
      ['shadow', 0],
      ['canary', 0.01],
      ['canary', 0.05],
      ['canary', 0.25],
      ['full', 1],
    ]);
    for (const { decisionId, evidenceDigest } of first?.exposureHistory ?? []) {
      assert.match(decisionId, /^rollout\/flight-slice\//);
      assert.match(evidenceDigest ?? '', DIGEST);
    }
    assert.equal(run.summary.counts.approvals, 1);
  });

  it('refuses the same model served with other features, by evidence, and exposes nobody to it', () => {
    const skewed = run.summary.candidates.find(({ idea }) => idea === 'skewed-features');
    assert.deepEqual([skewed?.outcome, skewed?.step], ['refused', 'shadow']);
    assert.match(skewed?.reason ?? '', /^harm certified on loss/);
    assert.ok(skewed?.exposureHistory.every(({ exposure }) => exposure === 0));
  });

  it('serves the fallback first and the promoted model from a whole cohort on', () => {
    const [fallback, first, ...later] = run.summary.stableHistory;
    assert.deepEqual([fallback?.idea, first?.idea, later], ['fallback', 'first-model', []]);
    assert.equal(first?.bundle, run.summary.candidates[0]?.bundle);
    assert.equal(Date.parse(first?.since ?? '') % (3 * 3_600_000), 0);
  });

  it('answers every request once and runs every stage as a workflow of its own', () => {
    const { counts, temporal } = run.summary;
    assert.ok(counts.predictions > 60_000);
    assert.equal(counts.errors, 0);
    assert.equal(counts.ledgerRefused, 0);
    const types = new Set(temporal.workflows.map(({ type }) => type));
    for (const type of [
      'lifecycle',
      'collection',
      'experimentation',
      'experiment',
      'promotion',
      'rollout',
      'monitoring',
    ])
      assert.ok(types.has(type), type);
  });

  describe('audited from its logs and ledger alone', () => {
    let archive: Archive;
    before(async () => (archive = await openArchive(join(run.stateDir, 'request-log', 'flight-slice'))));
    after(() => archive.close());

    const failures = (findings: readonly Finding[]): string[] =>
      findings.filter(({ ok }) => !ok).map(({ what }) => what);
    const exposureFaults = async (forged: Story): Promise<string> =>
      failures(auditExposure(forged, await archive.served()).findings).join('\n');
    const certificateFaults = async (forged: Story): Promise<string> =>
      failures((await auditCertificates(forged, archive)).findings).join('\n');
    /** The true ledger up to the first model's shadow, and then something else. */
    const afterShadow = (line: (shadow: LedgerEntry) => LedgerEntry) => (lines: readonly LedgerEntry[]) => {
      const [first, shadow] = lines;
      assert.ok(first !== undefined && shadow !== undefined);
      return [first, shadow, line(shadow)];
    };

    it('stands up', async () => {
      const audit = await auditStory(story, run.stateDir, run.summary);
      assert.deepEqual(failures(audit.findings), []);
      assert.deepEqual(
        audit.certificates.map(({ idea, run: of, verdict }) => `${idea} ${of} ${verdict}`),
        [
          'first-model shadow advance',
          ...Array.from({ length: 3 }, () => 'first-model canary advance'),
          'skewed-features shadow rollback',
        ],
      );
      assert.equal(audit.rises.length, 7);
    });

    it('is caught at a rise that no advance led to', async () => {
      const decided = [...story.decisions.values()].flat().find(({ body }) => body.verdict === 'continue')?.body;
      assert.ok(decided !== undefined);
      const rise = (shadow: LedgerEntry): LedgerEntry => ({
        ...shadow,
        generation: shadow.generation + 1,
        decisionId: decided.decisionId,
        eventTime: decided.eventTime,
        entry: { ...shadow.entry, exposure: 0.01, effectiveFrom: '2001-01-16T06:00:00Z' },
      });
      assert.match(await exposureFaults(withLedger(story, afterShadow(rise))), /line 3 .*its verdict is continue/);
    });

    it('is caught at a rise that nobody decided, and at one that was decided later', async () => {
      const forged = withLedger(story, (lines) =>
        lines.map((line) => (line.sequence === 3 ? { ...line, decisionId: `${line.decisionId}0` } : line)),
      );
      assert.match(await exposureFaults(forged), /line 3 .*no such decision is recorded/);
      const early = withLedger(story, (lines) =>
        lines.map((line) => (line.sequence === 3 ? { ...line, eventTime: '2001-01-15T21:00:00Z' } : line)),
      );
      assert.match(await exposureFaults(early), /line 3 .*it was decided later/);
    });

    it('is caught at a step left out, an approval left out, and a line left out', async () => {
      const leap = withLedger(story, (lines) => lines.filter(({ sequence }) => sequence !== 4));
      assert.match(await exposureFaults(leap), /exposes 0.25 where the ladder says 0.05/);
      const unapproved = withDecisions(story, (decision) => ({ ...decision, approvals: [] }));
      assert.match(await exposureFaults(unapproved), /0 of 1 approvals are recorded/);
      const [gateway = '', lines = []] = [...story.ledgers][0] ?? [];
      const cut = { ...story, ledgers: new Map([[gateway, lines.filter(({ sequence }) => sequence !== 5)]]) };
      assert.match(await exposureFaults(cut), /line 5 does not follow from the one before/);
    });

    it('is caught at a certificate of the wrong sign', async () => {
      const forged = withDecisions(story, (decision) =>
        decision.verdict === 'rollback' ? { ...decision, verdict: 'advance', reasons: [] } : decision,
      );
      assert.match(
        await certificateFaults(forged),
        /skewed-features 1, shadow, advance .* below 0.00 ‰ is claimed, the mean is 1/,
      );
    });

    it('is caught at counts that are not those of the log', async () => {
      const [batchId = '', record] =
        [...story.evidence].find(([, { stream, units }]) => stream === 'loss' && units > 0) ?? [];
      assert.ok(record !== undefined);
      const better: EvidenceRecord = {
        ...record,
        histogram: (record.histogram ?? []).map(([num, den, n]) => [-num, den, n]),
      };
      const forged = { ...story, evidence: new Map([...story.evidence, [batchId, better]]) };
      const faults = await certificateFaults(forged);
      assert.match(faults, /looks carry the digest of the evidence they name: NOT SO/);
      assert.match(faults, /recorded counts are those of the log: NOT SO for loss of cohort/);
    });
  });
});
