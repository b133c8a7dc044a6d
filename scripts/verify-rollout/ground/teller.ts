/**
 * Tells one rollout on the proving ground: as metrics job, people and event time do, step by step, so that the same story is told alike
 * whatever dies meanwhile. Every call is repeated until it is acknowledged, and every order is given once more after that.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { createEdgeRecords } from '../../../src/adapters/record-store/edge-records.ts';
import type { EdgeRecords } from '../../../src/adapters/record-store/port.ts';
import { callTemporal } from '../../../src/client/call.ts';
import { pushEvidence, recordEvidence } from '../../../src/client/evidence.ts';
import type { CommandOptions } from '../../../src/client/order.ts';
import {
  approve,
  extend,
  pause,
  rebasePolicy,
  reject,
  resume,
  rollback,
  rolloutStatus,
} from '../../../src/client/rollout.ts';
import type { CommandReply } from '../../../src/client/rollout.ts';
import type { EvidenceReceipt } from '../../../src/contracts/evidence.ts';
import type { PolicyRecord } from '../../../src/contracts/records.ts';
import type { RolloutStatus } from '../../../src/contracts/workflows.ts';
import { requestKey } from '../../../src/domain/rollout/approvals.ts';
import type { RolloutState } from '../../../src/domain/rollout/states.ts';
import { isoInstant } from '../../../src/domain/time.ts';
import { ALIKE } from '../../../test/pushed-model.ts';
import type { Ground } from './ground.ts';
import { COHORT_MS, START } from './model-in-hand.ts';
import type { Candidate, ModelInHand } from './model-in-hand.ts';
import { Contradiction } from './patience.ts';
import type { Patience } from './patience.ts';

/** First pause between two questions; each is longer than the one before. */
const ASK_AGAIN_MS = { first: 30, growth: 1.4, most: 400 };
const CALL_MS = 5_000;
/** Long enough to send an order, too short to hear of it. */
const UNHEARD_MS = 4;

const ORDERS = { approve, reject, pause, resume, rollback, extend, rebasePolicy } as const;
type OrderName = keyof typeof ORDERS;
type LogAttempt = NonNullable<CommandOptions['logAttempt']>;

/** What somebody was told to be done. */
export type Acknowledged =
  | { readonly kind: 'order'; readonly name: OrderName; readonly commandId: string }
  | { readonly kind: 'evidence'; readonly batchId: string; readonly cohort: number; readonly counts: Counts };
export type Counts = typeof ALIKE;

export interface TellerTools {
  readonly ground: Ground;
  readonly client: Client;
  readonly patience: Patience;
  readonly hand: ModelInHand;
  readonly candidate: Candidate;
}

export class Teller {
  readonly acknowledged: Acknowledged[] = [];
  readonly candidate: Candidate;
  readonly hand: ModelInHand;
  readonly #tools: TellerTools;
  readonly #edge: EdgeRecords;
  /** How the evidence reaches the rollout. */
  byUpdate = false;
  /** How it stood when its process was ended from outside. */
  #last: RolloutState | null = null;
  /** First cohort of its run. */
  #first = Number.POSITIVE_INFINITY;

  constructor(tools: TellerTools) {
    this.#tools = tools;
    this.candidate = tools.candidate;
    this.hand = tools.hand;
    this.#edge = createEdgeRecords(tools.ground.records);
  }

  get rolloutId(): string {
    return this.candidate.rolloutId;
  }

