/** The gateway's paths: which operation of which model a request asks for, and how its result is told. */
import { HoldfastError } from '../contracts/errors.ts';
import {
  drillSchema,
  modelNameSchema,
  modelRegistrationSchema,
  putFallbackSchema,
  putTrafficSchema,
  watermarkSchema,
} from '../contracts/serving.ts';
import { epochMs, isoInstant } from '../domain/time.ts';
import { ndjson } from './http-exchange.ts';
import type { Answer } from './http-exchange.ts';
import type { ModelPlane } from './model-plane.ts';
import type { ModelPlanes } from './model-planes.ts';
import { parseBody } from './request-items.ts';
import type { PutAnswer } from './schedule.ts';

export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Reads the body; only the operations that have one do. */
  body(): Promise<unknown>;
}

const MODEL_PATH = /^\/v1\/models\/([^/]+)(?:\/(.+))?$/;
const SEGMENT_PATH = /^log\/segments\/(\d{1,15})$/;

type Operation = (plane: ModelPlane, request: GatewayRequest) => Promise<Answer> | Answer;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST predictions': async (plane, request) => {
    const { answer, sent } = await plane.predict(await request.body());
    const refused = 'answers' in answer && answer.answers.length === 0;
    return { status: refused ? 400 : 200, body: answer, sent };
  },
  'POST outcomes': async (plane, request) => {
    const answer = await plane.takeOutcomes(await request.body());
    return { status: answer.accepted + answer.duplicates === 0 ? 400 : 200, body: answer };
  },
  'GET traffic': (plane) => ({ status: 200, body: plane.traffic() }),
  'PUT traffic': async (plane, request) =>
    changed(plane, await plane.putTraffic(parseBody(await request.body(), putTrafficSchema))),
  'PUT fallback': async (plane, request) =>
    changed(plane, await plane.putFallback(parseBody(await request.body(), putFallbackSchema))),
  'POST watermark': async (plane, request) => {
    const { through } = parseBody(await request.body(), watermarkSchema);
    return { status: 200, body: { watermark: isoInstant(await plane.promise(epochMs(through))) } };
  },
  'GET ledger': (plane, request) => ({
    status: 200,
    body: ndjson(plane.ledger(afterOf(request)).map((entry) => JSON.stringify(entry))),
  }),
  'GET log/segments': (plane, request) => ({ status: 200, body: plane.segments(afterOf(request)) }),
};

/** Answers one request. @throws HoldfastError with the refusal. */
export async function route(planes: ModelPlanes, request: GatewayRequest): Promise<Answer> {
  const { method, path } = request;
  if (method === 'GET' && path === '/healthz') return { status: 200, body: { healthy: true, gateway: planes.gateway } };
  if (method === 'GET' && path === '/readyz') {
    const readiness = planes.readiness();
    return { status: readiness.ready ? 200 : 503, body: readiness };
  }
  if (method === 'GET' && path === '/metrics')
    return {
      status: 200,
      body: { gateway: planes.gateway, memoryBytes: process.memoryUsage.rss(), models: planes.counters() },
    };
  const [, model, rest] = MODEL_PATH.exec(path) ?? [];
  if (model === undefined) throw unknownRoute(request);
  parseBody(model, modelNameSchema);
  if (rest === undefined && method === 'PUT') {
    const registration = parseBody(await request.body(), modelRegistrationSchema);
    await planes.register(model, registration);
    return { status: 200, body: { model, ...registration } };
  }
  return operate(planes, model, rest ?? '', request);
}

async function operate(planes: ModelPlanes, model: string, rest: string, request: GatewayRequest): Promise<Answer> {
  const segment = SEGMENT_PATH.exec(rest)?.[1];
  if (segment !== undefined && request.method === 'GET') {
    return { status: 200, body: ndjson(await planes.plane(model).readSegment(Number(segment))) };
  }
  if (rest === 'drill' && request.method === 'POST') {
    const drill = parseBody(await request.body(), drillSchema);
    await planes.drill(model, drill);
    return { status: 200, body: { model, ...drill } };
  }
  const operation = OPERATIONS[`${request.method} ${rest}`];
  if (operation === undefined) throw unknownRoute(request);
  return operation(planes.plane(model), request);
}

function changed(plane: ModelPlane, answer: PutAnswer): Answer {
  const traffic = plane.traffic();
  if (answer.answer !== 'refused') return { status: 200, body: traffic };
  const { eventClock } = traffic;
  throw new HoldfastError(answer.code, answer.reason, { details: { eventClock, traffic } });
}

function afterOf({ query }: GatewayRequest): number {
  const after = query.get('after') ?? '0';
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new HoldfastError(
    'REQUEST_INVALID',
    `after is ${JSON.stringify(after)}; send a whole number, 0 for everything`,
  );
}

function unknownRoute({ method, path }: GatewayRequest): HoldfastError {
  return new HoldfastError('ROUTE_UNKNOWN', `${method} ${path.slice(0, 200)} is no operation of the gateway`);
}
