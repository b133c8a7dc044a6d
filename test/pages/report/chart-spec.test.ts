import assert from 'node:assert/strict';
import { instant, number } from '../../../src/domain/report/report.ts';
import type { Moment, Section } from '../../../src/domain/report/report.ts';
import { chartSpec } from '../../../src/pages/report/chart-spec.ts';
import type { ChartSize } from '../../../src/pages/report/chart-spec.ts';

const DAYS = ['2001-01-01', '2001-01-11'];

const sectionWith = (moments: readonly Moment[]): Section => ({
  id: 'course',
  title: 'Course',
  words: [],
  basis: null,
  plot: {
    kind: 'course',
    over: 'time',
    summary: 'a line',
    x: { column: 'at', title: 'event time' },
    y: { title: 'loss' },
    zero: true,
    cut: null,
    moments,
    layers: [],
  },
  table: { caption: 'Days', columns: [instant('at', 'At'), number('loss', 'Loss')], rows: DAYS.map((day) => [day, 1]) },
});

interface Mark {
  readonly mark: { readonly type: string; readonly y: number; readonly align: string };
  readonly data: { readonly values: ReadonlyArray<{ readonly label: string }> };
}

/** Where each name stands: pixels above the picture, and on which side of its line it ends. */
function namesOf(moments: readonly Moment[], size: ChartSize): Record<string, readonly [number, string]> {
  const { layer } = chartSpec(sectionWith(moments), size) as unknown as { readonly layer: readonly Mark[] };
  const names = layer.filter(({ mark }) => mark.type === 'text');
  return Object.fromEntries(
    names.flatMap(({ mark, data }) => data.values.map(({ label }) => [label, [mark.y, mark.align]])),
  );
}

describe('names of moments', () => {
  it('stand in one row above the picture while there is room, each inside of its ends', () => {
    const far = [
      { at: '2001-01-02', label: 'opened' },
      { at: '2001-01-10', label: 'closed' },
    ];
    const { opened, closed } = namesOf(far, 'wide');
    assert.deepEqual([opened?.[0], closed?.[0]], [-3, -3]);
    assert.deepEqual([opened?.[1], closed?.[1]], ['left', 'right']);
  });

  it('are lifted where they would cover one another', () => {
    const near = [
      { at: '2001-01-02T00:00:00Z', label: 'approval' },
      { at: '2001-01-02T06:00:00Z', label: 'pause' },
    ];
    const { approval, pause } = namesOf(near, 'wide');
    assert.ok(pause![0] < approval![0]);
  });

  it('are lifted on a telephone although there is room on a screen', () => {
    const apart = [
      { at: '2001-01-02', label: 'a rather long name' },
      { at: '2001-01-04', label: 'pause' },
    ];
    assert.equal(namesOf(apart, 'wide')['pause']![0], -3);
    assert.ok(namesOf(apart, 'narrow')['pause']![0] < -3);
  });
});
