/** A model that is judged by refunds that somebody pushes, and counts of them. */
import type { ModelDeclaration } from '../src/contracts/model.ts';
import { flightModel } from './adapters/data-source/places.ts';
import { declarationWith, REFUNDS } from './rollout-on-record.ts';

const GATE = { minSpan: 'PT3H', minUnits: 10, deadline: 'P7D', gates: ['refunds'] };
const ONE_APPROVER = { roles: ['approver'], quorum: 1, veto: [], authenticated: false };

/** Enough to certify both arms alike in one cohort, and enough to certify harm. */
export const ALIKE = { candidateEvents: 100, events: 2000, candidateExposures: 5000, exposures: 100_000 };
export const HARMFUL = { candidateEvents: 400, events: 2300, candidateExposures: 5000, exposures: 100_000 };

/** Offline, 5 %, 25 % with an approval, full; both canaries wait for certified refunds and for nothing else. */
export function pushedModel(model: string): ModelDeclaration {
  const declaration = declarationWith([REFUNDS]);
  return {
    ...declaration,
    model,
    owner: 'cleo',
    suite: [],
    people: { approver: ['ana', 'ben', 'cleo'] },
    rollout: {
      ...declaration.rollout,
      steps: [
        { mode: 'offline' },
        { mode: 'canary', exposure: 0.05, ...GATE },
        { mode: 'canary', exposure: 0.25, ...GATE, approvals: ONE_APPROVER },
        { mode: 'full', watch: 'PT0S', holdback: 0 },
      ],
    },
  };
}

/** As `pushedModel`, sound as a file, and with a first canary of another size. */
export function soundPushedModel(model: string, exposure: number): ModelDeclaration {
  const flights = flightModel();
  const { rollout, owner, people, suite } = pushedModel(model);
  const [offline, canary, ...others] = rollout.steps;
  if (offline === undefined || canary?.mode !== 'canary') throw new Error('the ladder begins with a canary');
  return {
    ...flights,
    model,
    owner,
    people,
    suite,
    source: { ...flights.source, backfillUntil: '2001-01-03' },
    // Acting changes the label, so nothing is judged in shadow.
    label: { ...flights.label, affectsLabel: true },
    ideas: flights.ideas.map((idea) => ({ ...idea, claim: 'not-worse' })),
    rollout: { ...rollout, seasonWaiver: 'a test', steps: [offline, { ...canary, exposure }, ...others] },
  };
}
