import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { ChainLink, RecordedExposure, RecordedRollout } from '../../../src/domain/rollout/recorded-chain.ts';
import { policyDigest } from '../../../src/domain/rollout/recorded-policy.ts';
import type { RecordedPolicy } from '../../../src/domain/rollout/recorded-policy.ts';
import type { RolloutState } from '../../../src/domain/rollout/states.ts';
import { verifyChain } from '../../../src/domain/rollout/verify-chain.ts';
import type { Verification } from '../../../src/domain/rollout/verify-chain.ts';
import { eventful, resealed, TWO_APPROVERS } from './eventful-rollout.ts';
import type { Changed, Writable } from './eventful-rollout.ts';

type Step = RecordedPolicy['rollout']['steps'][number];

describe('the chain of a rollout, judged again from its records', function () {
  this.timeout(60_000);
  let honest: RecordedRollout;
  let end: RolloutState;
  before(async () => void ({ recorded: honest, end } = await eventful()));

  const after = (change: (recorded: Changed) => void): Verification => {
    const changed: Changed = structuredClone(honest);
    change(changed);
    return verifyChain(changed);
  };
  /** Somebody with the database changes a decision and makes every digest fit again; the head is all that is not theirs. */
  const rewritten = (place: number, change: (body: Writable) => void, head = honest.head): Verification =>
    after((recorded) => {
      const chain = structuredClone(recorded.chain);
      change(chain[place]!.body);
      recorded.chain = resealed(chain);
      recorded.decisions = new Map(recorded.chain.map(({ key, body }) => [key, body]));
      recorded.head = head;
    });
  const found = (verification: Verification, expected: RegExp): void => {
    assert.equal(verification.verified, false, 'nothing was found');
    assert.match(verification.inWords, expected);
  };
  const placeOf = (id: string): number =>
    honest.chain.findIndex(({ key }) => `${key}/`.includes(id.endsWith('/') ? id : `/${id}/`));

  it('is verified as it was recorded, look by look, through policies, outages and approvals', () => {
    assert.equal(end.decision?.outcome, 'promoted');
    const verification = verifyChain(honest);
    assert.deepEqual(verification, {
      verified: true,
      decisions: 20,
      looks: 19,
      evidence: honest.evidence.size,
      attested: 20,
      head: end.head,
    });
    const verdicts = new Set(honest.chain.map(({ body }) => body.verdict));
    assert.deepEqual(verdicts, new Set(['continue', 'advance', 'hold']));
  });

  it('is verified as far as it goes while the rollout goes on', () => {
    const verification = after((recorded) => {
      recorded.chain = recorded.chain.slice(0, 7);
      const named = new Set(recorded.chain.flatMap(({ body }) => body.basis?.batches ?? []));
      recorded.evidence = new Map([...recorded.evidence].filter(([batchId]) => named.has(batchId)));
      recorded.exposures = recorded.exposures.slice(0, 2);
      recorded.head = null;
    });
    assert.ok(verification.verified);
    assert.deepEqual([verification.decisions, verification.attested], [7, 0]);
  });

  it('finds a count that was flipped, and names the decision that was taken on it', () => {
    const verification = after((recorded) => {
      const batch = [...recorded.evidence.values()].find(({ stream, cohort }) => stream === 'loss' && cohort === 7)!;
      const [[value, denominator, count] = [0, 1, 0]] = batch.histogram ?? [];
      const histogram = [[value, denominator, count - 1] as const];
      recorded.evidence = new Map([...recorded.evidence, [batch.batchId, { ...batch, histogram }]]);
    });
    found(verification, /^decision 7 \(.*canary\/8\): the evidence that came with it was changed: it has digest/);
  });

  it('finds evidence that is gone', () =>
    found(
      after((recorded) => {
        recorded.evidence = new Map([...recorded.evidence].filter(([id]) => !id.endsWith('/shadow/errors/1')));
      }),
      /^decision 1 \(.*shadow\/1\): its evidence .*shadow\/errors\/1 is not on record$/,
    ));

  it('finds a decision that was dropped', () =>
    found(
      after((recorded) => void (recorded.chain = recorded.chain.filter((_, index) => index !== 4))),
      /^decision 6 \(.*canary\/7\): it follows decision 4; decision 5 is missing$/,
    ));

  it('finds a decision that was dropped and the rest renumbered: its evidence tells', () =>
    found(
      after((recorded) => {
        recorded.chain = resealed(recorded.chain.filter((_, index) => index !== 4));
        recorded.decisions = new Map(recorded.chain.map(({ key, body }) => [key, body]));
        recorded.head = null;
      }),
      /^decision 5 \(.*canary\/7\): the evidence that came with it was changed/,
    ));

  it('finds two decisions that changed places', () => {
    const swapped = (recorded: Changed): void => {
      const chain = [...recorded.chain];
      [chain[5], chain[6]] = [chain[6]!, chain[5]!];
      recorded.chain = chain;
    };
    found(after(swapped), /^decision 7 \(.*canary\/8\): it follows decision 5; decision 6 is missing$/);
    const renumbered = (recorded: Changed): void => {
      swapped(recorded);
      recorded.chain = recorded.chain.map((link, index) => ({ ...link, sequence: index + 1 }));
    };
    found(
      after(renumbered),
      /^decision 6 \(.*canary\/8\): it was taken on a chain that ended in .*, and the decision before it has/,
    );
  });

  it('finds a chain that was cut off: by its head, and without one by the evidence that is left', () => {
    const cut = (recorded: Changed): void => void (recorded.chain = recorded.chain.slice(0, -3));
    found(after(cut), /^the chain ends with decision 17, and its rollout has seen 20: the last 3 are missing$/);
    const unattested = (recorded: Changed): void => {
      cut(recorded);
      recorded.head = null;
    };
    found(after(unattested), /^evidence .*canary\/errors\/18 is on record, and no decision names it$/);
  });

  it('finds a policy that was changed, and one that is gone', () => {
    const policy = honest.policies.get(honest.chain[0]!.body.policyDigest)!;
    const looser = { ...policy, rollout: { ...policy.rollout, marginPerThousand: 400 } };
    const expected = /^decision 1 \(.*\): its policy [0-9a-f]{12} was changed: the record under that name has digest/;
    const inForce = honest.chain[0]!.body.policyDigest;
    const change = new Map([...honest.policies, [inForce, looser]]);
    found(
      after((recorded) => void (recorded.policies = change)),
      expected,
    );
    found(
      after(
        (recorded) => void (recorded.policies = new Map([...recorded.policies].filter(([name]) => name !== inForce))),
      ),
      /^decision 1 \(.*\): its policy [0-9a-f]{12} is not on record$/,
    );
  });

  it('finds an approval that was changed, in the chain and in the record by its id', () => {
    const approval = placeOf('canary/10');
    const changeBy = (body: Writable): void => {
      body.approvals = body.approvals.map((given) => (given.by === 'ben' ? { ...given, by: 'cleo' } : given));
    };
    found(
      after((recorded) => changeBy(recorded.chain[approval]!.body)),
      /^decision 9 \(.*canary\/10\): its content has digest .*: it was changed after it was taken$/,
    );
    found(
      after((recorded) => changeBy(recorded.decisions.get(recorded.chain[approval]!.key) as Writable)),
      /^decision 9 \(.*canary\/10\): its record by id is not the one in the chain$/,
    );
  });

  it('finds a rewritten chain by its head, even where everything in it fits', () =>
    found(
      rewritten(placeOf('canary/20'), (body) => void (body.approvals = [])) &&
        rewritten(19, (body) => {
          body.basis = { ...body.basis!, assigned: { ...body.basis!.assigned } };
          (body as { inWords?: string }).inWords = 'nothing to see here';
        }),
      /^decision 20 \(.*canary\/20\): its rollout has seen another one, with digest .*: the chain was rewritten$/,
    ));

  const rewrites: ReadonlyArray<readonly [string, string, (body: Writable) => void, RegExp]> = [
    [
      'a verdict',
      'canary/11',
      (body) => void (body.verdict = 'advance'),
      /recorded as advance \(floors\) after cohort 11, and the look says continue/,
    ],
    [
      'a look',
      'canary/11',
      (body) => void (body.look = { ...(body.look as object), decision: 'advance' }),
      /judged again it is decision continue, recorded is advance/,
    ],
    [
      'an e-value',
      'shadow/2',
      (body) => void (body.look = { ...(body.look as object), lnSrmMax: 1 }),
      /judged again it is lnSrmMax 0, recorded is 1/,
    ],
    ['the reasons', 'canary/13', (body) => void (body.reasons = []), /recorded as hold \(\) after cohort 13/],
    ['the cohort', 'canary/13', (body) => void (body.basis = { ...body.basis!, cohort: 14 }), /cannot be judged again/],
    [
      'the start of the run',
      'canary/7',
      (body) => void (body.basis = { ...body.basis!, runStart: 7 }),
      /its run began with cohort 7, and with 6 before/,
    ],
    [
      'the candidate',
      'canary/7',
      (body) => void (body.candidate = 'e'.repeat(64)),
      /its candidate is eeeeeeeeeeee, the rollout began with/,
    ],
    [
      'the policy in force',
      'canary/7',
      (body) => void (body.policyDigest = 'e'.repeat(64)),
      /it was judged by policy eeeeeeeeeeee, and [0-9a-f]{12} was in force/,
    ],
    [
      'what it was re-based from',
      'rebase/',
      (body) => void (body.reasons = [`re-based from ${'e'.repeat(64)}`]),
      /re-bases from policy eeeeeeeeeeee/,
    ],
    [
      'the exposure of a cohort',
      'canary/6',
      (body) => void (body.basis = { ...body.basis!, exposureBp: 5_000 }),
      /served at exposure 0\.5, and no decision had allowed more than 0\.25/,
    ],
    [
      'batches taken twice',
      'shadow/2',
      (body) => void (body.basis = { ...body.basis!, batches: honest.chain[0]!.body.basis!.batches }),
      /was judged by an earlier decision already/,
    ],
    [
      'batches left out',
      'shadow/2',
      (body) => void (body.basis = { ...body.basis!, batches: [] }),
      /the evidence that came with it was changed/,
    ],
    [
      'an approval taken away',
      'canary/10',
      (body) => void (body.approvals = body.approvals.slice(1)),
      /it might advance with 1 of 2 approvals/,
    ],
    [
      'an approval of somebody without the role',
      'canary/10',
      (body) => void (body.approvals = body.approvals.map((given) => ({ ...given, by: 'eve' }))),
      /the approval by eve was given as approver, which the policy does not let them/,
    ],
    [
      'an approval counted twice',
      'canary/10',
      (body) => void (body.approvals = [body.approvals[0]!, body.approvals[0]!]),
      /it might advance with 1 of 2 approvals/,
    ],
    [
      'an approval of another step',
      'canary/10',
      (body) => void (body.approvals = body.approvals.map((given) => ({ ...given, step: 3 }))),
      /the approval by ana is for step 3, and step 2 was left/,
    ],
    [
      'an approval of another candidate',
      'canary/10',
      (body) => void (body.approvals = body.approvals.map((given) => ({ ...given, candidate: 'e'.repeat(64) }))),
      /the approval by ana is for candidate eeeeeeeeeeee/,
    ],
    [
      'an approval on evidence that never was',
      'canary/10',
      (body) => void (body.approvals = body.approvals.map((given) => ({ ...given, evidenceDigest: 'e'.repeat(64) }))),
      /is for evidence eeeeeeeeeeee, which no look was taken on/,
    ],
    [
      'an approval of another rollout',
      'canary/10',
      (body) => void (body.approvals = body.approvals.map((given) => ({ ...given, rolloutId: 'rollout/other/1' }))),
      /is for rollout\/other\/1/,
    ],
    ['a shape that no decision has', 'canary/7', (body) => void (body.basis = {} as never), /cannot be judged again/],
  ];
  for (const [title, id, change, expected] of rewrites)
    it(`finds ${title} rewritten, although every digest was made to fit and there is no head`, () => {
      const place = placeOf(id);
      const verification = rewritten(place, change, null);
      found(verification, expected);
      assert.ok(!verification.verified && verification.sequence === place + 1, JSON.stringify(verification));
    });

  it('finds an approval that another person gave, as the log of commands has it, and one nobody authenticated', () => {
    const { commandId } = honest.chain[placeOf('canary/10')]!.body.approvals[0]!;
    const ordered = { by: 'eve', command: 'approve', target: honest.rolloutId, body: {} };
    found(
      after((recorded) => void (recorded.commands = new Map([[commandId, ordered]]))),
      /the approval by ana was given by eve, as the log of commands has it$/,
    );
    const authenticated = (policy: RecordedPolicy): RecordedPolicy => {
      const asks = (step: Step): Step =>
        'approvals' in step ? { ...step, approvals: { ...TWO_APPROVERS, authenticated: true } } : step;
      return { ...policy, rollout: { ...policy.rollout, steps: policy.rollout.steps.map(asks) } };
    };
    const unproven = after((recorded) => {
      const policy = authenticated(recorded.policies.get(recorded.chain[0]!.body.policyDigest)!);
      const digest = policyDigest(policy);
      const chain = structuredClone(recorded.chain.slice(0, 9)) as Array<{
        -readonly [K in keyof ChainLink]: ChainLink[K];
      }>;
      for (const link of chain) link.body = { ...link.body, policyDigest: digest };
      recorded.chain = resealed(chain);
      recorded.decisions = new Map(recorded.chain.map(({ key, body }) => [key, body]));
      recorded.policies = new Map([[digest, policy]]);
      recorded.head = null;
    });
    found(unproven, /it might advance with 0 of 2 authenticated approvals$/);
  });

  it('finds a rise of exposure that no advance on record stands behind', () => {
    const risen = (change: (exposures: RecordedExposure[]) => void): Verification =>
      after((recorded) => {
        const exposures = structuredClone(recorded.exposures) as RecordedExposure[];
        change(exposures);
        recorded.exposures = exposures;
      });
    const last = honest.exposures.length - 1;
    const changed = (over: Partial<RecordedExposure>) => (exposures: RecordedExposure[]) =>
      void (exposures[last] = { ...exposures[last]!, ...over });
    found(
      risen(changed({ decisionId: 'nobody' })),
      /^exposure rose to 1 \(full\) by decision nobody, which is not in the chain$/,
    );
    found(risen(changed({ decisionId: honest.chain[0]!.key })), /exposure rose to 1 .* whose verdict is continue$/);
    found(
      risen(changed({ evidenceDigest: 'e'.repeat(64) })),
      /exposure rose to 1 .* on evidence eeeeeeeeeeee, and it was taken on/,
    );
  });

  it('finds any single byte that is changed in any record', () => {
    const places: Array<{ readonly text: string; readonly put: (recorded: Changed, value: never) => void }> = [
      ...honest.chain.map((link, index) => ({
        text: JSON.stringify(link),
        put: (recorded: Changed, value: never) => void (recorded.chain = recorded.chain.with(index, value)),
      })),
      ...mapPlaces('decisions'),
      ...mapPlaces('evidence'),
      ...mapPlaces('policies'),
    ];
    const total = places.reduce((sum, { text }) => sum + text.length, 0);
    fc.assert(
      fc.property(fc.nat(total - 1), fc.integer({ min: 0x20, max: 0x7e }), (at, byte) => {
        let offset = at;
        const place = places.find(({ text }) => (offset -= text.length) < 0)!;
        const index = offset + place.text.length;
        const text = `${place.text.slice(0, index)}${String.fromCharCode(byte)}${place.text.slice(index + 1)}`;
        const value = parsed(text);
        // What is no JSON any more cannot be read at all; what is the same value was not changed.
        if (value === undefined || isDeepStrictEqual(value, JSON.parse(place.text))) return;
        const recorded: Changed = { ...honest };
        place.put(recorded, value as never);
        const verification = verifyChain(recorded);
        assert.equal(
          verification.verified,
          false,
          `${place.text.slice(0, 80)} → ${text.slice(Math.max(0, index - 20), index + 20)}`,
        );
      }),
      { numRuns: 600 },
    );
  });

  function mapPlaces(name: 'decisions' | 'evidence' | 'policies') {
    return [...honest[name]].map(([key, body]) => ({
      text: JSON.stringify(body),
      put: (recorded: Changed, value: never) =>
        void (recorded[name] = new Map([...recorded[name], [key, value]]) as never),
    }));
  }
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
