import assert from 'node:assert/strict';
import { chooseFallback, effectiveOverride } from '../../../src/domain/monitoring/fallback-choice.ts';

const constant = { bundle: 'constant', reads: [] };
const staticModel = { bundle: 'static', reads: [] };
const stale = { bundle: 'stale', reads: ['lateOriginDayOld'] };
const fresh = { bundle: 'fresh', reads: ['lateOrigin3h'] };

describe('choice of the fallback', () => {
  for (const [title, stables, suspects, chosen] of [
    [
      'is the newest earlier stable that reads no suspect feature',
      [constant, staticModel, stale, fresh],
      ['lateOrigin3h'],
      'stale',
    ],
    [
      'passes over earlier stables that read one',
      [constant, staticModel, fresh, { ...fresh, bundle: 'fresher' }],
      ['lateOrigin3h'],
      'static',
    ],
    ['is the constant when nothing else is sound', [constant, fresh], ['lateOrigin3h'], 'constant'],
    ['is the constant when no feature is suspected', [constant, staticModel, fresh], [], 'constant'],
    ['is never what serves now', [constant, staticModel, fresh, staticModel], ['lateOrigin3h'], 'constant'],
  ] as const) {
    it(title, () => assert.equal(chooseFallback(stables, suspects, 'constant'), chosen));
  }
});

describe('override of several incidents', () => {
  const wish = (incidentId: string, bundle: string): { incidentId: string; bundle: string; since: string } => ({
    incidentId,
    bundle,
    since: '2001-02-25T06:00:00Z',
  });

  for (const [title, overrides, effective] of [
    ['is none without any wish', [], null],
    ['is the latest wish', [wish('1', 'static'), wish('2', 'stale')], 'stale'],
    ['is the constant as soon as one asks for it', [wish('1', 'constant'), wish('2', 'static')], 'constant'],
  ] as const) {
    it(title, () => assert.equal(effectiveOverride(overrides, 'constant')?.bundle ?? null, effective));
  }
});
