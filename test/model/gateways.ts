/** Two gateways of the checked model: the real law of changes, roads that lose, delay and repeat, and a ledger of what was accepted. */
import { HoldfastError } from '../../src/contracts/errors.ts';
import type { PutTraffic, SplitEntry, TrafficState } from '../../src/contracts/serving.ts';
import type { TrafficRouter } from '../../src/adapters/traffic-router/port.ts';
import { assignArm } from '../../src/domain/assignment.ts';
import { isoInstant } from '../../src/domain/time.ts';
import { EMPTY_SCHEDULE, entryAt, judgeTraffic } from '../../src/domain/traffic-schedule.ts';
import type { ChangeAnswer, TrafficSchedule } from '../../src/domain/traffic-schedule.ts';

export const MODEL = 'shop';

export interface LedgerLine {
  readonly generation: number;
  readonly decisionId: string;
  readonly entry: SplitEntry;
  /** Event clock when it was accepted. */
  readonly at: number;
}

export class ModelGateway {
  schedule: TrafficSchedule = EMPTY_SCHEDULE;
  readonly ledger: LedgerLine[] = [];
  reachable = true;

  entry(at: number): SplitEntry | null {
    return entryAt(this.schedule.entries, at);
  }

  arm(unit: string, at: number): 'stable' | 'candidate' {
    const entry = this.entry(at);
    return entry === null || entry.candidate === null ? 'stable' : assignArm(MODEL, entry.salt, unit, entry.exposure);
  }
}

/** The law of changes; variants of the checker put a broken one in its place. */
export type JudgeTraffic = typeof judgeTraffic;

export interface Roads {
  /** Whether the next call to a gateway is lost on the way, or its answer is. */
  readonly loses: () => 'nothing' | 'call' | 'answer';
  readonly clock: () => number;
  readonly judge: JudgeTraffic;
  /** Whether an acknowledgement comes before the change is kept. */
  readonly acknowledgesUnwritten?: () => boolean;
}

export function modelRouter(gateways: readonly ModelGateway[], roads: Roads): TrafficRouter {
  const offer = (gateway: ModelGateway, put: PutTraffic): void => {
    const lost = gateway.reachable ? roads.loses() : 'call';
    if (lost === 'call') throw unreachable();
    const answer: ChangeAnswer = roads.judge(gateway.schedule, put, roads.clock());
    if (answer.answer === 'refused') throw new HoldfastError(answer.code, answer.reason);
    if (answer.answer === 'accepted' && roads.acknowledgesUnwritten?.() !== true) {
      gateway.schedule = answer.schedule;
      gateway.ledger.push({ ...put, at: roads.clock() });
    }
    if (lost === 'answer') throw unreachable();
  };
  return {
    register: async () => undefined,
    fallback: async () => undefined,
    async apply(_model, put) {
      let failure: unknown = null;
      for (const gateway of gateways) {
        try {
          offer(gateway, put);
        } catch (error) {
          failure ??= error;
        }
      }
      if (failure !== null) throw failure;
    },
    async observe() {
      for (const gateway of gateways) if (!gateway.reachable || roads.loses() !== 'nothing') throw unreachable();
      return gateways.map((gateway) => stateOf(gateway, roads.clock()));
    },
  };
}

const unreachable = (): HoldfastError => new HoldfastError('GATEWAY_UNREACHABLE', 'the road is closed');

function stateOf(gateway: ModelGateway, clock: number): TrafficState {
  const { last, entries } = gateway.schedule;
  const present = gateway.entry(clock);
  return {
    model: MODEL,
    generation: last?.generation ?? 0,
    decisionId: last?.decisionId ?? null,
    entries: entries.map((entry) => ({ ...entry })),
    fallback: { generation: 0, bundle: null },
    watermark: isoInstant(clock),
    eventClock: isoInstant(clock),
    servingNow: {
      stable: present?.stable ?? null,
      candidate: present?.candidate ?? null,
      exposure: present?.exposure ?? 0,
      candidateInFlight: 0,
    },
  };
}
