import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayFixture, request, send } from './gateway-fixture.ts';

const T10 = '2001-02-01T10:00:00Z';

describe('the gateway refuses bad input by field, value and remedy', () => {
  let fixture: GatewayFixture;
  before(async () => {
    fixture = await GatewayFixture.create();
    await fixture.start();
    await fixture.register();
  });
  after(() => fixture.dispose());

  for (const [title, path, body, message] of [
    ['a body that is not JSON', 'predictions', '{"requests":', /the body is not JSON/],
    ['a batch that is no list', 'predictions', { requests: 7 }, /requests is 7; send a list/],
    ['an empty batch', 'predictions', { requests: [] }, /requests has 0 items; send 1 to 10000/],
    [
      'a batch with a field it does not know',
      'predictions',
      { requests: [request('a', T10)], arm: 'candidate' },
      /arm is not a field of a batch/,
    ],
    ['a request without inputs', 'predictions', { requestId: 'a', unit: 'a' }, /inputs is missing/],
    ['a local event time', 'predictions', request('a', '2001-02-01T10:00:00'), /eventTime is "2001-02-01T10:00:00"/],
    [
      'a nested input',
      'predictions',
      request('a', T10, { inputs: { origin: { code: 'JFK' } } }),
      /inputs\.origin is {"code":"JFK"}/,
    ],
    ['a watermark that is no instant', 'watermark', { through: 'now' }, /through is "now"/],
    ['a null body', 'outcomes', 'null', /the body is null/],
  ] as const)
    it(`refuses ${title}: 400`, async () => {
      const reply = await fixture.post(fixture.of(path), body);
      assert.equal(reply.status, 400);
      const text = reply.body.error?.message ?? reply.body.rejected[0].message;
      assert.match(text, message);
    });

  it('answers the good requests of a batch and names the bad ones by place', async () => {
    const requests = [
      request('good-1', T10),
      { requestId: 'bad', unit: 7, inputs: {} },
      'nonsense',
      request('good-2', T10),
    ];
    const { status, body } = await fixture.post(fixture.of('predictions'), { requests });
    assert.equal(status, 200);
    assert.deepEqual(
      body.answers.map(({ requestId }: { requestId: string }) => requestId),
      ['good-1', 'good-2'],
    );
    assert.deepEqual(
      body.rejected.map(({ index, requestId, code }: Record<string, unknown>) => [index, requestId, code]),
      [
        [1, 'bad', 'REQUEST_INVALID'],
        [2, null, 'REQUEST_INVALID'],
      ],
    );
  });

  it('does not let one event time from the far future move its clock', async () => {
    await fixture.post(fixture.of('watermark'), { through: '2001-02-02T00:00:00Z' });
    const reply = await fixture.post(fixture.of('predictions'), request('future', '2101-02-01T10:00:00Z'));
    assert.deepEqual([reply.status, reply.body.error.code], [400, 'EVENT_TIME_OUT_OF_RANGE']);
    const late = { requestId: 'o', label: 1, knownAt: '2101-02-01T10:00:00Z', inputs: {} };
    const outcomes = await fixture.post(fixture.of('outcomes'), { outcomes: [late] });
    assert.equal(outcomes.body.rejected[0].code, 'EVENT_TIME_OUT_OF_RANGE');
    assert.equal((await fixture.get(fixture.of('traffic'))).body.eventClock, '2001-02-02T00:00:00Z');
  });

  it('refuses a body beyond 16 MiB: 413', async () => {
    const reply = await fixture
      .post(fixture.of('predictions'), JSON.stringify({ pad: 'x'.repeat(17 * 1024 * 1024) }))
      .catch(() => null);
    // The answer may be lost when the connection is closed while the rest is still being sent; the gateway itself stays.
    if (reply !== null) assert.equal(reply.status, 413);
    assert.equal((await fixture.get('/healthz')).status, 200);
  });

  for (const [method, path, status] of [
    ['GET', '/', 404],
    ['DELETE', '/v1/models/flight-delay/traffic', 404],
    ['GET', '/v1/models/stranger/traffic', 404],
    ['GET', '/v1/models/Not%20A%20Name/traffic', 400],
    ['GET', '/v1/models/flight-delay/ledger?after=-1', 400],
    ['GET', '/v1/models/flight-delay/log/segments/9999', 404],
    ['GET', '/v1/models/flight-delay/log/segments/../../../etc/passwd', 404],
  ] as const)
    it(`answers ${method} ${path} with ${status}`, async () => {
      const reply = await send(fixture.gateway!.url, method, path);
      assert.equal(reply.status, status);
      assert.equal(typeof reply.body.error.remedy, 'string');
    });

  it('answers whatever JSON it is sent with 200 or 400, and goes on serving', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('predictions', 'outcomes', 'traffic', 'fallback', 'watermark'),
        fc.json(),
        async (path, body) => {
          const method = path === 'traffic' || path === 'fallback' ? 'PUT' : 'POST';
          const reply = await send(fixture.gateway!.url, method, fixture.of(path), body);
          assert.ok(reply.status === 400, `${method} ${path} ${body}: ${reply.status}`);
        },
      ),
      { numRuns: 200 },
    ));

  it('treats inputs named like parts of an object as inputs', async () => {
    const body = `{"requestId":"proto","unit":"__proto__","eventTime":"${T10}","inputs":{"__proto__":1,"constructor":"x","toString":null}}`;
    const reply = await fixture.post(fixture.of('predictions'), body);
    assert.equal(reply.body.prediction, 0.2);
  });
});
