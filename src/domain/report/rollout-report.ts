/** A page about a rollout as it stands or ended, or about one decision of it: then nothing that came later is on it. */
import { reasonsInWords } from '../rollout/look-words.ts';
import { claimInWords, exposureInWords } from '../rollout/words.ts';
import { labelLagOf } from '../rollout/recorded-policy.ts';
import type { RecordedPolicy } from '../rollout/recorded-policy.ts';
import { epochMs, lengthInWords } from '../time.ts';
import { runSeen } from './course.ts';
import type { RunSeen } from './course.ts';
import { differenceSection, errorsSection, metricsSection, slicesSection, stepName } from './evidence-sections.ts';
import type { Told } from './evidence-sections.ts';
import { decisionsOf } from './material.ts';
import type { ChainedDecision, RolloutMaterial } from './material.ts';
import { decisionsSection, timelineSection, verificationOf, verifySection } from './record-sections.ts';
import { answerOf } from './rollout-answer.ts';
import type { Standing } from './rollout-answer.ts';
import { suiteSection } from './suite-section.ts';
import type { Fact, Report, Section } from './report.ts';
import { failuresSection, latencySection } from './timing-sections.ts';
import { assignmentSection, maturitySection, scoreSections, stepsSection } from './unit-sections.ts';

const DIGEST_SHOWN = 12;

/** The rollout as it stands, or as it ended. @throws RangeError where nothing has been decided yet */
export function rolloutReport(material: RolloutMaterial): Report {
  return reportOf(material, 'rollout');
}

/**
 * The rollout as it stood after one decision.
 * @param digest Of the decision, as the chain names it
 * @returns null where the chain has no such decision
 */
export function decisionReport(material: RolloutMaterial, digest: string): Report | null {
  const link = material.recorded.chain.find((each) => each.digest === digest);
  return link === undefined ? null : reportOf(until(material, link.sequence), 'decision');
}

/** What was on record when the decision was taken, as far as the page tells of it. */
function until(material: RolloutMaterial, sequence: number): RolloutMaterial {
  const { recorded } = material;
  const chain = recorded.chain.slice(0, sequence);
  const cut = { ...material, recorded: { ...recorded, chain } };
  const last = decisionsOf(cut).at(-1)!;
  const ids = new Set(chain.map(({ key }) => key));
  const named = new Set(chain.flatMap(({ body }) => body.basis?.batches ?? []));
  const isKnown = ({ decisionId, eventTime }: RolloutMaterial['exposures'][number]): boolean =>
    ids.has(decisionId) && (decisionId !== last.decisionId || epochMs(eventTime) <= epochMs(last.eventTime));
  const matured = (run: string, cohort: number): boolean => named.has(`${recorded.rolloutId}/${run}/loss/${cohort}`);
  const knownThrough = epochMs(last.watermark ?? last.eventTime);
  const looks = new Set(chain.map(({ body }) => `${body.run}/${body.basis?.cohort}`));
  return {
    ...cut,
    recorded: {
      ...recorded,
      chain,
      evidence: new Map([...recorded.evidence].filter(([batchId]) => named.has(batchId))),
      decisions: new Map([...recorded.decisions].filter(([id]) => ids.has(id))),
      exposures: recorded.exposures.filter(({ decisionId }) => ids.has(decisionId)),
    },
    outcome: 'in_progress',
    reason: null,
    decidedAt: null,
    exposures: material.exposures.filter(isKnown),
    scores: material.scores.filter(({ run, cohort }) => matured(run, cohort)),
    timings: material.timings.filter(({ run, cohort }) => looks.has(`${run}/${cohort}`)),
    incidents: material.incidents
      .filter(({ openedAt }) => epochMs(openedAt) <= epochMs(last.eventTime))
      .map((incident) => ({ ...incident, closedAt: null, closingReason: null })),
    orders: material.orders.filter(({ eventTime }) => eventTime !== null && epochMs(eventTime) < knownThrough),
  };
}

