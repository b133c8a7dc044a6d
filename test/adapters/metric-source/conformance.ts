import assert from 'node:assert/strict';
import type { MetricQuery, MetricSource } from '../../../src/adapters/metric-source/port.ts';
import type { CountTuple } from '../../../src/domain/statistics/index.ts';

export interface MetricSourceCase {
  readonly source: MetricSource;
  /** A cohort whose counts are known. */
  readonly known: MetricQuery;
  readonly counts: CountTuple;
  /** A cohort of which the source has nothing. */
  readonly unknown: MetricQuery;
}

/** What every metric source does. */
export function metricSourceConformance(make: () => Promise<MetricSourceCase>): void {
  it('reads the counts of a whole cohort, events and exposures of the candidate first, of both arms together after', async () => {
    const { source, known, counts } = await make();
    assert.deepEqual(await source.read(known), { kind: 'counts', counts });
  });

  it('reads the same twice', async () => {
    const { source, known } = await make();
    assert.deepEqual(await source.read(known), await source.read(known));
  });

  it('says of a cohort that it knows nothing of that it is missing, and why', async () => {
    const { source, unknown } = await make();
    const reading = await source.read(unknown);
    assert.equal(reading.kind, 'missing');
    assert.ok(reading.kind === 'missing' && reading.reason.length > 10, JSON.stringify(reading));
  });
}
