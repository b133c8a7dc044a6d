/** The document of `holdfast gate analyze --json`: all that its text is made of. */
import type { Judgement } from '../../domain/gate/judgement.ts';
import type { GatePolicy } from '../../domain/statistics/index.ts';
import type { MetricUnit } from './numbers.ts';

export interface ArmSummary {
  readonly name: string;
  readonly units: number;
  /** Mean of the metric; null where no unit has an outcome. */
  readonly mean: number | null;
}

/** What a table of units turned out to hold. */
export interface TableSummary {
  readonly kind: 'table';
  readonly path: string;
  readonly rows: number;
  readonly units: number;
  readonly unit: string;
  readonly candidate: ArmSummary;
  readonly control: ArmSummary;
  readonly from: string;
  readonly to: string;
  readonly cohort: string;
  readonly cohortMs: number;
  readonly isCohortChosen: boolean;
  readonly exposureSource: 'declared' | 'column' | 'inferred';
  readonly metric: { readonly column: string; readonly isGain: boolean; readonly isExact: boolean };
  /** The arms were never open on the same day. */
  readonly isApart: boolean;
  readonly matched: { readonly candidate: number; readonly control: number };
  readonly unitsWithSeveralRows: number;
  readonly unitsInBothArms: number;
  readonly unitsWithoutOutcome: number;
}

export interface RecordsSummary {
  readonly kind: 'records';
  readonly path: string;
  readonly records: number;
}

export interface Analysis {
  readonly input: TableSummary | RecordsSummary;
  readonly policy: GatePolicy;
  readonly policySource: string;
  readonly unit: MetricUnit;
  readonly judgement: Judgement;
  /** What a reader should know before believing it. */
  readonly notes: readonly string[];
}
