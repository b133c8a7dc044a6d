/** Measures anew, from the archived request log alone: losses of both arms on the same requests, errors, and who answered whom. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';

/** Sums over the units of one cohort in one stream, D = loss(candidate) − loss(stable) of one request. */
export interface CohortSums {
  readonly cohort: number;
  /** Scored by both arms; `units` of them with a label in time. */
  readonly scored: number;
  readonly units: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly candidateAsked: number;
  readonly candidateFailed: number;
  readonly stableAsked: number;
  readonly stableFailed: number;
}

/** What was really served under one desired exposure of one candidate. */
export interface ServedSpan {
  readonly candidate: string;
  readonly exposure: number;
  /** Event times of the first and last request, epoch milliseconds. */
  readonly first: number;
  readonly last: number;
  readonly requests: number;
  readonly assigned: number;
  /** First request that the candidate itself answered; null where it answered none. */
  readonly firstAnswered: number | null;
}

export interface Measurement {
  readonly candidate: string;
  /** Generations of the rollout's own splits: under another's, arms were chosen by somebody else. */
  readonly generations: readonly number[];
  /** Epoch milliseconds at which cohort 1 begins. */
  readonly origin: number;
  readonly cohortMs: number;
  /** From the end of a cohort until its labels count. */
  readonly maturityMs: number;
  readonly firstCohort: number;
  readonly lastCohort: number;
  /** SQL of the loss of a prediction `p` against a label `y`. */
  readonly loss: (p: string, y: string) => string;
  /** Whether a matured request without any outcome has label 0. */
  readonly absenceIsZero: boolean;
  /** SQL condition on the column `inputs`. */
  readonly where: string;
  /** Labels count that were known before; null: before the maturity of each cohort. */
  readonly asOf: number | null;
}

export interface Archive {
  measure(measurement: Measurement): Promise<CohortSums[]>;
  served(): Promise<ServedSpan[]>;
  close(): void;
}

/** @param folder of one model in the archive */
export async function openArchive(folder: string): Promise<Archive> {
  if (!existsSync(join(folder, 'predictions'))) throw new Error(`no archived predictions in ${folder}`);
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  const files = (kind: string): string =>
    `read_parquet('${folder.replaceAll("'", "''")}/${kind}/*/*.parquet', union_by_name = true)`;
  // A request that was logged twice counts once, as it was logged first.
  await connection.run(`create view prediction as select * from ${files('predictions')}
    qualify row_number() over (partition by "requestId" order by gateway, segment, "position") = 1`);
  await connection.run(`create view outcome as select * from ${files('outcomes')}`);
  return {
    measure: (measurement) => rowsOf<CohortSums>(connection, measureSql(measurement)),
    served: () => rowsOf<ServedSpan>(connection, SERVED_SQL),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function measureSql(measurement: Measurement): string {
  const { candidate, generations, origin, cohortMs, maturityMs, firstCohort, lastCohort, where, asOf } = measurement;
  const start = `${origin} + (cohort - 1) * ${cohortMs}`;
  const known = asOf === null ? `${start} + ${cohortMs + maturityMs}` : String(asOf);
  const label = measurement.absenceIsZero ? 'case when known is null then 0 else y end' : 'y';
  return `
    with asked as (
      select *, (("at" - ${origin}) // ${cohortMs}) + 1 as cohort from prediction
      where "at" >= ${origin + (firstCohort - 1) * cohortMs} and "at" < ${origin + lastCohort * cohortMs}
        and "candidateBundle" = '${candidate}' and generation in (${generations.join(', ')}) and ${where}
    ), arrived as (
      select asked."requestId", outcome.label as y, true as known
      from asked join outcome on outcome."requestId" = asked."requestId"
      where outcome."knownAt" >= ${start} and outcome."knownAt" < ${known}
      qualify row_number() over (
        partition by asked."requestId" order by outcome.revision desc, outcome.gateway, outcome.segment, outcome."position"
      ) = 1
    ), unit as (
      select asked.*, stable is not null and candidate is not null as scored, ${label} as y
      from asked left join arrived on arrived."requestId" = asked."requestId"
    ), compared as (
      select *, case when scored and y is not null
        then (${measurement.loss('candidate', 'y')}) - (${measurement.loss('stable', 'y')}) end as d from unit
    )
    select cohort, count(*) filter (scored) as scored, count(d) as units,
      coalesce(sum(d), 0) as "sum", coalesce(sum(d * d), 0) as "sumOfSquares",
      count(*) filter (candidate is not null or "candidateError" is not null) as "candidateAsked",
      count("candidateError") as "candidateFailed",
      count(*) filter (stable is not null or "stableError" is not null) as "stableAsked",
      count("stableError") as "stableFailed"
    from compared group by cohort order by cohort`;
}

const SERVED_SQL = `
  select "candidateBundle" as candidate, exposure, min("at") as first, max("at") as last, count(*) as requests,
    count(*) filter (arm = 'candidate') as assigned, min("at") filter (served = 'candidate') as "firstAnswered"
  from prediction where "candidateBundle" is not null group by all order by first, exposure`;

async function rowsOf<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const rows = await (await connection.runAndReadAll(sql)).getRowObjects();
  return rows.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
      ) as Row,
  );
}
