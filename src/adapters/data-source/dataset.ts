/** Dataset versions: accepted rows of landed partitions, as of a time, with the features they would have been served with. */
import { HoldfastError } from '../../contracts/errors.ts';
import type { FeatureDeclaration, OutcomeRateFeature } from '../../contracts/serving.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { closestName } from '../../domain/closest-name.ts';
import { encodeCategories } from '../../domain/features/categories.ts';
import type { FeatureColumn } from '../../domain/learning/matrix.ts';
import { sha256Hex } from '../../domain/sha256.ts';
import { durationMs, isoInstant } from '../../domain/time.ts';
import { partitionName } from './landing.ts';
import { checkForFutureLabels } from './leak-check.ts';
import { rateColumn } from './outcome-rate-sql.ts';
import { outcomeRateFiles, rateFeatures } from './outcome-rates.ts';
import type { Dataset, DatasetManifest, DatasetRequest, PartitionStore } from './port.ts';
import type { PreparedSource, SourceDeclaration } from './prepare.ts';
import { expression, literal, withSession } from './session.ts';
import type { ResultColumns } from './session.ts';

export async function assemble(
  prepared: PreparedSource,
  declaration: SourceDeclaration,
  request: DatasetRequest,
  store: PartitionStore,
): Promise<Dataset> {
  const features = request.features.map((name) => declaredFeature(prepared, declaration.features, name));
  const partitions = [...request.partitions].sort((a, b) => (a.day < b.day ? -1 : 1));
  const files = await acceptedFiles(declaration.model, partitions, store);
  const rates = rateFeatures(features).length === 0 ? [] : rateFeatures(declaration.features);
  const days = partitions.map(({ day }) => day);
  const rateFiles = rates.length === 0 ? [] : await outcomeRateFiles(prepared, rates, days);
  if (rates.length > 0) await checkForFutureLabels(prepared, rates, days, rateFiles);
  const columns =
    files.length === 0
      ? null
      : await withSession({}, (session) =>
          session.columns(rowsSql(files, rateFiles, features, rates, { ...request, label: declaration.label })),
        );
  if (columns === null || columns.rows === 0) {
    throw new HoldfastError(
      'DATA_DATASET_EMPTY',
      `none of ${days.length} partitions has an accepted row with a label known as of ${isoInstant(request.asOf)}`,
    );
  }
  const manifest = manifestOf(prepared, declaration, { ...request, partitions }, features, columns.rows);
  const filled = fillColumns(columns, features, request.categories ?? {});
  return {
    digest: sha256Hex(canonicalJson(manifest)),
    manifest,
    matrix: { rows: columns.rows, columns: filled.columns, labels: columns.numbers('label') },
    categories: filled.categories,
    at: columns.numbers('at'),
    cases: Object.fromEntries(
      (request.cases ?? []).map(({ id }, index) => [id, Uint8Array.from(columns.numbers(`w${index}`))]),
    ),
  };
}

function manifestOf(
  prepared: PreparedSource,
  { model, label }: SourceDeclaration,
  { partitions, asOf, window }: DatasetRequest,
  features: readonly FeatureDeclaration[],
  rows: number,
): DatasetManifest {
  return {
    model,
    source: prepared.digest,
    partitions: partitions.map(({ day, digest }) => ({ day, digest })),
    asOf: isoInstant(asOf),
    window: window === undefined ? null : { from: isoInstant(window.from), until: isoInstant(window.until) },
    rows,
    features,
    label: label.name,
    attributionWindow: label.attributionWindow,
    absence: label.absence,
  };
}

function declaredFeature(
  prepared: PreparedSource,
  declared: readonly FeatureDeclaration[],
  name: string,
): FeatureDeclaration {
  const names = declared.map((feature) => feature.name);
  const feature = declared.find((feature) => feature.name === name);
  if (feature === undefined) {
    const near = closestName(name, names);
    throw new HoldfastError('DATA_FEATURE_UNKNOWN', `feature ${JSON.stringify(name)} is not declared`, {
      remedy: near === null ? `declared are ${names.join(', ')}` : `did you mean ${JSON.stringify(near)}?`,
    });
  }
  for (const input of feature.kind === 'outcomeRate' ? feature.key : [feature.input]) {
    const found = prepared.inputs.find((candidate) => candidate.name === input);
    if (found === undefined || (feature.kind === 'numeric' && found.kind === 'text')) {
      const fault = found === undefined ? 'is not declared' : 'is text, and the feature numeric';
      throw new HoldfastError('DATA_FEATURE_INVALID', `feature ${name}: input ${JSON.stringify(input)} ${fault}`);
    }
  }
  return feature;
}

