import assert from 'node:assert/strict';
import type { CandidateRecord, DecisionRecord, IncidentRecord } from '../../src/contracts/records.ts';
import { keysLine, troubleLine } from '../../src/pages/trouble.ts';
import type { Trouble, TroubledView, TroubleKind } from '../../src/pages/trouble.ts';

const ID = 'rollout/flight-delay/cccccccc-1';
const CANDIDATE: CandidateRecord = {
  bundle: 'c'.repeat(64),
  idea: 'fresh-features',
  attempt: 1,
  claim: 'improve',
  priority: 'idea',
  outcome: 'in_progress',
  rolloutId: ID,
  step: 'canary',
  reason: null,
  exposureHistory: [
    { exposure: 0.25, mode: 'canary', eventTime: '2001-03-05T00:00:00Z', decisionId: 'b', evidenceDigest: null },
  ],
  readyAt: '2001-03-01T06:00:00Z',
  decidedAt: null,
};
const look = (
  eventTime: string,
  verdict: DecisionRecord['verdict'],
  reasons: string[],
  rolloutId = ID,
): DecisionRecord => ({
  decisionId: `${rolloutId}/${eventTime}`,
  rolloutId,
  run: 'canary',
  step: 'canary',
  cohort: 30,
  eventTime,
  verdict,
  reasons,
  candidate: CANDIDATE.bundle,
  stable: 'a'.repeat(64),
  policyDigest: 'd'.repeat(64),
  evidenceDigest: null,
  look: null,
  batchesDigest: null,
  watermark: null,
  basis: null,
  approvals: [],
  inWords: '',
});
const INCIDENT: IncidentRecord = {
  id: 'incident/flight-delay/2001-03-05-1',
  objective: 'fresh-enough',
  openedAt: '2001-03-05T18:00:00Z',
  symptom: 'stale',
  cause: null,
  features: ['lateOrigin3h'],
  response: 'fallback',
  responseDecisionId: null,
  closedAt: null,
  closingReason: null,
  caseId: null,
};
const VIEW: TroubledView = { candidate: CANDIDATE, decided: null, decisions: [], incidents: [], slice: 'newark' };
const SINCE = '2001-03-05T14:00:00Z';
const HEALED = '2001-03-06T03:00:00Z';
const broken = (kind: TroubleKind, healedAt: string | null = null): Trouble => ({ kind, since: SINCE, healedAt });
const LATE = ['data-pending', 'loss'];
const fallen = (decidedAt: string): CandidateRecord => ({
  ...CANDIDATE,
  outcome: 'rolled_back',
  reason: 'harm certified on errors: ×9 (5 to 20; 300 units); it overturns the pass of shadow',
  decidedAt,
});
const EARLIER = '2001-03-05T12:00:00Z';
const AFTER = '2001-03-05T18:00:00Z';
const LATER = '2001-03-06T06:00:00Z';

