/** The drill of online features that stop moving after a model that lives on them has become stable. */
import type { Drill } from './drill.ts';
import { firstModelOnly, untilExposed, withCanaries } from './slice.ts';

const EXPOSED = 0.25;

export const frozenFeatures: Drill = {
  breaks: 'the online features freeze after a model that lives on them has become stable',
  expects: 'monitoring opens an incident, names the cause and has the fallback serve; healed, the model serves again',
  declare: (slice) => ({
    ...withCanaries(firstModelOnly(slice), (step) =>
      step.exposure === EXPOSED ? { ...step, minSpan: 'P1D', approvals: undefined } : null,
    ),
    objectives: [{ kind: 'featureFreshness', id: 'fresh-enough', maxAge: 'PT2H', response: 'fallback' }],
  }),
  play: async (rehearsal) => {
    const { bundle } = await untilExposed(rehearsal, EXPOSED);
    await rehearsal.until('the model becomes stable', 72, ({ stables }) =>
      stables.some((stable) => stable.bundle === bundle && stable.since <= rehearsal.now),
    );
    // A first whole cohort with the model as stable: what is measured from here on is its own.
    await rehearsal.next();
    await rehearsal.rehearse({ frozenFeatures: true });
    rehearsal.happened('the online features freeze; outcomes are logged as before');
    const opened = await rehearsal.expectWithin('an incident is opened', 12, ({ incidents }) => incidents.length > 0);
    const [incident] = opened.incidents;
    rehearsal.expect(
      'it names the features',
      (incident?.features.length ?? 0) > 0,
      `${incident?.symptom ?? 'none'}; cause: ${incident?.cause ?? 'not named'}`,
    );
    await rehearsal.next();
    const { fallback, entries } = await rehearsal.gateway.traffic();
    rehearsal.expect('the fallback serves', fallback.bundle !== null, incident?.response ?? 'no response');
    rehearsal.expect(
      'the split beneath is left as it was',
      entries.at(-1)?.stable === bundle,
      `stable ${bundle.slice(0, 8)}`,
    );
    await rehearsal.rehearse({ frozenFeatures: false });
    rehearsal.happened('the online features move again');
    const closed = await rehearsal.expectWithin('the incident closes', 24, ({ incidents }) =>
      incidents.every(({ closedAt }) => closedAt !== null),
    );
    await rehearsal.next();
    const after = await rehearsal.gateway.traffic();
    const [ended] = closed.incidents;
    rehearsal.expect('the model serves again', after.fallback.bundle === null, ended?.closingReason ?? 'no reason');
    rehearsal.expect('a validation case is left behind', ended?.caseId != null, ended?.caseId ?? 'none');
  },
};
