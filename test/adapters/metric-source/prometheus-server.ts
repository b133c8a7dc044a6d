/** Speaks as much of the HTTP API of Prometheus as range queries need, and misbehaves when told to. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricQuery } from '../../../src/adapters/metric-source/port.ts';
import type { MetricPolicy } from '../../../src/contracts/rollout-policy.ts';
import { epochMs, HOUR_MS } from '../../../src/domain/time.ts';

const from = epochMs('2001-01-03T06:00:00Z');
export const COHORT = { start: '2001-01-03T06:00:00Z', from, to: from + HOUR_MS } as const;

type CountMetric = Extract<MetricPolicy, { shape: 'count' }>;

export const metric = (over: Partial<CountMetric> = {}): CountMetric => ({
  name: 'timeouts',
  shape: 'count',
  meaning: 'answers that came too late',
  unitOfAnalysis: 'flight',
  direction: 'lower-is-better',
  observable: ['shadow', 'canary'],
  role: 'guardrail',
  lag: 'PT0S',
  harmRatio: 2,
  source: {
    kind: 'prometheus',
    events: 'sum(increase(bad{arm="$arm"}[$step]))',
    exposures: 'sum(increase(all{arm="$arm"}[$step]))',
    step: 'PT10M',
  },
  ...over,
});

export const query = (over: Partial<MetricQuery> = {}): MetricQuery => ({
  model: 'shop',
  rolloutId: 'rollout/shop/1',
  metric: metric(),
  from: COHORT.from,
  to: COHORT.to,
  ...over,
});

/** One point of one series, as asked: `bad` or `all` of an arm, at epoch seconds. Null: the point is not there. */
export type Point = (series: 'bad' | 'all', arm: 'stable' | 'candidate', at: number) => string | null;

interface RangeQuery {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export interface PrometheusServer {
  readonly url: string;
  /** Queries in order of arrival. */
  readonly asked: RangeQuery[];
  /** Headers of the last request. */
  headers: IncomingMessage['headers'];
  point: Point;
  /** Answers in place of the server; returns whether it did. */
  fault: ((response: ServerResponse, asked: RangeQuery) => boolean) | null;
  close(): Promise<void>;
}

/** Six points of ten minutes: 5 and 1 bad ones among 100 and 20. */
export const usual: Point = (series, arm) => {
  const ofStable = series === 'bad' ? '5' : '100';
  return arm === 'stable' ? ofStable : series === 'bad' ? '1' : '20';
};

export async function startPrometheus(): Promise<PrometheusServer> {
  const server: PrometheusServer = {
    url: '',
    asked: [],
    headers: {},
    point: usual,
    fault: null,
    close: async () => {
      http.closeAllConnections();
      await new Promise((closed) => http.close(closed));
    },
  };
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      const number = (name: string): number => Number(form.get(name));
      const asked = {
        query: form.get('query') ?? '',
        start: number('start'),
        end: number('end'),
        step: number('step'),
      };
      server.asked.push(asked);
      server.headers = request.headers;
      if (request.url !== '/api/v1/query_range') response.writeHead(404).end();
      else if (server.fault?.(response, asked) !== true) answer(response, matrixOf(server.point, asked));
    });
  });
  await new Promise<void>((listening) => void http.listen(0, '127.0.0.1', listening));
  return Object.assign(server, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
}

/** A complete answer of Prometheus around a result. */
export function answer(response: ServerResponse, result: unknown, envelope: object = {}): void {
  const body = { status: 'success', data: { resultType: 'matrix', result }, ...envelope };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function matrixOf(point: Point, { query: text, start, end, step }: RangeQuery): object[] {
  const series = text.includes('bad{') ? 'bad' : 'all';
  const arm = text.includes('"stable"') ? 'stable' : 'candidate';
  const values: Array<[number, string]> = [];
  for (let at = start; at <= end; at += step) {
    const value = point(series, arm, at);
    if (value !== null) values.push([at, value]);
  }
  return values.length === 0 ? [] : [{ metric: {}, values }];
}