describe('what the system does about trouble, in words', () => {
  for (const [title, trouble, view, words] of [
    [
      'labels: nothing was due yet',
      broken('labels'),
      { decisions: [look(EARLIER, 'hold', LATE)] },
      'labels stopped at 03-05 14:00; rollout judges what had arrived before, at 25 %',
    ],
    [
      'labels: it holds, since the first hold',
      broken('labels'),
      { decisions: [look(AFTER, 'hold', LATE), look(LATER, 'hold', LATE)] },
      'labels stopped at 03-05 14:00; rollout holds since 03-05 18:00 at 25 %, neither forward nor back',
    ],
    [
      'labels: a hold of another rollout is not this one’s',
      broken('labels'),
      { decisions: [look(AFTER, 'hold', LATE, 'rollout/flight-delay/aaaaaaaa-1')] },
      'labels stopped at 03-05 14:00; rollout judges what had arrived before, at 25 %',
    ],
    [
      'labels: the deadline has passed meanwhile',
      broken('labels'),
      { decisions: [look(AFTER, 'hold', LATE), look(LATER, 'escalate', ['deadline'])] },
      'labels stopped at 03-05 14:00; deadline passed at 03-06 06:00: a person is called, exposure stays at 25 %',
    ],
    [
      'labels: nobody is exposed',
      broken('labels'),
      { candidate: null },
      'labels stopped at 03-05 14:00; no rollout is in flight; without labels none can advance',
    ],
    [
      'labels: they came before one had to hold',
      broken('labels', HEALED),
      {},
      'labels stopped at 03-05 14:00, healed at 03-06 03:00; no rollout had to hold for it',
    ],
    [
      'labels: they came late, and are not judged yet',
      broken('labels', HEALED),
      { decisions: [look(AFTER, 'hold', LATE), look(LATER, 'advance', [], 'rollout/flight-delay/aaaaaaaa-1')] },
      'labels stopped at 03-05 14:00, healed at 03-06 03:00; late labels are judged as they come',
    ],
    [
      'labels: the one that held went on',
      broken('labels', HEALED),
      { decisions: [look(AFTER, 'hold', LATE), look(LATER, 'advance', [])] },
      'labels stopped at 03-05 14:00, healed at 03-06 03:00; rollout went on at 03-06 06:00',
    ],
    [
      'the candidate: the gate has not looked yet, and a fall before is not this one’s',
      broken('candidate'),
      { decided: fallen(EARLIER) },
      'the candidate began to fail at 03-05 14:00; the gate looks when the cohort is complete; until then 25 % of the units meet it',
    ],
    [
      'the candidate: it fell, with the reason, without the pass that it overturns',
      broken('candidate'),
      { candidate: null, decided: fallen(AFTER) },
      'the candidate began to fail at 03-05 14:00; fresh-features rolled back at 03-05 18:00: harm certified on errors: ×9 (5 to 20; 300 units)',
    ],
    [
      'the slice: nobody is there to meet it',
      broken('slice'),
      { candidate: null },
      'the candidate became worse at newark only at 03-05 14:00; no candidate is in flight: the next one will meet it',
    ],
    [
      'the slice: healed before harm was certified',
      broken('slice', HEALED),
      {},
      'the candidate became worse at newark only at 03-05 14:00, healed at 03-06 03:00; no harm was certified meanwhile',
    ],
    [
      'the worker: away',
      broken('worker'),
      {},
      'the worker was killed at 03-05 14:00; traffic goes on by the last split, nothing is decided until it is back',
    ],
    [
      'features: nothing was found yet, and an incident of before is not this one’s',
      broken('features'),
      { incidents: [{ ...INCIDENT, openedAt: EARLIER }] },
      'online features froze at 03-05 14:00; monitoring looks at every complete cohort that lives on them',
    ],
    [
      'features: an incident answers',
      broken('features'),
      { incidents: [INCIDENT] },
      'online features froze at 03-05 14:00; incident/flight-delay/2001-03-05-1 open since 03-05 18:00, response: fallback',
    ],
    [
      'features: the incident is closed',
      broken('features', HEALED),
      { incidents: [{ ...INCIDENT, closedAt: LATER, closingReason: 'fresh again' }] },
      'online features froze at 03-05 14:00, healed at 03-06 03:00; incident/flight-delay/2001-03-05-1 closed at 03-06 06:00: fresh again',
    ],
  ] as ReadonlyArray<readonly [string, Trouble, Partial<TroubledView>, string]>)
    it(title, () => assert.equal(troubleLine(trouble, { ...VIEW, ...view }), words));

  it('marks the keys of what is broken, and leaves out a slice that the policy does not name', () => {
    assert.equal(
      keysLine([broken('labels'), broken('worker', HEALED)], 'newark'),
      'Keys break and heal: [l labels] · e candidate · w worker · f features · s newark',
    );
    assert.equal(keysLine([], null), 'Keys break and heal: l labels · e candidate · w worker · f features');
  });
});