function reportOf(material: RolloutMaterial, kind: 'rollout' | 'decision'): Report {
  const last = decisionsOf(material).at(-1);
  if (last === undefined) throw new RangeError(`nothing has been decided of ${material.recorded.rolloutId} yet`);
  const told = toldOf(material, last);
  const verification = verificationOf(material);
  const shadow = verification.verified ? runSeen(material, 'shadow') : null;
  const canary = verification.verified ? runSeen(material, 'canary') : null;
  const seen = last.run === 'shadow' ? shadow : last.run === 'canary' ? canary : (canary ?? shadow);
  const standing = { told, material, last, seen, verification, isNewest: kind === 'rollout' };
  return {
    format: 1,
    kind,
    model: material.model,
    subject: kind === 'rollout' ? material.recorded.rolloutId : last.decisionId,
    title:
      kind === 'rollout'
        ? `Rollout of ${material.idea} for ${material.model}`
        : `Decision ${last.sequence} on ${material.idea} for ${material.model}`,
    answer: answerOf(standing),
    facts: factsOf(standing),
    sections: [
      ...evidenceSections(told, material, { shadow, canary, seen }),
      timelineSection(material, last.watermark),
      decisionsSection(material),
      verifySection(material, verification, last),
    ],
  };
}

interface Runs {
  readonly shadow: RunSeen | null;
  readonly canary: RunSeen | null;
  readonly seen: RunSeen | null;
}

function evidenceSections(told: Told, material: RolloutMaterial, { shadow, canary, seen }: Runs): Section[] {
  const suite = suiteSection(told, material);
  if (seen === null) return suite === null ? [] : [suite];
  const checked = decisionsOf(material).findLast(({ run }) => run === 'infra');
  const differences = [canary, shadow].map((run) => (run === null ? null : differenceSection(told, run)));
  return [
    ...differences,
    metricsSection(told, seen),
    slicesSection(told, seen),
    maturitySection(told, material, seen),
    stepsSection(told, material),
    assignmentSection(told, canary ?? seen),
    ...scoreSections(told, material, seen),
    latencySection(told, material, seen, checked === undefined ? null : servingCheckInWords(checked, material)),
    failuresSection(told, material, seen),
    errorsSection(told, seen),
    suite,
  ].filter((section) => section !== null);
}

function servingCheckInWords({ inWords }: ChainedDecision, { servingCheck }: RolloutMaterial): string {
  if (servingCheck?.latencyMsP99 == null) return inWords;
  const { latencyMsP99, memoryBytes } = servingCheck;
  return `${inWords}; on that machine the 99th percentile of the latency was ${latencyMsP99.toFixed(2)} ms, with ${Math.round(memoryBytes / 1e6)} MB of memory`;
}

function toldOf(material: RolloutMaterial, { policyDigest }: ChainedDecision): Told {
  const { recorded, unit } = material;
  // The first decision, the offline one, names the cases of the suite in its place.
  const digests = [policyDigest, ...recorded.chain.map(({ body }) => body.policyDigest)];
  const policy = digests.map((name) => recorded.policies.get(name)).find((found) => found !== undefined);
  return { policy: policy ?? NO_POLICY, unit, units: `${unit}s` };
}

/** A rollout that was refused at its first decision may have recorded none. */
const NO_POLICY: RecordedPolicy = {
  claim: 'not-worse',
  rollout: {
    preset: 'standard',
    marginPerThousand: 0,
    harmBudgetPerThousand: 0,
    errorRatio: 1,
    slices: [],
    metrics: [],
    steps: [],
  },
  people: {},
  cohortMs: 0,
  maturityMs: 0,
  affectsLabel: false,
};

function factsOf({ told, material, last, seen }: Standing): Fact[] {
  const { policy } = told;
  const exposure = material.exposures.at(-1)?.exposure ?? 0;
  const lag = policy.cohortMs === 0 ? null : labelLagOf(policy);
  return [
    { label: 'Candidate', value: `${last.candidate.slice(0, DIGEST_SHOWN)}, ${material.idea}` },
    { label: 'Claim', value: claimInWords(material.claim) },
    { label: 'Against stable', value: last.stable.slice(0, DIGEST_SHOWN) },
    {
      label: 'Step judged',
      value: seen === null ? last.step : stepName(policy, seen.last.ladderStep),
    },
    { label: 'Ladder', value: policy.rollout.steps.map((_, index) => stepName(policy, index)).join(' → ') },
    { label: 'Exposure now', value: exposureInWords(exposure) },
    {
      label: 'Newest verdict',
      value: `${last.verdict} after ${last.eventTime}${last.verdict === 'continue' ? `: ${reasonsInWords(last.reasons)}` : ''}`,
    },
    { label: 'Data through', value: last.watermark === null ? 'no log was read' : last.watermark },
    ...(lag === null
      ? []
      : [
          {
            label: 'Looks',
            value: `after each cohort of ${lengthInWords(policy.cohortMs)}; a label counts ${lag === 0 ? 'at once' : `${lengthInWords(lag * policy.cohortMs)} later`}`,
          },
        ]),
  ];
}
