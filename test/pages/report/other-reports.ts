/** Reports on everything that is no rollout, from records as the stages leave them. */
import type { DatasetMaterial } from '../../../src/domain/report/dataset-report.ts';
import type { ExperimentMaterial } from '../../../src/domain/report/experiment-report.ts';
import type { RolloutMaterial } from '../../../src/domain/report/material.ts';
import type { MeasuredDay, MonitoringMaterial } from '../../../src/domain/report/monitoring-report.ts';
import { DAY_MS, epochMs, HOUR_MS, isoDay } from '../../../src/domain/time.ts';

const FIRST = epochMs('2001-01-08');
const dayOf = (index: number): string => isoDay(FIRST + index * DAY_MS);
const name = (letter: string): string => letter.repeat(64);

export function datasetMaterial(change: Partial<DatasetMaterial> = {}): DatasetMaterial {
  const days = Array.from({ length: 10 }, (_, index) => ({ day: dayOf(index), digest: sealed(index) }));
  return {
    model: 'shop',
    version: {
      digest: name('d'),
      partitions: days,
      asOf: '2001-01-17T18:00:00Z',
      rows: 9_876,
      features: ['origin', 'hour'],
      label: 'late',
    },
    partitions: new Map(
      days.map(({ day, digest }, index) => [
        day,
        {
          verdict: 'accepted',
          rows: 1_000 + index,
          accepted: 1_000 - index,
          quarantined: index === 0 ? [] : [{ checkId: 'exact-duplicate', rows: 2 * index }],
          blockedBy: null,
          digest,
          landedAt: `${day}T23:59:00Z`,
        },
      ]),
    ),
    maturityMs: 36 * HOUR_MS,
    unit: 'flight',
    bundles: [{ bundle: name('b'), idea: 'weekly-retrain' }],
    ...change,
  };
}

const sealed = (index: number): string => String(index).repeat(64);

const measured = (index: number): MeasuredDay => ({
  day: dayOf(index),
  units: 1_000,
  labelled: 990 - index,
  loss: 0.12 + 0.004 * index,
  fallbackLoss: 0.15,
  auc: 0.7,
  meanPrediction: 0.2,
  meanLabel: 0.2 + 0.01 * index,
  servedByFallback: index === 4 ? 12 : 0,
});

export const INCIDENT: MonitoringMaterial['incidents'][number] = {
  id: 'incident/shop/2001-01-12-1',
  objective: 'calibrated',
  openedAt: '2001-01-12T06:00:00Z',
  symptom: 'predictions miss the outcomes’ level by 40 % from 2001-01-09 to 2001-01-11; 35 % is tolerated',
  cause: 'spread over the flights',
  features: ['rates'],
  response: 'retrain',
  responseDecisionId: null,
  closedAt: '2001-01-15T06:00:00Z',
  closingReason: 'the predictions have met the outcomes’ level over 7 days',
  caseId: 'incident-2001-01-12-1',
};

export const monitoringMaterial = (change: Partial<MonitoringMaterial> = {}): MonitoringMaterial => ({
  model: 'shop',
  unit: 'flight',
  days: Array.from({ length: 10 }, (_, index) => measured(index)),
  incidents: [INCIDENT],
  from: dayOf(0),
  to: dayOf(9),
  through: '2001-01-18T06:00:00Z',
  ...change,
});

export const experimentMaterial = (
  rollout: RolloutMaterial | null,
  change: Partial<ExperimentMaterial> = {},
): ExperimentMaterial => ({
  model: 'shop',
  experimentId: 'experiment/shop/fresh-1',
  idea: 'fresh',
  attempt: 1,
  hypothesis: 'Late rates of the last hours tell what the calendar does not',
  claim: 'improve',
  asOf: '2001-01-17T18:00:00Z',
  readyAt: '2001-01-17T21:00:00Z',
  unit: 'flight',
  abandoned: null,
  bundle: name('b'),
  training: {
    recipe: 'boosted',
    rows: 9_876,
    iterations: 60,
    trainLoss: 0.3456,
    curve: [
      [20, 0.41],
      [40, 0.36],
      [60, 0.3456],
    ],
    features: ['origin', 'hour'],
    datasetVersion: name('d'),
  },
  outcome: rollout?.outcome ?? null,
  reason: rollout?.reason ?? null,
  rollout,
  ...change,
});
