/**
 * Which requests people are asked about: a uniform sample by hash, blind to arm, score and prediction. Asking first about what a model
 * is uncertain of would choose the evidence by the thing that is judged. Pure: the same requests give the same tasks, in whatever order
 * they are offered.
 */
import { assignmentPoint } from '../assignment.ts';
import { utf8Bytes } from '../canonical-json.ts';

/** What is looked at of a request; nothing of what a model has said of it. */
export interface LabelRequest {
  readonly requestId: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly inputs: Readonly<Record<string, string | number | null>>;
  /** Label of the world's own; null where none is known, or it is known to be invalid. */
  readonly label: number | null;
  /** Whether any outcome is known, a valid one or not, by whomever. */
  readonly outcomeKnown: boolean;
  /** Whether the outcome is a label by people: no measure for other people. */
  readonly byPeople: boolean;
}

/** One thing that people are asked; of `gold` they are never told. */
export interface DrawnTask {
  /** `t01`: its place in the order in which it is asked, which tells nothing of where it came from. */
  readonly task: string;
  readonly requestId: string;
  readonly at: number;
  readonly inputs: LabelRequest['inputs'];
  /** The outcome where it is known already; null where people are asked because it is not. */
  readonly gold: number | null;
}

export interface DrawPlan {
  readonly model: string;
  readonly campaignId: string;
  /** Tasks, gold included. */
  readonly size: number;
  readonly gold: number;
  /** Event times [from, through) of the requests that are asked about; gold may be older. Epoch milliseconds. */
  readonly from: number;
  readonly through: number;
}

export interface Draw {
  /** Takes a request into account; any number, in any order. */
  offer(request: LabelRequest): void;
  /** Requests of the span whose outcome is not known, and the tasks; none where there is nothing to ask. */
  drawn(): { readonly open: number; readonly tasks: readonly DrawnTask[] };
}

/** All inputs of a campaign together, bytes of JSON: they travel in one message, beside who answered what. */
const INPUTS_BYTES_MAX = 28 * 1024;

interface Placed {
  readonly point: number;
  readonly request: LabelRequest;
}

const byPoint = (a: Placed, b: Placed): number =>
  a.point - b.point || (a.request.requestId < b.request.requestId ? -1 : 1);

/** A draw holds no more than it may need: the requests with the least points, of each sort. */
export function beginDraw(plan: DrawPlan): Draw {
  const { model, campaignId, size, from, through } = plan;
  const asked: Placed[] = [];
  const known = { yes: [] as Placed[], no: [] as Placed[] };
  let open = 0;
  const keep = (among: Placed[], request: LabelRequest, most: number): void => {
    // Older gold comes last: what the inputs tell of the time would tell it from the rest.
    const older = request.at < from ? 1 : 0;
    const placed = { point: older + assignmentPoint(model, campaignId, request.requestId), request };
    const last = among.at(-1);
    if (most === 0 || (among.length >= most && last !== undefined && byPoint(placed, last) > 0)) return;
    const place = among.findIndex((other) => byPoint(placed, other) < 0);
    among.splice(place === -1 ? among.length : place, 0, placed);
    among.length = Math.min(among.length, most);
  };
  return {
    offer(request) {
      const { at, label, outcomeKnown, byPeople } = request;
      if (at >= through) return;
      if (!outcomeKnown && at >= from) {
        open += 1;
        keep(asked, request, size);
      }
      if (label !== null && !byPeople) keep(label === 0 ? known.no : known.yes, request, plan.gold);
    },
    drawn() {
      if (open === 0) return { open, tasks: [] };
      const gold = balanced(known.yes, known.no, plan.gold);
      const sample = asked.slice(0, size - gold.length);
      return { open, tasks: inOrder(plan, [...sample, ...gold], new Set(gold)) };
    },
  };
}

/** As many of each answer as there are: where nearly all are alike, who always says the same would pass. */
function balanced(yes: readonly Placed[], no: readonly Placed[], most: number): Placed[] {
  const half = Math.ceil(most / 2);
  const fromYes = Math.min(yes.length, Math.max(half, most - no.length));
  return [...yes.slice(0, fromYes), ...no.slice(0, most - fromYes)];
}

/** Shuffled by another hash than the one that chose, so that no place tells gold from the rest; what would not fit is left out. */
function inOrder({ model, campaignId }: DrawPlan, placed: readonly Placed[], gold: ReadonlySet<Placed>): DrawnTask[] {
  const shuffled = placed
    .map((one) => ({ one, ...one, point: assignmentPoint(model, `${campaignId}/order`, one.request.requestId) }))
    .sort(byPoint);
  const digits = String(shuffled.length).length;
  let bytes = 0;
  return shuffled.flatMap(({ one, request: { requestId, at, inputs, label } }, index) => {
    bytes += utf8Bytes(JSON.stringify(inputs));
    if (bytes > INPUTS_BYTES_MAX) return [];
    const task = `t${String(index + 1).padStart(digits, '0')}`;
    return [{ task, requestId, at, inputs, gold: gold.has(one) ? label : null }];
  });
}
