import assert from 'node:assert/strict';
import { faultsOf } from '../../scripts/verify-rollout/ground/account.ts';
import type { OnRecord } from '../../scripts/verify-rollout/ground/account.ts';
import { COHORT_MS, START } from '../../scripts/verify-rollout/ground/model-in-hand.ts';
import { differences } from '../../scripts/verify-rollout/ground/telling.ts';
import type { Acknowledged } from '../../scripts/verify-rollout/ground/teller.ts';
import type { SplitEntry } from '../../src/contracts/serving.ts';
import { isoInstant } from '../../src/domain/time.ts';

const [STABLE, CANDIDATE, ID] = ['s'.repeat(64), 'c'.repeat(64), 'rollout/shop/cccccccc-1'];
const COUNTS = { candidateEvents: 1, events: 2, candidateExposures: 3, exposures: 4 };
const WINDOW = [1, 2, 3, 4];
const at = (cohort: number): string => isoInstant(START + (cohort - 1) * COHORT_MS);

type Line = OnRecord['ledgers'][number][number];

const line = (generation: number, decisionId: string, entry: Partial<SplitEntry>, clock: number): Line => ({
  sequence: generation,
  kind: 'split',
  accepted: true,
  reason: null,
  generation,
  decisionId,
  entry: { effectiveFrom: null, stable: STABLE, candidate: null, exposure: 0, salt: ID, mirror: true, ...entry },
  eventTime: at(clock),
  previousDigest: '',
  digest: '',
});
const decision = (key: string, over: object): OnRecord['chain'][number] =>
  ({
    sequence: 0,
    key,
    body: { run: 'canary', cohort: null, verdict: 'continue', reasons: [], basis: null, approvals: [], ...over },
    previousDigest: '',
    digest: '',
  }) as unknown as OnRecord['chain'][number];
const look = (cohort: number, verdict: string, over: object = {}): OnRecord['chain'][number] =>
  decision(`${ID}/canary/${cohort}`, {
    cohort,
    verdict,
    basis: { batches: [`${ID}/canary/refunds/${cohort - 1}`], extraCohorts: 0 },
    ...over,
  });

/** All units in, for the exposure is 1. */
const ledger = (): Line[] => [
  line(1, 'first', { salt: '' }, 1),
  line(2, `${ID}/offline`, { candidate: CANDIDATE, exposure: 1, effectiveFrom: at(2) }, 1),
  line(3, `${ID}/back-3`, {}, 4),
];

/** A candidate that served everybody from the second cohort on and was ordered back in the fourth. */
function honest() {
  const served = [0, 1].flatMap((gateway) =>
    [1, 2, 3, 4].map((cohort) => ({
      cohort,
      gateway,
      unit: 'u',
      bundle: cohort === 2 || cohort === 3 ? CANDIDATE : STABLE,
    })),
  );
  const acknowledged: Acknowledged[] = [
    { kind: 'evidence', batchId: 'b-2', cohort: 2, counts: COUNTS },
    { kind: 'order', name: 'pause', commandId: 'p' },
    { kind: 'order', name: 'rollback', commandId: 'r' },
  ];
  const teller = {
    rolloutId: ID,
    candidate: { bundle: CANDIDATE, rolloutId: ID, idea: 'fresh' },
    hand: { model: 'shop', served },
    acknowledged,
  };
  const decided: { outcome: string; by: string | null } = { outcome: 'rolled_back', by: 'ana' };
  const state = { decision: decided, head: { sequence: 3, digest: '' }, inWords: '' };
  return {
    told: { story: 'is ordered back', teller, state },
    chain: [
      decision(`${ID}/offline`, { run: 'offline', verdict: 'advance' }),
      look(2, 'continue'),
      look(3, 'continue'),
    ],
    recorded: { evidence: new Map([[`${ID}/canary/refunds/2`, { window: WINDOW }]]), chain: [], exposures: [] },
    candidate: { outcome: 'rolled_back', exposureHistory: [{ decisionId: `${ID}/offline` }] },
    schedule: [{ generation: 2, exposure: 1, cohort: 2 }],
    stables: 0,
    handoffs: [] as string[],
    batches: new Map([['b-2', { cohort: 2, window: WINDOW }]]),
    commands: new Set(['p']),
    ledgers: [ledger(), ledger()],
    messages: [{ topic: 'rollback', times: 2 }],
  };
}
type Doctored = ReturnType<typeof honest>;

/** What is found; whether the chain fits its digests is tested where it is verified. */
const found = (change: (onRecord: Doctored) => unknown): string[] => {
  const onRecord = honest();
  change(onRecord);
  return faultsOf(onRecord as unknown as OnRecord)
    .filter(({ kind }) => kind !== 'unverifiable')
    .map(({ kind, inWords }) => `${kind}: ${inWords}`);
};
const lines = (onRecord: Doctored, change: (all: Line[]) => void): void => {
  for (const all of onRecord.ledgers) change(all);
};

