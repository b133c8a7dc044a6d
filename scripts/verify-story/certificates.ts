/** Whether what the gate certified is so: sign and size of the paired difference, measured anew over the units each verdict rested on. */
import type { CandidateRecord, DecisionRecord, PolicyRecord } from '../../src/contracts/records.ts';
import type { Archive, CohortSums } from './archive.ts';
import { finding, none } from './finding.ts';
import type { Finding } from './finding.ts';
import { brokenLinks, judgedLooks } from './judged.ts';
import type { JudgedLook, Run } from './judged.ts';
import { differingCounts, LOSS, measureStreams } from './streams.ts';
import type { MeasuredStreams } from './streams.ts';
import type { Story } from './story.ts';

/** What a verdict says of the mean difference of a stream. */
export interface Claim {
  readonly stream: string;
  readonly side: 'below' | 'above';
  readonly limit: number;
}

/** One line of the table: what a verdict certifies of a stream, or the last word of a candidate that was stopped without any. */
export interface Certificate {
  readonly idea: string;
  readonly attempt: number;
  readonly run: string;
  readonly stream: string;
  readonly verdict: string;
  readonly eventTime: string;
  readonly units: number;
  /** Of D = loss(candidate) − loss(stable); null without units. */
  readonly mean: number | null;
  /** Standard errors: as if units were independent, and by whole cohorts, whose units share weather. */
  readonly error: number | null;
  readonly errorByCohort: number | null;
  /** null where nothing is claimed of the difference. */
  readonly claim: Claim | null;
  readonly ok: boolean;
}

export interface CertificateAudit {
  readonly certificates: readonly Certificate[];
  readonly findings: readonly Finding[];
}

/** The watch for late harm restarts on multiples of 12 cohorts at the earliest: a certificate of harm may rest on what came since. */
const RESTART_COHORTS = 12;
const ERRORS = 'errors';

/** Audits every run of every candidate that came to one. */
export async function auditCertificates(story: Story, archive: Archive): Promise<CertificateAudit> {
  const certificates: Certificate[] = [];
  const chains = [...story.decisions.values()];
  const links = chains.flatMap(brokenLinks);
  const findings = [none(`${chains.length} chains of decisions follow link by link`, links)];
  for (const candidate of inOrder(story.candidates)) {
    for (const run of ['shadow', 'canary'] as const) {
      const { looks, faults } = judgedLooks(story, candidate.rolloutId ?? '', run);
      const last = looks.at(-1);
      if (last === undefined) continue;
      const policy = policyOf(story, last.decision);
      const streams = await measureStreams(story, archive, candidate, looks, policy);
      const name = `${candidate.idea} ${candidate.attempt}, ${run}`;
      findings.push(none(`${name}: ${looks.length} looks carry the digest of the evidence they name`, faults));
      findings.push(none(`${name}: recorded counts are those of the log`, differingCounts(last.evidence, streams)));
      certificates.push(...looks.flatMap((look) => certificatesOf(story, candidate, run, look, streams)));
    }
    certificates.push(...stoppedBefore(story, candidate));
  }
  return { certificates, findings: [...findings, ...certificates.filter(({ claim }) => claim !== null).map(signOf)] };
}

const inOrder = (candidates: readonly CandidateRecord[]): CandidateRecord[] =>
  candidates.toSorted((a, b) =>
    `${a.readyAt} ${a.idea} ${a.attempt}` < `${b.readyAt} ${b.idea} ${b.attempt}` ? -1 : 1,
  );

function policyOf({ policies }: Story, { policyDigest, decisionId }: DecisionRecord): PolicyRecord {
  const policy = policies.get(policyDigest);
  if (policy === undefined) throw new Error(`policy ${policyDigest} of ${decisionId} is not on record`);
  return policy;
}

function signOf({ idea, attempt, run, stream, verdict, eventTime, mean, claim, ok }: Certificate): Finding {
  const measured = mean === null ? 'nothing was measured' : `the mean is ${perThousand(mean)} ‰`;
  const claimed = claim === null ? '' : `${claim.side} ${limitInWords(claim)} is claimed`;
  return finding(ok, `${idea} ${attempt}, ${run}, ${verdict} at ${eventTime}, ${stream}: ${claimed}, ${measured}`);
}

/** Of differences per 1,000 requests; of errors, how many times those of the stable bundle. */
export const limitInWords = ({ stream, limit }: Claim): string =>
  stream === ERRORS ? `${limit} ×` : `${perThousand(limit)} ‰`;

const perThousand = (value: number): string => (value * 1000).toFixed(2);

/** What one look certified; a look that decided nothing has none, and the last of a run that came to nothing is shown all the same. */
function certificatesOf(
  story: Story,
  { idea, attempt, outcome }: CandidateRecord,
  run: Run,
  { decision, evidence }: JudgedLook,
  streams: MeasuredStreams,
): Certificate[] {
  const policy = policyOf(story, decision);
  const claims = claimsOf(story, policy, run, decision);
  const isLastWord = decision.verdict === 'escalate' && outcome !== 'in_progress';
  const shown: Array<Claim | null> = claims.length === 0 && isLastWord ? [null] : claims;
  return shown.map((claim) => {
    const stream = claim?.stream ?? LOSS;
    const judged = evidence.filter((record) => record.stream === stream).map(({ cohort }) => cohort);
    const cohorts = judged.flatMap((cohort) => streams.get(stream === ERRORS ? LOSS : stream)?.get(cohort) ?? []);
    const moments = momentsOf(stream === ERRORS ? [] : cohorts);
    const ok = claim === null || holds(claim, cohorts);
    const { verdict, eventTime } = decision;
    return { idea, attempt, run, stream, verdict, eventTime, ...moments, claim, ok };
  });
}

