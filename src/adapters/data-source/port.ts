/**
 * Where a model's rows come from, and what becomes of them before anything learns from them: partitions of event days, their
 * landing under quality checks, and dataset versions. Every method may be called again with the same arguments and then has
 * the same effect and answer.
 */
import type { FeatureDeclaration } from '../../contracts/serving.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { PartitionVerdict } from '../../domain/collection/quality.ts';
import type { TrainingMatrix } from '../../domain/learning/matrix.ts';
import type { EpochMs } from '../../domain/time.ts';

/** Rows that were set aside while preparing; everything else of the source is usable. */
export interface SourceFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly rows: number;
}

/** One event day of the file (local time). Days without rows between the first and the last are listed too, with 0 rows. */
export interface Partition {
  readonly day: string;
  readonly rows: number;
  /** Event time at which the day is complete: its end in UTC plus `source.closesAfter`. */
  readonly closesAt: EpochMs;
}

export type InputColumn =
  | { readonly kind: 'number'; readonly values: Float64Array }
  | { readonly kind: 'text'; readonly values: readonly (string | null)[] };

/** Rows as columns, all of the same length; NaN is a missing number. */
export interface RowBatch {
  readonly rows: number;
  readonly unit: readonly string[];
  /** Same as `unit`: one prediction is asked for per row. */
  readonly requestId: readonly string[];
  /** Event time, epoch milliseconds. */
  readonly at: Float64Array;
  /** When the label becomes known, epoch milliseconds; NaN: never. */
  readonly knownAt: Float64Array;
  /** NaN: none, or known to be invalid. */
  readonly label: Float64Array;
  readonly inputs: Readonly<Record<string, InputColumn>>;
}

export interface SourceProfile {
  /** Names the prepared rows: SHA-256 over the file's bytes and the part of the declaration that shapes rows. */
  readonly digest: string;
  readonly fileDigest: string;
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly inputs: readonly { readonly name: string; readonly kind: 'number' | 'text'; readonly missing: number }[];
  readonly labelled: number;
  /** Rows with label 1. */
  readonly positive: number;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly faults: readonly SourceFault[];
}

export interface LandedPartition extends PartitionVerdict {
  readonly day: string;
  readonly rows: number;
  readonly accepted: number;
  /** Names the content of the accepted rows, independent of how they are stored. */
  readonly digest: string;
  /** Object-store names; null where there are no such rows. */
  readonly acceptedFile: string | null;
  readonly quarantineFile: string | null;
  /** Event time by which every label of the partition is known; null without any. */
  readonly labelledThrough: EpochMs | null;
}

export interface DatasetRequest {
  /** Landed partitions, as landPartition named their accepted rows. */
  readonly partitions: readonly { readonly day: string; readonly digest: string }[];
  /** Only labels known by then are used. */
  readonly asOf: EpochMs;
  /** Event times [from, until) of the rows; without it all rows of the partitions. */
  readonly window?: { readonly from: EpochMs; readonly until: EpochMs };
  /** Declared features, in the order of the columns. */
  readonly features: readonly string[];
  /** Categories by code, by feature, where they are settled already; others are taken from the rows. */
  readonly categories?: Readonly<Record<string, readonly string[]>>;
  /** Named conditions over the columns of the file, for suite cases. */
  readonly cases?: readonly { readonly id: string; readonly where: string }[];
}

/** What a dataset version is: everything needed to assemble the same rows again. Named by the SHA-256 of its canonical JSON. */
export interface DatasetManifest {
  readonly model: string;
  /** Digest of the source's profile: outcome-rate features look at more rows than the partitions have. */
  readonly source: string;
  readonly partitions: readonly { readonly day: string; readonly digest: string }[];
  readonly asOf: string;
  readonly window: { readonly from: string; readonly until: string } | null;
  readonly rows: number;
  readonly features: readonly FeatureDeclaration[];
  readonly label: string;
  readonly attributionWindow: string;
  readonly absence: 'exclude' | 'zero';
}

export interface Dataset {
  readonly digest: string;
  readonly manifest: DatasetManifest;
  /** Rows in order of (event time, unit). */
  readonly matrix: TrainingMatrix;
  /** Categories by code, by categorical feature. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** Event time by row, epoch milliseconds. */
  readonly at: Float64Array;
  /** By case and row: 1 where its condition holds. */
  readonly cases: Readonly<Record<string, Uint8Array>>;
}

/** What is asked of an object store. */
export interface PartitionStore {
  /** Stores a local file under a name. Idempotent: the same name always gets the same content. */
  writeFile(name: string, localPath: string): Promise<{ readonly digest: string; readonly bytes: number }>;
  /** Path at which a stored file can be read on this machine. @throws OBJECT_MISSING */
  localPath(name: string): Promise<string>;
}

export interface DataSource {
  /** What is in the source, and what had to be set aside. Prepares the source where that has not been done. */
  profile(): Promise<SourceProfile>;
  /** Every event day from the first to the last, in order. */
  partitions(): Promise<readonly Partition[]>;
  /** @throws DATA_PARTITION_UNKNOWN outside the first and last day, DATA_PARTITION_EMPTY for a day without rows. */
  readPartition(day: string): Promise<RowBatch>;
  /** Rows of the partitions from `fromDay` to before `untilDay`, in order of (event time, unit), a UTC day at a time. */
  stream(fromDay: string, untilDay: string): AsyncIterable<RowBatch>;
  /** Rows whose labels become known in [from, until), whatever their partition, in order of (known at, unit). */
  outcomes(from: EpochMs, until: EpochMs): AsyncIterable<RowBatch>;
  /** Judges a partition by the declared checks and stores its accepted and quarantined rows. */
  landPartition(day: string): Promise<LandedPartition>;
  /**
   * Assembles a dataset version from landed partitions: accepted rows whose label was known as of a time, with the features they
   * would have been served with. The same request gives the same digest and the same numbers.
   * @throws DATA_PARTITION_NOT_LANDED, DATA_DATASET_EMPTY, DATA_FEATURE_UNKNOWN, DATA_FEATURE_INVALID,
   * DATA_FUTURE_LABEL when a sample of the feature values is not explained by the outcomes known by then
   */
  assembleDataset(request: DatasetRequest): Promise<Dataset>;
}
