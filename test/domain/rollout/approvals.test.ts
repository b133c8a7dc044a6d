import assert from 'node:assert/strict';
import { isVouchedFor } from '../../../src/domain/rollout/approvals.ts';
import type { RolloutApproval } from '../../../src/domain/rollout/states.ts';

const ROLLOUT = 'rollout/shop/cccccccc-1';
const GIVEN: RolloutApproval = {
  by: 'ana',
  role: 'approver',
  step: 2,
  candidate: 'c'.repeat(64),
  evidenceDigest: 'e'.repeat(64),
  reason: 'seen enough',
  channel: 'http',
  commandId: 'approve-1',
};
const ORDER = { by: 'ana', command: 'approve', target: ROLLOUT, body: { ...GIVEN }, authenticatedAs: 'ana' };

describe('a yes on a step that asks for authenticated people', () => {
  it('is vouched for by the order that the HTTP edge logged before it was sent', () => {
    assert.equal(isVouchedFor(ROLLOUT, GIVEN, ORDER), true);
  });

  for (const [title, order] of [
    ['no order on record', null],
    ['an order that is a claim', { by: 'ana', command: 'approve', target: ROLLOUT, body: ORDER.body }],
    ['an order of somebody else', { ...ORDER, authenticatedAs: 'ben' }],
    ['an order of another kind whose id was borrowed', { ...ORDER, command: 'pause' }],
    ['an order to another rollout', { ...ORDER, target: 'rollout/shop/cccccccc-2' }],
    ['an order on other evidence', { ...ORDER, body: { ...GIVEN, evidenceDigest: 'f'.repeat(64) } }],
    ['an order at another step', { ...ORDER, body: { ...GIVEN, step: 1 } }],
    ['an order for another candidate', { ...ORDER, body: { ...GIVEN, candidate: 'd'.repeat(64) } }],
    ['an order in another role', { ...ORDER, body: { ...GIVEN, role: 'operator' } }],
    ['an order without a body', { ...ORDER, body: null }],
  ] as const)
    it(`is not vouched for by ${title}`, () => assert.equal(isVouchedFor(ROLLOUT, GIVEN, order), false));
});
