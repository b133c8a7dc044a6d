/** Traffic router to gateways that are schedules in this process: the law of changes without a server. */
import { z } from 'zod';
import { HoldfastError } from '../../contracts/errors.ts';
import type { TrafficState } from '../../contracts/serving.ts';
import { EMPTY_SCHEDULE, entryAt, judgeFallback, judgeTraffic } from '../../domain/traffic-schedule.ts';
import type { ChangeAnswer, TrafficSchedule } from '../../domain/traffic-schedule.ts';
import { isoInstant } from '../../domain/time.ts';
import type { ModelRegistration, TrafficRouter } from './port.ts';

export const inMemoryRouterSchema = z.strictObject({
  kind: z.literal('in-memory'),
  gateways: z.int().min(1).max(100).default(1).describe('How many gateways to be'),
});

/** The world around the gateways, for tests and simulations to move. */
export interface InMemoryWorld {
  /** Event clock of every gateway, epoch milliseconds; null before the first request. */
  readonly clock: () => number | null;
  /** Whether a bundle can be loaded. */
  readonly loads: (bundle: string) => boolean;
}

const STILL_WORLD: InMemoryWorld = { clock: () => null, loads: () => true };

interface Served {
  registration: ModelRegistration;
  schedules: TrafficSchedule[];
}

export function createInMemoryRouter(gateways: number, world: InMemoryWorld = STILL_WORLD): TrafficRouter {
  const models = new Map<string, Served>();
  const served = (model: string): Served => {
    const found = models.get(model);
    if (found === undefined) throw new HoldfastError('MODEL_UNKNOWN', `model ${model} is not registered`);
    return found;
  };
  const change = (
    model: string,
    bundles: readonly (string | null)[],
    judge: (schedule: TrafficSchedule) => ChangeAnswer,
  ): void => {
    const { schedules } = served(model);
    for (const bundle of bundles) {
      if (bundle !== null && !world.loads(bundle))
        throw new HoldfastError('BUNDLE_NOT_LOADABLE', `bundle ${bundle}: cannot be loaded`);
    }
    for (const [index, schedule] of schedules.entries()) {
      const answer = judge(schedule);
      if (answer.answer === 'refused') throw new HoldfastError(answer.code, answer.reason);
      if (answer.answer === 'accepted') schedules[index] = answer.schedule;
    }
  };
  return {
    register: async (model, registration) => {
      const known = models.get(model);
      if (known !== undefined) known.registration = registration;
      else models.set(model, { registration, schedules: Array.from({ length: gateways }, () => EMPTY_SCHEDULE) });
    },
    apply: async (model, put) =>
      change(model, [put.entry.stable, put.entry.candidate], (schedule) => judgeTraffic(schedule, put, world.clock())),
    fallback: async (model, put) => change(model, [put.bundle], (schedule) => judgeFallback(schedule, put)),
    observe: async (model) => {
      const { registration, schedules } = served(model);
      return schedules.map((schedule) => stateOf(model, registration, schedule, world.clock()));
    },
  };
}

function stateOf(
  model: string,
  registration: ModelRegistration,
  schedule: TrafficSchedule,
  clock: number | null,
): TrafficState {
  const { last, entries, lastFallback } = schedule;
  const present = entryAt(entries, clock ?? Number.NEGATIVE_INFINITY);
  const now = clock === null ? null : isoInstant(clock);
  return {
    model,
    generation: last?.generation ?? 0,
    decisionId: last?.decisionId ?? null,
    entries: [...entries],
    fallback: { generation: lastFallback?.generation ?? 0, bundle: lastFallback?.bundle ?? null },
    watermark: now,
    eventClock: now,
    servingNow: {
      stable: present?.stable ?? registration.fallback,
      candidate: present?.candidate ?? null,
      exposure: present?.exposure ?? 0,
      candidateInFlight: 0,
    },
  };
}
