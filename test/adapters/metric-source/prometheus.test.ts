import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { createMetricSource, metricSourceSchema } from '../../../src/adapters/metric-source/index.ts';
import type { MetricSource } from '../../../src/adapters/metric-source/port.ts';
import { MINUTE_MS } from '../../../src/domain/time.ts';
import { metricSourceConformance } from './conformance.ts';
import { answer, COHORT, matrixOf, metric, query, startPrometheus, usual } from './prometheus-server.ts';
import type { Point, PrometheusServer } from './prometheus-server.ts';

const seconds = (ms: number): number => ms / 1000;
const byText = (a: string, b: string): number => (a < b ? -1 : 1);
const FIRST = seconds(COHORT.from + 10 * MINUTE_MS);
const LAST = seconds(COHORT.to);

describe('metric source Prometheus', () => {
  let server: PrometheusServer;
  let source: MetricSource;
  const sourceWith = (deadlineMs: number, url: string | undefined = server.url): Promise<MetricSource> =>
    createMetricSource({ kind: 'prometheus', url, deadlineMs });
  before(async () => {
    server = await startPrometheus();
    source = await sourceWith(5_000);
  });
  after(() => server.close());
  beforeEach(() => {
    server.point = usual;
    server.fault = null;
    server.asked.length = 0;
  });

  const reasonOf = async (asked = source, over: Parameters<typeof query>[0] = {}): Promise<string> => {
    const reading = await asked.read(query(over));
    assert.equal(reading.kind, 'missing', JSON.stringify(reading));
    return reading.kind === 'missing' ? reading.reason : '';
  };

  metricSourceConformance(async () => {
    server.point = (series, arm, at) => (at > LAST ? null : usual(series, arm, at));
    return {
      source,
      known: query(),
      counts: [6, 36, 120, 720],
      unknown: query({ from: COHORT.to, to: COHORT.to + (COHORT.to - COHORT.from) }),
    };
  });

  it('asks for every step of the cohort once, of both arms, in one step of the range vector', async () => {
    await source.read(query());
    const asked = server.asked.map(({ query: text, start, end, step }) => `${text} ${start} to ${end} by ${step}`);
    const span = `${FIRST} to ${LAST} by 600`;
    assert.deepEqual(asked.sort(byText), [
      `sum(increase(all{arm="candidate"}[600s])) ${span}`,
      `sum(increase(all{arm="stable"}[600s])) ${span}`,
      `sum(increase(bad{arm="candidate"}[600s])) ${span}`,
      `sum(increase(bad{arm="stable"}[600s])) ${span}`,
    ]);
  });

  it('counts what did not happen where higher is better', async () => {
    const counted = await source.read(query({ metric: metric({ direction: 'higher-is-better' }) }));
    assert.deepEqual(counted, { kind: 'counts', counts: [114, 684, 120, 720] });
  });

  it('rounds the sum, not the points: rates are extrapolated', async () => {
    server.point = (series, arm, at) => (series === 'bad' ? '0.4' : usual(series, arm, at));
    assert.deepEqual(await source.read(query()), { kind: 'counts', counts: [2, 4, 120, 720] });
  });

  it('takes an arm without exposures for what it is: nobody was there', async () => {
    server.point = (series, arm, at) => (arm === 'candidate' ? '0' : usual(series, arm, at));
    assert.deepEqual(await source.read(query()), { kind: 'counts', counts: [0, 30, 0, 600] });
  });

  it('prefers the address of the metric, and sends the credentials of an address as a header', async () => {
    const address = new URL(server.url);
    address.username = 'holdfast';
    address.password = 'p:w';
    const own = metric();
    const withUrl = { ...own, source: { ...own.source, url: address.href } } as typeof own;
    const reading = await (await sourceWith(5_000, 'http://127.0.0.1:1')).read(query({ metric: withUrl }));
    assert.equal(reading.kind, 'counts');
    assert.equal(server.headers.authorization, `Basic ${Buffer.from('holdfast:p:w').toString('base64')}`);
  });

  const badIs =
    (value: string | null, when = FIRST): Point =>
    (series, arm, at) =>
      series === 'bad' && arm === 'candidate' && at === when ? value : usual(series, arm, at);

  const points: ReadonlyArray<readonly [string, Point, RegExp]> = [
    ['NaN', badIs('NaN'), /^events of candidate: is NaN at 2001-01-03T06:10:00Z/],
    ['an infinite value', badIs('+Inf'), /^events of candidate: is \+Inf at 2001-01-03T06:10:00Z/],
    ['no number', badIs('many'), /is many at /],
    ['a negative number', badIs('-1'), /is -1 at 2001-01-03T06:10:00Z: a count is never negative/],
    [
      'a point missing in the middle',
      badIs(null, FIRST + 600),
      /is partial: 1 of 6 points are missing, the first at 2001-01-03T06:20:00Z/,
    ],
    [
      'a stale answer',
      badIs(null, LAST),
      /has nothing from 2001-01-03T07:00:00Z on: the last 1 of 6 points are missing/,
    ],
    [
      'no point of one arm',
      (s, arm, at) => (arm === 'stable' ? null : usual(s, arm, at)),
      /of stable: answered with no series; .*"or vector\(0\)"/,
    ],
    [
      'more exposures than can be counted',
      (s, _arm, _at) => (s === 'all' ? '1e16' : '1'),
      /too much to be counted exactly/,
    ],
  ];
  for (const [title, point, expected] of points)
    it(`is missing with ${title}`, async () => {
      server.point = point;
      assert.match(await reasonOf(), expected);
    });

  for (const [events, kind] of [
    ['19', 'counts'],
    ['20', 'counts'],
    ['21', 'missing'],
  ] as const)
    it(`takes ${events} events a step among 20 exposures for ${kind}`, async () => {
      server.point = (series, arm, at) => (series === 'bad' && arm === 'candidate' ? events : usual(series, arm, at));
      const reading = await source.read(query());
      assert.equal(reading.kind, kind);
      if (reading.kind === 'missing') assert.match(reading.reason, /^candidate: 126 events among 120 exposures/);
    });

  const says =
    (status: number, body: string) =>
    (response: ServerResponse): true => {
      response.writeHead(status).end(body);
      return true;
    };
  const error = (errorType: string, text: string): string =>
    JSON.stringify({ status: 'error', errorType, error: text });
  const matrix =
    (result: unknown, envelope: object = {}) =>
    (response: ServerResponse): true => {
      answer(response, result, envelope);
      return true;
    };

  const answers: ReadonlyArray<readonly [string, (response: ServerResponse) => true, RegExp]> = [
    [
      'a query it cannot parse',
      says(400, error('bad_data', 'parse error: unexpected "}"')),
      /answered 400, bad_data: parse error/,
    ],
    [
      'a query it cannot execute',
      says(422, error('execution', 'many-to-many matching')),
      /answered 422, execution: many-to-many/,
    ],
    ['a timeout of its own', says(503, error('timeout', 'query timed out')), /answered 503, timeout: query timed out/],
    [
      'an error in a successful answer',
      says(200, error('internal', 'tsdb is closed')),
      /answered 200, internal: tsdb is closed/,
    ],
    [
      'credentials that are not accepted',
      says(401, 'Unauthorized'),
      /answered 401, and not as Prometheus does: Unauthorized/,
    ],
    ['an overloaded proxy', says(429, ''), /answered 429, and not as Prometheus does: nothing/],
    ['a bad gateway', says(502, '<html>502</html>'), /answered 502, and not as Prometheus does: <html>/],
    ['a page in place of an answer', says(200, '<html>Sign in</html>'), /not as Prometheus does: <html>Sign in/],
    ['half an answer', says(200, '{"status":"success","data":{"resultType":"mat'), /not as Prometheus does/],
    ['an answer in another shape', says(200, '{"status":"success"}'), /without the matrix of a range query/],
    ['a vector', matrix([], { data: { resultType: 'vector', result: [] } }), /without the matrix of a range query/],
    ['values that are no pairs', matrix([{ values: [1, 2] }]), /without the matrix of a range query/],
    ['an empty matrix', matrix([]), /answered with no series/],
    ['a series of native histograms', matrix([{ metric: {}, histograms: [] }]), /answered with no series/],
    [
      'several series',
      matrix([
        { metric: { pod: 'a' }, values: [] },
        { metric: { pod: 'b' }, values: [] },
      ]),
      /answered with 2 series where one is expected; put sum/,
    ],
    [
      'a warning',
      matrix(matrixOf(usual, { query: 'bad{arm="stable"}', start: FIRST, end: LAST, step: 600 }), {
        warnings: ['store eu-1 did not answer'],
      }),
      /warns that the answer may be partial: store eu-1 did not answer/,
    ],
    ['an answer without end', says(200, 'x'.repeat(4 * 1024 * 1024 + 1)), /the answer is above 4194304 bytes/],
  ];
  for (const [title, fault, expected] of answers)
    it(`is missing with ${title}`, async () => {
      server.fault = fault;
      assert.match(await reasonOf(), expected);
    });

  it('is missing when the connection breaks in the middle of an answer', async () => {
    server.fault = (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"status"');
      setTimeout(() => response.destroy(), 20);
      return true;
    };
    assert.match(await reasonOf(), /^events of stable: 127\.0\.0\.1:\d+ does not answer: /);
  });

  it('is missing when nobody listens', async () =>
    assert.match(await reasonOf(await sourceWith(5_000, 'http://127.0.0.1:9')), /127\.0\.0\.1:9 does not answer: /));

  it('names no password when nobody listens', async () => {
    const reason = await reasonOf(await sourceWith(5_000, 'http://me:secret@127.0.0.1:1'));
    assert.ok(!reason.includes('secret') && !reason.includes('me:'), reason);
  });

  it('is missing without an address, and says where to give one', async () =>
    assert.match(
      await reasonOf(await createMetricSource({ kind: 'prometheus', deadlineMs: 5_000 })),
      /HOLDFAST_PROMETHEUS_URL/,
    ));

  it('is missing when the step does not divide the cohort', async () => {
    const own = metric();
    const odd = { ...own, source: { ...own.source, step: 'PT7M' } } as typeof own;
    assert.match(await reasonOf(source, { metric: odd }), /step of PT7M does not divide the cohort/);
  });

  it('gives up an answer that takes eight seconds at its own deadline, all queries together', async () => {
    const late: NodeJS.Timeout[] = [];
    server.fault = (response) => {
      late.push(setTimeout(() => answer(response, []), 8_000));
      return true;
    };
    const began = performance.now();
    const reason = await reasonOf(await sourceWith(400));
    const tookMs = performance.now() - began;
    for (const timer of late) clearTimeout(timer);
    assert.match(reason, /^events of stable: no answer within 0\.4 s$/);
    assert.ok(tookMs > 390 && tookMs < 2_000, `${tookMs} ms`);
  });

  it('has a deadline of five seconds where none is set', () =>
    assert.deepEqual(metricSourceSchema.parse({ kind: 'prometheus' }), { kind: 'prometheus', deadlineMs: 5_000 }));

  it('gives up an answer that trickles past the deadline', async () => {
    server.fault = (response) => {
      response.writeHead(200).write('{');
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
      return true;
    };
    assert.match(await reasonOf(await sourceWith(200)), /no answer within 0\.2 s/);
  });
});
