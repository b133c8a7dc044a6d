/** Faulty variants of the product, each a mistake that somebody could make: the checker has to see every one of them. */
import { dueLook } from '../../src/activities/due-looks.ts';
import { look } from '../../src/activities/judging.ts';
import { takeOrder } from '../../src/domain/rollout/desk.ts';
import { nextTask, reduce } from '../../src/domain/rollout/machine.ts';
import { assignArm } from '../../src/domain/assignment.ts';
import { EMPTY_SCHEDULE, judgeTraffic } from '../../src/domain/traffic-schedule.ts';
import { MODEL } from './gateways.ts';
import { HONEST } from './parts.ts';
import type { Parts } from './parts.ts';
import { FALLBACK } from './world.ts';

export const FAULTY: Readonly<Record<string, Parts>> = {
  'acknowledges a split before it is written': { ...HONEST, acknowledgesUnwritten: true },
  'drops the generation': {
    ...HONEST,
    judgeTraffic: (schedule, change, clock) =>
      judgeTraffic({ ...EMPTY_SCHEDULE, entries: schedule.entries }, change, clock),
  },
  'widens when evidence is missing': {
    ...HONEST,
    look: async (ports, input) => {
      const judgement = await look(ports, input);
      const isMissing = judgement.reasons.includes('data-pending');
      return isMissing && input.mayAdvance ? { ...judgement, verdict: 'advance', reasons: [] } : judgement;
    },
  },
  'judges the labels there are': {
    ...HONEST,
    look: (ports, input) => {
      const requestLog = { ...ports.requestLog, readUnits: labelsSoFar((span) => ports.requestLog.readUnits(span)) };
      return look({ ...ports, requestLog }, input);
    },
  },
  'forgets at continue-as-new which orders it has carried out': {
    ...HONEST,
    carry: (desk) => ({ ...HONEST.carry(desk), processed: [] }),
  },
  'takes an approval of earlier evidence': {
    ...HONEST,
    refuseOrder: (desk, bundle, order, id) => {
      const asked = desk.state.request?.evidenceDigest;
      if (order.name !== 'approve' || asked === undefined) return HONEST.refuseOrder(desk, bundle, order, id);
      return HONEST.refuseOrder(desk, bundle, { ...order, approval: { ...order.approval, evidenceDigest: asked } }, id);
    },
    takeOrder: takeAnyApproval,
  },
  'counts the same person twice': { ...HONEST, refuseOrder: refuseAllButTwice, takeOrder: takeAnyApproval },
  'leaves a step without the approvals it asks for': {
    ...HONEST,
    nextTask: (state) => {
      const task = nextTask(state);
      return task.kind === 'judge' ? { ...task, mayAdvance: true } : task;
    },
  },
  'forgets a rollback that comes while a rise is on its way': {
    ...HONEST,
    reduce: (state, event) =>
      event.kind === 'applied' && state.decision !== null
        ? reduce({ ...state, decision: null }, event)
        : reduce(state, event),
    nextTask: (state) =>
      state.decision !== null && !state.retreated && state.touched
        ? { kind: 'finish', decision: state.decision }
        : nextTask(state),
  },
  'takes the way back for done when it was sent': { ...HONEST, retreatsUnverified: true },
  'reshuffles units at every rise': {
    ...HONEST,
    armOf: (gateway, unit, at) => {
      const entry = gateway.entry(at);
      return entry === null || entry.candidate === null
        ? 'stable'
        : assignArm(MODEL, `${entry.salt}/${entry.exposure}`, unit, entry.exposure);
    },
  },
  'counts requests instead of units': {
    ...HONEST,
    requestsOfAUnit: 3,
    nameOf: (unit, cohort, ask) => `${unit}/${cohort}/${ask}`,
  },
  'judges against the latest good bundle instead of the one that serves': {
    ...HONEST,
    briefed: (brief) => ({ ...brief, stable: FALLBACK }),
  },
  'starts a second rollout beside the first': { ...HONEST, startsBeside: true },
  'carries an order out again when it is repeated': {
    ...HONEST,
    refuseOrder: (desk, bundle, order) => HONEST.refuseOrder(desk, bundle, order, null),
    takeOrder: (desk, order) => takeOrder(desk, order, null),
  },
  'lets what was pushed wait for the next cohort': {
    ...HONEST,
    dueLook: async (tx, watermark, input) => {
      const due = await dueLook(tx, watermark, input);
      return due?.kind === 'due' && due.look.again > 0 ? null : due;
    },
  },
  'takes a look that it has heard of for a new one': {
    ...HONEST,
    nextTask: (state) => {
      const task = nextTask(state);
      return task.kind === 'judge' ? { ...task, afterAgain: 0 } : task;
    },
    reduce: (state, event) => {
      if (event.kind !== 'judged' || state.last === null) return reduce(state, event);
      const { again: _forgotten, ...last } = state.last;
      return reduce({ ...state, last }, event);
    },
  },
  'raises exposure when a pause ends': {
    ...HONEST,
    takeOrder: (desk, order, id) => {
      const next = takeOrder(desk, order, id);
      const { state } = next;
      const step = state.brief?.steps[state.step + 1] ?? null;
      if (order.name !== 'resume' || next === desk || state.decision !== null || step === null || state.run === null)
        return next;
      const ordered = {
        target: state.step + 1,
        step,
        decisionId: 'resumed',
        evidenceDigest: null,
        effectiveCohort: null,
      };
      return { ...next, state: { ...state, ordered, generation: state.generation + 1 } };
    },
  },
};

type ReadUnits = Parameters<typeof look>[0]['requestLog']['readUnits'];

/** A unit without a label is taken for a good one. */
function labelsSoFar(readUnits: ReadUnits): ReadUnits {
  return async (span) =>
    (await readUnits(span)).map((unit) => ({ ...unit, label: unit.label ?? 1, outcomeKnown: true }));
}

/** Every approval that got past the door is counted, whatever the machine would say to it. */
function takeAnyApproval(...[desk, order, id]: Parameters<typeof takeOrder>): ReturnType<typeof takeOrder> {
  const { request } = desk.state;
  if (order.name !== 'approve' || request === null) return takeOrder(desk, order, id);
  const given = { ...order.approval, commandId: id ?? '', cohort: desk.state.judgedCohort };
  const state = { ...desk.state, request: { ...request, approvals: [...request.approvals, given] } };
  return { ...desk, messages: desk.messages + 1, state };
}

function refuseAllButTwice(...[desk, bundle, order, id]: Parameters<Parts['refuseOrder']>): string | null {
  const reason = HONEST.refuseOrder(desk, bundle, order, id);
  return order.name === 'approve' && reason?.includes('has already approved') === true ? null : reason;
}
