/** Drills about who is served by what: a split that somebody else writes, a candidate that is worse for a few. */
import { rollback } from '../../client/rollout.ts';
import { needsPerson, waitingForInWords } from '../../domain/rollout/words.ts';
import type { Drill } from './drill.ts';
import { candidateOf, decisionsAfter, firstModelOnly, untilExposed, withCanaries, withPolicy } from './slice.ts';

const CANARY = 0.01;
const FOREIGN = { exposure: 0.5, salt: 'somebody-else', decisionId: 'somebody-else/by-hand' };

export const foreignSplit: Drill = {
  breaks: 'somebody else writes the split while a candidate serves 1 %: half of all flights go to it',
  expects: 'the rollout holds and calls a person; it does not fight for the split; a rollback by a person ends it',
  declare: firstModelOnly,
  play: async (rehearsal) => {
    const { bundle, rolloutId } = await untilExposed(rehearsal, CANARY);
    const id = rolloutId ?? '';
    const before = await rehearsal.gateway.traffic();
    const { stable } = before.servingNow;
    const entry = { effectiveFrom: rehearsal.now, stable, candidate: bundle, mirror: true };
    const { decisionId, exposure, salt } = FOREIGN;
    const generation = before.generation + 1;
    const status = await rehearsal.gateway.writeSplit({ generation, decisionId, entry: { ...entry, exposure, salt } });
    if (status !== 200) throw new Error(`the foreign split was answered with ${status}`);
    const writtenAt = rehearsal.now;
    rehearsal.happened(`somebody else writes a split of generation ${generation}: exposure ${exposure}`);
    const held = await rehearsal.expectWithin('the rollout holds, and names the foreign split', 9, (now) =>
      decisionsAfter(now, rolloutId, writtenAt).some(
        ({ verdict, reasons }) => verdict === 'hold' && reasons.includes('foreign-split'),
      ),
    );
    const state = await rehearsal.status(id);
    rehearsal.expect('a person is called', needsPerson(state), waitingForInWords(state));
    for (let cohort = 0; cohort < 3; cohort += 1) await rehearsal.next();
    const since = decisionsAfter(await rehearsal.look(), rolloutId, held.decisions.at(-1)?.eventTime ?? '');
    const lines = (await rehearsal.gateway.ledger()).filter((line) => line.generation >= generation);
    rehearsal.expect(
      'it stays on hold and does not fight',
      lines.length === 1 && since.every(({ verdict }) => verdict === 'hold'),
      `${since.length} more looks, each a hold; ${lines.length - 1} splits written since`,
    );
    const order = { by: 'ana', reason: 'somebody wrote the split by hand', channel: 'cli' as const };
    const reply = await rollback(rehearsal.client, id, order);
    rehearsal.happened(`ana rolls back: ${reply.message}`);
    const after = await rehearsal.expectWithin(
      'the rollback ends it',
      3,
      (now) => candidateOf(now, bundle).outcome === 'rolled_back',
    );
    const { servingNow } = await rehearsal.gateway.traffic();
    const isBack = servingNow.exposure === 0 && servingNow.candidate === null;
    rehearsal.expect('everyone is back on stable', isBack, candidateOf(after, bundle).reason ?? '');
  },
};

const AIRPORT = 'EWR';
const NEWARK = { id: 'newark', where: { origin: [AIRPORT] }, role: 'veto' as const, harmMarginPerThousand: 40 };

export const worseAtOneAirport: Drill = {
  breaks: 'a candidate that is better on the whole answers flights from Newark upside down, from 5 % exposure on',
  expects: 'the slice stops it, whatever the nation says, before it reaches 25 %',
  declare: (slice) => {
    // Long enough at 5 % for the labels of a few cohorts to come in.
    const patient = withCanaries(firstModelOnly(slice), (step) =>
      step.exposure === 0.05 ? { ...step, minSpan: 'P1D' } : step,
    );
    return withPolicy(patient, { slices: [NEWARK] });
  },
  play: async (rehearsal) => {
    const { bundle, rolloutId } = await untilExposed(rehearsal, 0.05);
    const brokenAt = rehearsal.now;
    await rehearsal.rehearse({ candidateWrongWhere: { origin: [AIRPORT] } });
    rehearsal.happened(`the candidate answers flights from ${AIRPORT} upside down, all others as before`);
    const recorded = await rehearsal.expectWithin(
      'it is rolled back',
      24,
      (now) => candidateOf(now, bundle).outcome === 'rolled_back',
    );
    const last = decisionsAfter(recorded, rolloutId, brokenAt).at(-1);
    rehearsal.expect('by its slice alone', last?.reasons.join() === 'loss/newark', last?.inWords ?? 'no decision');
    const exposed = candidateOf(recorded, bundle).exposureHistory.map(({ exposure }) => exposure);
    rehearsal.expect('nobody beyond 5 % has met it', Math.max(...exposed) === 0.05, `exposure ${exposed.join(', ')}`);
    const { servingNow } = await rehearsal.gateway.traffic();
    rehearsal.expect('everyone is back on stable', servingNow.candidate === null, `exposure ${servingNow.exposure}`);
  },
};