describe('the account of a rollout that was disturbed', () => {
  it('finds nothing where nothing is wrong', () =>
    assert.deepEqual(
      found(() => undefined),
      [],
    ));

  for (const [title, change, expected] of [
    [
      'a change below the generation before it',
      (r) => lines(r, (all) => void all.push(line(2, 'other', { salt: 'another' }, 5))),
      /^out of order: gateway 1: 2 after 3/,
    ],
    [
      'a decision that took effect under two generations',
      (r) => lines(r, (all) => void all.splice(2, 0, { ...all[1]!, generation: 2.5 })),
      /^repeated: gateway 1: a decision has two generations/,
    ],
    [
      'a rise that no advance stands behind',
      (r) => void ((r.chain[0] as { body: { verdict: string } }).body.verdict = 'continue'),
      /^out of order: .* raises exposure without an advance/,
    ],
    [
      'a change after the way back',
      (r) => lines(r, (all) => void all.push({ ...all[1]!, generation: 4, decisionId: 'late' })),
      /after the end$/,
    ],
    ['a change that one gateway was never told', (r) => void r.ledgers[1]!.pop(), /^lost: gateway 2 was told other/],
    [
      'a unit that was answered otherwise than its split says',
      (r) => void (r.told.teller.hand.served[1]!.bundle = STABLE),
      /^out of order: gateway 1: in cohort 2 u was not answered as its split says/,
    ],
    [
      'a unit that was exposed after the way back',
      (r) => void (r.told.teller.hand.served[3]!.bundle = CANDIDATE),
      /^out of order: gateway 1: in cohort 4 u was exposed after the way back/,
    ],
    ['evidence that was acknowledged and is gone', (r) => r.batches.clear(), /^lost: batch b-2 was acknowledged/],
    [
      'evidence that counted in no look',
      (r) => void (r.chain[2] = look(3, 'continue', { basis: { batches: [], extraCohorts: 0 } })),
      /^lost: batch b-2 counted in no look/,
    ],
    [
      'evidence that counted twice',
      (r) => {
        const { basis } = look(3, 'continue').body;
        r.chain.push(look(4, 'continue', { basis }));
        r.told.state.head = { sequence: 4, digest: '' };
      },
      /^repeated: batch b-2 counted in 2 looks/,
    ],
    [
      'evidence that counted with other numbers',
      (r) => r.recorded.evidence.set(`${ID}/canary/refunds/2`, { window: [0, 0, 0, 0] }),
      /^lost: batch b-2 counted with other numbers/,
    ],
    ['an order that is in no log', (r) => r.commands.clear(), /^lost: pause p is not in the command log/],
    [
      'a rollback that was acknowledged and not done',
      (r) => void (r.told.state.decision = { outcome: 'rolled_back', by: null }),
      /^lost: rollback was acknowledged/,
    ],
    [
      'an extension that counted twice',
      (r) => {
        r.told.teller.acknowledged.push({ kind: 'order', name: 'extend', commandId: 'p' });
        const { basis } = look(3, 'continue').body;
        r.chain[2] = look(3, 'continue', { basis: { ...basis, extraCohorts: 2 } });
      },
      /^repeated: 1 extensions were acknowledged, 2 counted/,
    ],
    [
      'a cohort that was judged twice',
      (r) => {
        r.chain.push(look(3, 'continue', { basis: null }));
        r.told.state.head = { sequence: 4, digest: '' };
      },
      /^repeated: .* cohort 3 of canary was judged after 3/,
    ],
    [
      'a cohort without a decision',
      (r) => void (r.chain[2] = look(4, 'continue')),
      /^lost: .* no decision between cohorts 2 and 4/,
    ],
    [
      'decisions that the rollout was never told',
      (r) => void (r.told.state.head = { sequence: 1, digest: '' }),
      /^lost: 2 recorded decisions were never told/,
    ],
    [
      'an outcome that its record does not have',
      (r) => void (r.candidate.outcome = 'in_progress'),
      /^lost: its record says in_progress/,
    ],
    [
      'another outcome than that of its story',
      (r) => {
        r.told.state.decision.outcome = 'refused';
        r.candidate.outcome = 'refused';
      },
      /^unfinished: it ended refused/,
    ],
    ['a stable that was never promoted', (r) => void (r.stables = 1), /^repeated: it is 1 times among the stables/],
    [
      'an end that promotion has not heard of',
      (r) => void r.handoffs.push(`${ID}/finished`),
      /^lost: promotion has not taken/,
    ],
    [
      'people who were told again and again',
      (r) => void (r.messages[0]!.times = 3),
      /^repeated: people were told of rollback 3 times/,
    ],
  ] satisfies ReadonlyArray<readonly [string, (onRecord: Doctored) => unknown, RegExp]>)
    it(`finds ${title}`, () => {
      const faults = found(change);
      assert.ok(
        faults.some((fault) => expected.test(fault)),
        faults.join('\n') || 'nothing was found',
      );
    });

  it('finds the first difference to the same story undisturbed', () => {
    const account = (...said: string[]) =>
      ({
        lines: said,
        faults: [],
        story: 'is harmful',
        rolloutId: ID,
        decisions: 0,
        changes: 0,
        refused: 0,
        acknowledged: 0,
      }) as const;
    const kinds = (disturbed: string[], peaceful: string[]): string[] =>
      differences(account(...disturbed), account(...peaceful)).map(({ kind }) => kind);
    assert.deepEqual(kinds(['a', 'b'], ['a', 'b']), []);
    assert.deepEqual(kinds(['a'], ['a', 'b']), ['lost']);
    assert.deepEqual(kinds(['a', 'b', 'b'], ['a', 'b']), ['repeated']);
    assert.deepEqual(kinds(['b', 'a'], ['a', 'b']), ['out of order']);
  });
});
