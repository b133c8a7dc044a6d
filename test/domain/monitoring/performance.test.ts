import assert from 'node:assert/strict';
import { asStableWouldHaveServed, measurePerformance } from '../../../src/domain/monitoring/performance.ts';
import type { ServedUnit } from '../../../src/domain/monitoring/performance.ts';
import { brierLoss } from '../../../src/domain/rollout/measure.ts';

function unit(known: Partial<ServedUnit>): ServedUnit {
  return {
    requestId: 'r',
    at: 0,
    prediction: 0.2,
    label: 0,
    bundle: 'a',
    served: 'stable',
    stable: 0.4,
    stableBundle: 's',
    freshThrough: null,
    ...known,
  };
}

describe('performance of a day', () => {
  it('judges what was answered and the constant on the same labelled units', () => {
    const units = [unit({ prediction: 0.5, label: 1 }), unit({ prediction: 0.1, label: 0, bundle: 'b' })];
    const measured = measurePerformance([...units, unit({ label: null, served: 'fallback' })], brierLoss, 0.2);
    assert.equal(measured.units, 3);
    assert.equal(measured.labelled, 2);
    assert.ok(Math.abs((measured.loss ?? 0) - (0.25 + 0.01) / 2) < 1e-12);
    assert.ok(Math.abs((measured.fallbackLoss ?? 0) - (0.64 + 0.04) / 2) < 1e-12);
    assert.equal(measured.meanPrediction, 0.3);
    assert.equal(measured.meanLabel, 0.5);
    assert.deepEqual(measured.bundles, ['a', 'b']);
    assert.equal(measured.servedByFallback, 1);
  });

  it('measures nothing where no label has arrived', () => {
    const { loss, fallbackLoss, meanLabel, units } = measurePerformance([unit({ label: null })], brierLoss, 0.2);
    assert.deepEqual([units, loss, fallbackLoss, meanLabel], [1, null, null, null]);
  });

  it('tells what the stable bundle would have answered, where it was scored', () => {
    const units = [unit({ served: 'fallback', bundle: 'constant' }), unit({ stable: null })];
    const [first, ...rest] = asStableWouldHaveServed(units);
    assert.deepEqual([first?.prediction, first?.bundle, first?.served], [0.4, 's', 'stable']);
    assert.equal(rest.length, 0);
  });
});
