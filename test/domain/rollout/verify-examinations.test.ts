import assert from 'node:assert/strict';
import { canonicalJson } from '../../../src/domain/canonical-json.ts';
import type { RecordedDecision, RecordedRollout } from '../../../src/domain/rollout/recorded-chain.ts';
import { policyDigest } from '../../../src/domain/rollout/recorded-policy.ts';
import { judgeMeans } from '../../../src/domain/rollout/suite.ts';
import { verifyChain } from '../../../src/domain/rollout/verify-chain.ts';
import { sha256Hex } from '../../../src/domain/sha256.ts';
import { ladderOf } from '../../workflows/rollout-stories.ts';
import { resealed } from './eventful-rollout.ts';

const SUITE = [
  { id: 'last-week', maxRegressionPerThousand: 10, minUnits: 200 },
  { id: 'north', maxRegressionPerThousand: 0, minUnits: 50 },
];
const CASES = [judgeMeans(SUITE[0]!, 500, 0.12, 0.115), judgeMeans(SUITE[1]!, 20, 0.1, 0.1)];
const ATTESTATION = { passed: true, cases: CASES };
const POLICY = {
  claim: 'improve' as const,
  rollout: ladderOf('shop').rollout,
  people: { approver: ['ana'] },
  cohortMs: 3_600_000,
  maturityMs: 3_600_000,
  affectsLabel: false,
};
const digestOf = (value: unknown): string => sha256Hex(canonicalJson(value));
const DIGEST = policyDigest(POLICY);

const decision = (over: Partial<RecordedDecision>): RecordedDecision => ({
  decisionId: 'r/offline',
  rolloutId: 'r',
  run: 'offline',
  cohort: null,
  verdict: 'advance',
  reasons: [],
  candidate: 'c',
  stable: 's',
  policyDigest: digestOf(SUITE),
  evidenceDigest: digestOf(ATTESTATION),
  batchesDigest: null,
  basis: null,
  look: null,
  approvals: [],
  ...over,
});
const infra = (over: Partial<RecordedDecision> = {}): RecordedDecision =>
  decision({ decisionId: 'r/infra', run: 'infra', policyDigest: DIGEST, evidenceDigest: 'e', ...over });

function recorded(bodies: readonly RecordedDecision[], over: Partial<RecordedRollout> = {}): RecordedRollout {
  const chain = resealed(
    bodies.map((body) => ({ sequence: 0, key: body.decisionId, body, previousDigest: '', digest: '' })),
  );
  return {
    rolloutId: 'r',
    chain,
    decisions: new Map(chain.map(({ key, body }) => [key, body])),
    evidence: new Map(),
    policies: new Map([[DIGEST, JSON.parse(JSON.stringify(POLICY)) as typeof POLICY]]),
    attestations: [ATTESTATION],
    suite: SUITE,
    commands: new Map(),
    exposures: [],
    head: null,
    ...over,
  };
}

describe('examinations at exposure 0, judged again from their records', () => {
  it('are verified as they were recorded', () => {
    const verification = verifyChain(recorded([decision({}), infra()]));
    assert.ok(verification.verified, JSON.stringify(verification));
    assert.deepEqual([verification.decisions, verification.looks], [2, 0]);
  });

  it('are verified on the cases there were, whatever the suite has grown by since', () => {
    const suite = [...SUITE, { id: 'storm', maxRegressionPerThousand: 0, minUnits: 1 }];
    assert.ok(verifyChain(recorded([decision({})], { suite })).verified);
  });

  const [first, second] = CASES as [(typeof CASES)[number], (typeof CASES)[number]];
  const differs = { ...ATTESTATION, cases: [{ ...first, candidateLoss: 0.2 }, second] };
  const regrown = [{ ...SUITE[0]!, maxRegressionPerThousand: 100 }, SUITE[1]!];
  for (const [title, bodies, over, expected] of [
    [
      'what the evaluation found is gone',
      [decision({})],
      { attestations: [] },
      /what the evaluation found \([0-9a-f]{12}\) is not on record as it was/,
    ],
    [
      'a case was loosened',
      [decision({})],
      { suite: regrown },
      /the cases it was evaluated on \([0-9a-f]{12}\) are not on record as they were/,
    ],
    [
      'a measured loss was changed, and its digest with it',
      [decision({ evidenceDigest: digestOf(differs) })],
      { attestations: [differs] },
      /case last-week was recorded as passed, judged again it is failed/,
    ],
    [
      'a refusal was made an advance',
      [decision({ verdict: 'refuse' })],
      {},
      /its verdict is refuse, and no case failed/,
    ],
    [
      'a failed serving check was made an advance',
      [infra({ reasons: ['died'] })],
      {},
      /its verdict is advance, and the problems it found are: died/,
    ],
    [
      'a decision of another rollout',
      [decision({ rolloutId: 'other' })],
      {},
      /it says of itself that it is r\/offline of other/,
    ],
    ['a run that there is not', [decision({ run: 'guess' as never })], {}, /it belongs to no run: guess/],
  ] as const)
    it(`differ where ${title}`, () => {
      const verification = verifyChain(recorded(bodies, over));
      assert.equal(verification.verified, false);
      assert.match(verification.inWords, expected);
    });
});