/** A candidate that no gate has looked at: what its examination said. */
function stoppedBefore(story: Story, { idea, attempt, rolloutId }: CandidateRecord): Certificate[] {
  const refusals = (story.decisions.get(rolloutId ?? '') ?? []).filter(({ body }) => body.verdict === 'refuse');
  return refusals.map(({ body: { run, verdict, eventTime } }) => ({
    ...{ idea, attempt, run, stream: '–', verdict, eventTime, units: 0, mean: null, error: null, errorByCohort: null },
    claim: null,
    ok: true,
  }));
}

function claimsOf({ ledgers }: Story, { rollout, claim }: PolicyRecord, run: Run, decision: DecisionRecord): Claim[] {
  const margin = rollout.marginPerThousand / 1000;
  const budget = rollout.harmBudgetPerThousand / 1000;
  const sliceNamed = (stream: string) => rollout.slices.find(({ id }) => stream === `${LOSS}/${id}`);
  if (decision.verdict === 'rollback') {
    const ofCanary = rollout.harmMarginPerThousand === undefined ? budget / 2 : rollout.harmMarginPerThousand / 1000;
    const lossMargin = run === 'shadow' ? margin / 2 : ofCanary;
    return decision.reasons.flatMap((stream) => {
      if (stream === LOSS) return [{ stream, side: 'above' as const, limit: lossMargin }];
      if (stream === ERRORS) return [{ stream, side: 'above' as const, limit: rollout.errorRatio }];
      const slice = sliceNamed(stream);
      // What others have measured cannot be measured anew here.
      return slice === undefined ? [] : [{ stream, side: 'above' as const, limit: slice.harmMarginPerThousand / 1000 }];
    });
  }
  if (decision.verdict !== 'advance') return [];
  const required = rollout.slices.filter(({ role }) => role === 'required');
  const ofSlices = required.map(({ id, marginPerThousand = 0 }) => ({
    stream: `${LOSS}/${id}`,
    side: 'below' as const,
    limit: marginPerThousand / 1000,
  }));
  // Under exposure: what the rise can cost is the difference times the exposure it leads to.
  const exposure = run === 'shadow' ? null : exposureAfter([...ledgers.values()].flat(), decision.decisionId);
  const limit = exposure === null ? (claim === 'improve' ? 0 : margin) : budget / exposure;
  return [{ stream: LOSS, side: 'below', limit }, ...ofSlices];
}

function exposureAfter(lines: ReturnType<Story['ledgers']['get']> & object, decisionId: string): number {
  const entry = lines.find((line) => line.accepted && line.decisionId === decisionId)?.entry;
  const exposure = entry !== undefined && 'exposure' in entry ? entry.exposure : 0;
  // A promotion, or an advance that was never applied: the strictest reading is everybody.
  return exposure > 0 ? exposure : 1;
}

function holds({ stream, side, limit }: Claim, cohorts: readonly CohortSums[]): boolean {
  if (stream === ERRORS) return failsMore(cohorts, limit);
  const { mean } = momentsOf(cohorts);
  if (side === 'below') return mean !== null && mean < limit;
  return [cohorts, ...sinceRestarts(cohorts)].some(
    (part) => (momentsOf(part).mean ?? Number.NEGATIVE_INFINITY) > limit,
  );
}

function sinceRestarts(cohorts: readonly CohortSums[]): CohortSums[][] {
  const restarts = Math.floor(cohorts.length / RESTART_COHORTS);
  return Array.from({ length: restarts }, (_, index) => cohorts.slice((index + 1) * RESTART_COHORTS));
}

function failsMore(cohorts: readonly CohortSums[], ratio: number): boolean {
  const total = (pick: (sums: CohortSums) => number): number => cohorts.reduce((sum, one) => sum + pick(one), 0);
  const candidate = total((one) => one.candidateFailed) / total((one) => one.candidateAsked);
  const stable = total((one) => one.stableFailed) / total((one) => one.stableAsked);
  return candidate > ratio * stable;
}

function momentsOf(cohorts: readonly CohortSums[]): Pick<Certificate, 'units' | 'mean' | 'error' | 'errorByCohort'> {
  const units = cohorts.reduce((sum, one) => sum + one.units, 0);
  if (units === 0) return { units, mean: null, error: null, errorByCohort: null };
  const mean = cohorts.reduce((sum, one) => sum + one.sum, 0) / units;
  const squares = cohorts.reduce((sum, one) => sum + one.sumOfSquares, 0);
  const between = cohorts.reduce((sum, one) => sum + (one.sum - one.units * mean) ** 2, 0);
  return {
    units,
    mean,
    error: Math.sqrt(Math.max(0, squares / units - mean ** 2) / units),
    errorByCohort: Math.sqrt(between) / units,
  };
}
