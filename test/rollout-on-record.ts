/** What the records hold of a rollout in flight, for tests of what is told to one. Cohorts of three hours from 2001-01-03 on. */
import type { RecordStore } from '../src/adapters/record-store/port.ts';
import type { ModelDeclaration } from '../src/contracts/model.ts';
import { rolloutId } from '../src/contracts/names.ts';
import { policyOf } from '../src/contracts/policy-record.ts';
import type { CandidateRecord } from '../src/contracts/records.ts';
import type { MetricPolicy } from '../src/contracts/rollout-policy.ts';
import { policyDigest } from '../src/domain/rollout/recorded-policy.ts';
import { epochMs } from '../src/domain/time.ts';
import { shopModel } from './adapters/data-source/places.ts';

export const MODEL = 'shop';
export const CANDIDATE = 'c'.repeat(64);
export const ROLLOUT = rolloutId(MODEL, CANDIDATE, 1);

/** A required metric that a job pushes: refunds among orders. */
export const REFUNDS: MetricPolicy = {
  shape: 'count',
  name: 'refunds',
  meaning: 'refunded orders',
  unitOfAnalysis: 'flight',
  direction: 'lower-is-better',
  observable: ['shadow', 'canary'],
  role: 'required',
  lag: 'PT3H',
  source: { kind: 'pushed' },
  harmRatio: 1.5,
  safeRatio: 2,
};

export const REGRET: MetricPolicy = {
  shape: 'difference',
  name: 'regret',
  meaning: 'stated regret, 0 to 1',
  unitOfAnalysis: 'flight',
  direction: 'lower-is-better',
  observable: ['canary'],
  role: 'guardrail',
  lag: 'PT0S',
  source: { kind: 'pushed' },
  harmMarginPerThousand: 10,
};

export function declarationWith(metrics: readonly MetricPolicy[]): ModelDeclaration {
  const declaration = shopModel('shop.csv', { source: { backfillUntil: '2001-01-03' } });
  return {
    ...declaration,
    model: MODEL,
    rollout: { ...declaration.rollout, slices: [], metrics: [...metrics] },
  };
}

export interface InFlight {
  readonly outcome?: CandidateRecord['outcome'];
  /** Null: no split has been applied yet. */
  readonly firstCohort?: number | null;
  readonly watermark?: string;
  readonly metrics?: readonly MetricPolicy[];
  /** In place of the shop's ladder with the metrics. */
  readonly declaration?: ModelDeclaration;
  /** Step of the ladder that the split is of. */
  readonly step?: number;
}

/** Writes down a rollout that is under way since its third cohort, with the log complete through 2001-01-04. @returns its policy's digest */
export async function putRollout(records: RecordStore, given: InFlight = {}): Promise<string> {
  const { outcome = 'in_progress', firstCohort = 3, watermark = '2001-01-04', metrics = [REFUNDS, REGRET] } = given;
  const { declaration = declarationWith(metrics), step = 3 } = given;
  const policy = policyOf(declaration, 'not-worse');
  await records.transaction(MODEL, async (tx) => {
    await tx.put('model', 'declaration', { declaration, digest: '0'.repeat(64), path: 'shop.yaml', baseDir: '.' });
    await tx.insert('policy', policyDigest(policy), policy);
    await tx.put('memory', `${ROLLOUT}/policy`, { value: policyDigest(policy) });
    await tx.put('candidate', CANDIDATE, candidateWith(outcome));
    if (firstCohort !== null) await tx.put('schedule', ROLLOUT, { entries: [entryFrom(firstCohort, step)] });
    await tx.advanceWatermark(epochMs(watermark));
  });
  return policyDigest(policy);
}

function candidateWith(outcome: CandidateRecord['outcome']): CandidateRecord {
  return {
    bundle: CANDIDATE,
    idea: 'fresh',
    attempt: 1,
    claim: 'not-worse',
    priority: 'idea',
    outcome,
    rolloutId: ROLLOUT,
    step: 'canary',
    reason: null,
    exposureHistory: [],
    readyAt: '2001-01-03T00:00:00Z',
    decidedAt: null,
  };
}

const entryFrom = (cohort: number, step: number) => ({
  effectiveFrom: '2001-01-03T06:00:00Z',
  stable: '5'.repeat(64),
  candidate: CANDIDATE,
  exposure: 0.05,
  salt: ROLLOUT,
  mirror: true,
  cohort,
  step,
  mode: 'canary',
  generation: 2,
});
