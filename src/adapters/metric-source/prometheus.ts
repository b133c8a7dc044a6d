/**
 * Counts of a cohort by range queries over the HTTP API of Prometheus, and of what speaks it (Thanos, Mimir, VictoriaMetrics). Shares of
 * requests above a latency limit are counts like any other: queries over the buckets of a histogram.
 * Source: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 */
import type { MetricPolicy } from '../../contracts/rollout-policy.ts';
import { durationMs } from '../../domain/time.ts';
import type { MetricQuery, MetricReading, MetricSource } from './port.ts';
import { readAnswer } from './prometheus-answer.ts';
import type { Grid, Sum } from './prometheus-answer.ts';

export interface PrometheusOptions {
  /** Address of the server for metrics that name none. */
  readonly url?: string | undefined;
  /** Of one reading, all its queries together. */
  readonly deadlineMs: number;
}

/** 11,000 points of a series, the most that Prometheus answers with, are half a megabyte. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

type PrometheusSource = Extract<MetricPolicy['source'], { kind: 'prometheus' }>;
type Arm = 'stable' | 'candidate';
interface Counts {
  readonly events: number;
  readonly exposures: number;
}
type Missing = Extract<MetricReading, { kind: 'missing' }>;

const missing = (reason: string): Missing => ({ kind: 'missing', reason });

/** A source of metrics whose policy says `source.kind: prometheus`. */
export function createPrometheusSource(options: PrometheusOptions): MetricSource {
  return { read: (query) => read(options, query) };
}

async function read({ url, deadlineMs }: PrometheusOptions, { metric, from, to }: MetricQuery): Promise<MetricReading> {
  const { source } = metric;
  if (source.kind !== 'prometheus') return missing(`source "${source.kind}" of ${metric.name} is not Prometheus`);
  const address = source.url ?? url;
  if (address === undefined)
    return missing(
      'no address of Prometheus is known: set HOLDFAST_PROMETHEUS_URL, or url in the source of the metric',
    );
  const stepMs = durationMs(source.step);
  if (stepMs <= 0 || (to - from) % stepMs !== 0)
    return missing(`the step of ${source.step} does not divide the cohort; name one that does`);
  const asking: Asking = {
    address,
    source,
    grid: { from, to, stepMs },
    deadlineMs,
    signal: AbortSignal.timeout(deadlineMs),
  };
  const [stable, candidate] = await Promise.all([countsOf(asking, 'stable'), countsOf(asking, 'candidate')]);
  for (const arm of [stable, candidate]) if ('kind' in arm) return arm;
  const mine = directed(metric, candidate as Counts);
  const theirs = directed(metric, stable as Counts);
  return {
    kind: 'counts',
    counts: [mine.events, mine.events + theirs.events, mine.exposures, mine.exposures + theirs.exposures],
  };
}

/** Of a metric that is better when higher, the bad events are those that did not happen. */
const directed = ({ direction }: MetricPolicy, { events, exposures }: Counts): Counts => ({
  events: direction === 'higher-is-better' ? exposures - events : events,
  exposures,
});

interface Asking {
  readonly address: string;
  readonly source: PrometheusSource;
  readonly grid: Grid;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

async function countsOf(asking: Asking, arm: Arm): Promise<Counts | Missing> {
  const { events, exposures } = asking.source;
  const sums = await Promise.all([ask(asking, events, arm), ask(asking, exposures, arm)]);
  for (const [index, sum] of sums.entries())
    if (sum.kind === 'missing') return missing(`${index === 0 ? 'events' : 'exposures'} of ${arm}: ${sum.reason}`);
  const [happened, could] = sums.map((sum) => (sum.kind === 'sum' ? sum.sum : 0)) as [number, number];
  if (happened > could)
    return missing(`${arm}: ${happened} events among ${could} exposures; one exposure has one event at most`);
  return { events: happened, exposures: could };
}

/** One query of one arm. Never throws: whatever goes wrong is a reason. */
async function ask({ address, grid, deadlineMs, signal }: Asking, query: string, arm: Arm): Promise<Sum> {
  const { from, to, stepMs } = grid;
  const parameters = new URLSearchParams({
    query: query.replaceAll('$arm', arm).replaceAll('$step', promDuration(stepMs)),
    start: seconds(from + stepMs),
    end: seconds(to),
    step: seconds(stepMs),
    timeout: promDuration(deadlineMs),
  });
  try {
    const { target, headers } = targetOf(address);
    const response = await fetch(target, { method: 'POST', headers, body: parameters, signal });
    const body = await bodyOf(response);
    return body === null
      ? { kind: 'missing', reason: `the answer is above ${BODY_BYTES_MAX} bytes; put sum(…) around the query` }
      : readAnswer(response.status, body, grid);
  } catch (error) {
    if (signal.aborted) return { kind: 'missing', reason: `no answer within ${deadlineMs / 1000} s` };
    const { cause = error } = error as { readonly cause?: unknown };
    return { kind: 'missing', reason: `${new URL(address).host} does not answer: ${wordsOf(cause)}` };
  }
}

const seconds = (ms: number): string => String(ms / 1000);
const promDuration = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

/** Where to ask, without the credentials that an address may carry: those belong in a header, and in no message. */
function targetOf(address: string): { readonly target: string; readonly headers: Record<string, string> } {
  const url = new URL('api/v1/query_range', address.endsWith('/') ? address : `${address}/`);
  const { username, password } = url;
  if (username === '') return { target: url.href, headers: {} };
  url.username = '';
  url.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { target: url.href, headers: { authorization: `Basic ${credentials}` } };
}

/** Null when there is more than {@link BODY_BYTES_MAX} of it. */
async function bodyOf(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A refused connection on both address families has no message of its own. */
function wordsOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(wordsOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