  /** Asks until the answer is as wanted. @throws when it has not become so in the end */
  until(what: string, wanted: (state: RolloutStatus) => boolean): Promise<RolloutStatus> {
    const { client, patience } = this.#tools;
    return patience.persist(`${this.rolloutId}: ${what}`, async () => {
      const deadline = Date.now() + CALL_MS;
      for (let pause = ASK_AGAIN_MS.first; ; pause = Math.min(ASK_AGAIN_MS.most, pause * ASK_AGAIN_MS.growth)) {
        const state = await rolloutStatus(client, this.rolloutId, { deadlineMs: CALL_MS });
        if (wanted(state)) return state;
        if (Date.now() > deadline) throw new Error(`${what} has not come: ${state.inWords}`);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    });
  }

  /** The first split is applied, or there will be none. */
  async begin(): Promise<RolloutStatus> {
    const state = await this.until('the first split', (one) => one.decision !== null || isApplied(one));
    this.#first = state.judgedCohort + 1;
    // A split takes effect with a whole cohort: until then the units ask as before.
    while (this.hand.cohort < state.judgedCohort) await this.hand.pass();
    return state;
  }

  /** The next cohort passes, with the evidence of the one before it, and everything that follows from it is done. */
  async look(counts: Counts = ALIKE): Promise<RolloutStatus> {
    const { cohort: last } = this.hand;
    if (last >= this.#first) await this.push(last, counts);
    await this.hand.pass();
    const { cohort } = this.hand;
    const judged = ({ judgedCohort, fullFrom }: RolloutState): boolean =>
      fullFrom === null ? judgedCohort >= cohort : cohort < fullFrom;
    return this.until(`cohort ${cohort}`, (one) => one.decision !== null || (isApplied(one) && judged(one)));
  }

  /** Evidence of one cohort, twice: it counts once. */
  async push(cohort: number, counts: Counts): Promise<void> {
    const { patience } = this.#tools;
    const batchId = `refunds-${cohort}-of-${this.candidate.idea}`;
    const batch = { batchId, metric: 'refunds', cohortStart: isoInstant(START + (cohort - 1) * COHORT_MS), counts };
    for (const time of ['first', 'again']) {
      const receipt = await patience.persist(`evidence of cohort ${cohort}`, () => this.#give(batch, time));
      if (receipt.result === 'refused') throw new Contradiction(`${batchId} was refused: ${receipt.message}`);
    }
    this.acknowledged.push({ kind: 'evidence', batchId, cohort, counts });
  }

  async #give(batch: object, occasion: string): Promise<EvidenceReceipt> {
    const { client } = this.#tools;
    const by = 'metrics-job';
    if (this.byUpdate) {
      const options = { occasion, deadlineMs: CALL_MS };
      return recordEvidence(client, this.rolloutId, { batch, by, channel: 'client' }, options);
    }
    const evidence = { batches: [batch], by, channel: 'client' } as const;
    const pushed = await pushEvidence(client, this.rolloutId, evidence, (...all) => this.#edge.take(...all));
    const [receipt] = pushed.receipts;
    if (receipt === undefined) throw new Error('no receipt');
    return receipt;
  }

  /**
   * Gives an order until it is acknowledged, and once more. Before that, an edge dies between the command log and the order, and another
   * before it hears the answer: whoever repeats it gives the same order.
   */
  async order(name: OrderName, by: string, details: object = {}, occasion = ''): Promise<void> {
    const { client, patience } = this.#tools;
    const order = { by, reason: `${name} in the story`, channel: 'client', ...details };
    const give = ORDERS[name] as (client: Client, id: string, order: object, options: object) => Promise<CommandReply>;
    const logAttempt: LogAttempt = (record) => this.#edge.logAttempt(this.hand.model, record);
    const send = (dying: Partial<{ logAttempt: LogAttempt; deadlineMs: number }> = {}): Promise<CommandReply> =>
      give(client, this.rolloutId, order, { occasion, deadlineMs: CALL_MS, logAttempt, ...dying });
    const logAndDie: LogAttempt = async (record) => {
      await logAttempt(record);
      throw new Error('the edge dies');
    };
    for (const dying of [{ logAttempt: logAndDie }, { deadlineMs: UNHEARD_MS }])
      await send(dying).catch(() => undefined);
    const insist = async (): Promise<CommandReply> => {
      const reply = await patience.persist(`${name} of ${this.rolloutId}`, () => send());
      if (!reply.accepted) throw new Contradiction(`${name} of ${this.rolloutId} was refused: ${reply.message}`);
      return reply;
    };
    const { commandId } = await insist();
    this.acknowledged.push({ kind: 'order', name, commandId });
    await insist();
  }

  /** Gives an order by a form of the web UI, which writes nothing down by itself, until it is acknowledged, and once more. */
  async orderInUi(name: 'pause' | 'resume', by: string): Promise<void> {
    const { client, patience } = this.#tools;
    const commandId = `${name}-${this.candidate.idea}`;
    const body = { commandId, by, reason: `${name} in the story`, channel: 'ui' };
    const handle = client.workflow.getHandle(this.rolloutId);
    const submit = (): Promise<unknown> => handle.executeUpdate(name, { args: [body], updateId: commandId });
    for (let time = 0; time < 2; time += 1)
      await patience.persist(`${name} of ${this.rolloutId}`, () =>
        callTemporal(client, this.rolloutId, submit, { deadlineMs: CALL_MS }),
      );
    this.acknowledged.push({ kind: 'order', name, commandId });
  }

  /** The yes that is asked for. */
  async approve({ request }: RolloutState): Promise<void> {
    if (request === null) throw new Contradiction(`${this.rolloutId} asks for no approval`);
    const { step, evidenceDigest } = request;
    const { bundle: candidate } = this.candidate;
    await this.order('approve', 'ana', { role: 'approver', step, candidate, evidenceDigest });
  }

  /** Goes on under another policy, which is put on record first. */
  async rebase(policy: PolicyRecord): Promise<void> {
    const { patience } = this.#tools;
    const { brief } = await this.until('its policy', (one) => one.brief !== null);
    const policyDigest = await patience.persist('recording a policy', () =>
      this.#edge.recordPolicy(this.hand.model, policy),
    );
    await this.order('rebasePolicy', 'ana', { policyDigest, from: brief?.policyDigest });
    await this.until('the new policy', (one) => one.decision !== null || one.brief?.policyDigest === policyDigest);
  }

  /** Ends the process of the rollout, as somebody could who has only Temporal. */
  async terminate(): Promise<void> {
    const { client, patience } = this.#tools;
    this.#last = await this.until('what it was', (one) => one.brief !== null);
    const handle = client.workflow.getHandle(this.rolloutId);
    await patience.persist(`terminating ${this.rolloutId}`, async () => {
      await client
        .withDeadline(Date.now() + CALL_MS, () => handle.terminate('ended from outside'))
        .catch((error: unknown) => {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        });
    });
  }

  /** The rollout's end, taken note of by promotion, and one cohort beyond it. */
  async end(): Promise<RolloutState> {
    const { client, patience } = this.#tools;
    const handle = client.workflow.getHandle(this.rolloutId);
    const state = await patience.persist(`the end of ${this.rolloutId}`, () =>
      this.#last === null
        ? client.withDeadline(Date.now() + CALL_MS, () => handle.result() as Promise<RolloutState>)
        : this.#recordedEnd(this.#last),
    );
    await patience.persist(`promotion hears of the end of ${this.rolloutId}`, async () => {
      const owed = await this.#tools.ground.records.transaction(this.hand.model, (tx) => tx.handoffs());
      if (owed.some(({ id }) => id.startsWith(this.rolloutId))) throw new Error('promotion has not looked yet');
    });
    await this.hand.pass();
    return state;
  }

  /** Of a rollout whose process was ended from outside: how it stood, and what the records say became of it. */
  async #recordedEnd(last: RolloutState): Promise<RolloutState> {
    const { bundle } = this.candidate;
    const recorded = await this.#tools.ground.records.transaction(this.hand.model, (tx) => tx.get('candidate', bundle));
    const { outcome = 'in_progress', reason } = recorded ?? {};
    if (outcome === 'in_progress') throw new Error('it has no outcome yet');
    const decision = { outcome, reason, by: null, effectiveFrom: null } as RolloutState['decision'];
    return { ...last, decision, exposure: 0 };
  }
}

/** No order is under way, and people have been told what waits for them. */
function isApplied({ ordered, touched, request, announced, rebase }: RolloutState): boolean {
  return touched && ordered === null && rebase === null && requestKey(request) === announced;
}