async function acceptedFiles(
  model: string,
  partitions: DatasetRequest['partitions'],
  store: PartitionStore,
): Promise<string[]> {
  const files: string[] = [];
  for (const { day, digest } of partitions) {
    if (digest === sha256Hex('')) continue; // landed without an accepted row
    const name = partitionName(`${model}/${day}`, digest, 'accepted');
    const path = await store.localPath(name).catch((cause: unknown) => {
      if (!(cause instanceof HoldfastError) || cause.code !== 'OBJECT_MISSING') throw cause;
      throw new HoldfastError('DATA_PARTITION_NOT_LANDED', `partition ${day} has no object ${name}`, { cause });
    });
    files.push(path);
  }
  return files;
}

function rowsSql(
  files: readonly string[],
  rateFiles: readonly string[],
  features: readonly FeatureDeclaration[],
  rates: readonly OutcomeRateFeature[],
  { window, cases = [], ...known }: DatasetRequest & Pick<SourceDeclaration, 'label'>,
): string {
  const values = features.map((feature, index) =>
    feature.kind === 'outcomeRate'
      ? `__rates.${rateColumn(rates.findIndex(({ name }) => name === feature.name))} as v${index}`
      : `__inputs[${literal(feature.input)}] as v${index}`,
  );
  // Conditions see the columns of the file beside our own, whose names begin with two underscores.
  const conditions = cases.map(
    ({ where }, index) => `cast(coalesce(${expression(where)}, false) as double) as w${index}`,
  );
  const range = window === undefined ? '' : ` and "at" >= ${window.from} and "at" < ${window.until}`;
  const list = (paths: readonly string[]): string => `read_parquet([${paths.map(literal).join(', ')}])`;
  return `
    select ${['cast(__at as double) as "at"', '__label as label', ...values, ...conditions].join(', ')}
    from (select unit as __unit, "at" as __at, ${labelSql(known)} as __label, inputs as __inputs${cases.length > 0 ? ', raw.*' : ''}
          from ${list(files)} where __label is not null${range})
    ${rateFiles.length === 0 ? '' : `left join ${list(rateFiles)} as __rates on __rates.unit = __unit`}
    order by __at, __unit`;
}

/**
 * The label a row has as of a time; null where it has none yet, never gets one, or the outcome is known to be invalid. What has
 * not arrived by the end of the attribution window is absent, even if it comes later.
 */
function labelSql({ asOf, label }: Pick<DatasetRequest, 'asOf'> & Pick<SourceDeclaration, 'label'>): string {
  const closesAt = `"at" + ${durationMs(label.attributionWindow)}`;
  const absent = label.absence === 'zero' ? `case when ${closesAt} <= ${asOf} then 0.0::double end` : 'null::double';
  return `case when known_at <= ${closesAt} then case when known_at <= ${asOf} then label end else ${absent} end`;
}

function fillColumns(
  columns: ResultColumns,
  features: readonly FeatureDeclaration[],
  settled: Readonly<Record<string, readonly string[]>>,
): { columns: FeatureColumn[]; categories: Record<string, readonly string[]> } {
  const categories: Record<string, readonly string[]> = {};
  const filled = features.map((feature, index): FeatureColumn => {
    const { name } = feature;
    if (feature.kind !== 'categorical') return { name, kind: 'numeric', values: columns.numbers(`v${index}`) };
    const encoded = encodeCategories(columns.values(`v${index}`), settled[name]);
    categories[name] = encoded.categories;
    return { name, kind: 'categorical', values: encoded.codes, cardinality: encoded.categories.length };
  });
  return { columns: filled, categories };
}
