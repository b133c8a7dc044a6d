/** A model that is judged by refunds that somebody pushes, and counts of them. */
import type { ModelDeclaration } from '../src/contracts/model.ts';
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
