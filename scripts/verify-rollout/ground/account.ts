/** What has become of a told rollout, read from the records, from both gateways' ledgers and from its workflow; and what is wrong with it. */
import type { ChainEntry, RecordTransaction } from '../../../src/adapters/record-store/port.ts';
import { readRecordedRollout } from '../../../src/adapters/record-store/recorded-rollout.ts';
import type { CandidateRecord, DecisionRecord } from '../../../src/contracts/records.ts';
import type { LedgerEntry } from '../../../src/contracts/serving.ts';
import type { RecordedRollout } from '../../../src/domain/rollout/recorded-chain.ts';
import type { RolloutState } from '../../../src/domain/rollout/states.ts';
import { verifyChain } from '../../../src/domain/rollout/verify-chain.ts';
import { acknowledgedFaults } from './acknowledged.ts';
import { ofRollout, splitFaults, splitLines } from './exposures.ts';
import type { Ground } from './ground.ts';
import { ENDS } from './stories.ts';
import type { StoryName } from './stories.ts';
import type { Teller } from './teller.ts';

export interface Told {
  readonly story: StoryName;
  readonly teller: Teller;
  readonly state: RolloutState;
}

/** Everything that is on record of one rollout, read at once. */
export interface OnRecord {
  readonly told: Told;
  readonly chain: ReadonlyArray<ChainEntry<DecisionRecord>>;
  readonly recorded: Omit<RecordedRollout, 'head'>;
  readonly candidate: CandidateRecord | null;
  readonly schedule: ReadonlyArray<{ readonly generation: number; readonly exposure: number; readonly cohort: number }>;
  readonly stables: number;
  readonly handoffs: readonly string[];
  readonly batches: ReadonlyMap<string, { readonly cohort: number; readonly window: unknown }>;
  readonly commands: ReadonlySet<string>;
  /** Of each gateway: everything it has ever been told of the model. */
  readonly ledgers: ReadonlyArray<readonly LedgerEntry[]>;
  /** Messages that have reached people: topic and how often. */
  readonly messages: ReadonlyArray<{ readonly topic: string; readonly times: number }>;
}

/** What kinds of harm are told apart. */
export const FAULT_KINDS = ['lost', 'repeated', 'out of order', 'unverifiable', 'unfinished'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly inWords: string;
}

export interface Account {
  readonly rolloutId: string;
  readonly story: StoryName;
  /** The story without names, digests and times that differ from one telling to the next: equal for equal stories. */
  readonly lines: readonly string[];
  readonly decisions: number;
  readonly changes: number;
  /** Changes that a gateway was told again, or refused. */
  readonly refused: number;
  readonly acknowledged: number;
  readonly faults: readonly Fault[];
}

/** Reads one rollout that is over and says what is wrong with it. */
export async function accountOf(ground: Ground, told: Told): Promise<Account> {
  const { model } = told.teller.hand;
  const ledgers = await Promise.all(ground.gatewayUrls.map((url) => ledgerOf(url, model)));
  const messages = [...ground.mailbox.delivered.values()].filter(({ process }) => process === told.teller.rolloutId);
  const onRecord = { ...(await ground.records.transaction(model, (tx) => read(tx, told))), ledgers, messages };
  const lines = [...decisionLines(onRecord), ...splitLines(onRecord), ...messageLines(onRecord), endLine(onRecord)];
  return {
    rolloutId: told.teller.rolloutId,
    story: told.story,
    lines,
    decisions: onRecord.chain.length,
    changes: ledgers[0]?.filter((line) => ofRollout(line, told.teller.rolloutId) && line.accepted).length ?? 0,
    refused: ledgers.flat().filter((line) => ofRollout(line, told.teller.rolloutId) && !line.accepted).length,
    acknowledged: told.teller.acknowledged.length,
    faults: faultsOf(onRecord),
  };
}

/** Everything that is wrong with what is on record of a rollout that is over. */
export function faultsOf(onRecord: OnRecord): Fault[] {
  return [chainFaults, outcomeFaults, splitFaults, acknowledgedFaults, messageFaults].flatMap((of) => of(onRecord));
}

async function ledgerOf(url: string, model: string): Promise<LedgerEntry[]> {
  const response = await fetch(`${url}/v1/models/${model}/ledger`);
  const text = await response.text();
  if (!response.ok) throw new Error(`the ledger of ${model} was answered ${response.status}: ${text}`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LedgerEntry);
}

async function read(tx: RecordTransaction, told: Told): Promise<Omit<OnRecord, 'ledgers' | 'messages'>> {
  const { rolloutId, candidate } = told.teller;
  const batches = await tx.list('evidenceBatch', { prefix: `${rolloutId}/` });
  const commands = await tx.list('command');
  return {
    told,
    chain: await tx.chain('decision', rolloutId),
    recorded: await readRecordedRollout(tx, rolloutId),
    candidate: await tx.get('candidate', candidate.bundle),
    schedule: (await tx.get('schedule', rolloutId))?.entries ?? [],
    stables: (await tx.list('stable')).filter(({ body }) => body.rolloutId === rolloutId).length,
    handoffs: (await tx.handoffs()).map(({ id }) => id),
    batches: new Map(batches.map(({ body }) => [body.batchId, body])),
    commands: new Set(commands.map(({ key }) => key)),
  };
}

function chainFaults({ told, chain, recorded }: OnRecord): Fault[] {
  const faults: Fault[] = [];
  const { state } = told;
  const verification = verifyChain({ ...recorded, head: state.head ?? null });
  if (!verification.verified) faults.push({ kind: 'unverifiable', inWords: verification.inWords });
  const seen = state.head?.sequence ?? 0;
  // A person's order ends a look that is under way: what it has decided is on record, and nobody waits for it any more.
  const untold = chain.length - seen;
  if (untold > (state.decision?.by === null ? 0 : 1))
    faults.push({ kind: 'lost', inWords: `${untold} recorded decisions were never told to the rollout` });
  const cohorts = new Map<string, number>();
  for (const { body, key } of chain) {
    if (body.cohort === null) continue;
    const before = cohorts.get(body.run);
    if (before !== undefined && body.cohort <= before)
      faults.push({
        kind: 'repeated',
        inWords: `${key}: cohort ${body.cohort} of ${body.run} was judged after ${before}`,
      });
    if (before !== undefined && body.cohort > before + 1)
      faults.push({ kind: 'lost', inWords: `${key}: no decision between cohorts ${before} and ${body.cohort}` });
    cohorts.set(body.run, body.cohort);
  }
  return faults;
}

function outcomeFaults({ told, candidate, stables, handoffs, schedule }: OnRecord): Fault[] {
  const { state, story, teller } = told;
  const faults: Fault[] = [];
  const outcome = state.decision?.outcome ?? 'none';
  if (outcome !== ENDS[story])
    faults.push({ kind: 'unfinished', inWords: `it ended ${outcome} (${state.inWords}), expected ${ENDS[story]}` });
  if (candidate?.outcome !== outcome)
    faults.push({ kind: 'lost', inWords: `its record says ${candidate?.outcome ?? 'nothing'}, it ended ${outcome}` });
  const expected = outcome === 'promoted' ? 1 : 0;
  if (stables !== expected)
    faults.push({
      kind: stables < expected ? 'lost' : 'repeated',
      inWords: `it is ${stables} times among the stables`,
    });
  const owed = handoffs.filter((id) => id.startsWith(teller.rolloutId));
  if (owed.length > 0) faults.push({ kind: 'lost', inWords: `promotion has not taken ${owed.join(', ')}` });
  const history = (candidate?.exposureHistory ?? []).map(({ decisionId }) => decisionId);
  if (new Set(history).size !== history.length)
    faults.push({ kind: 'repeated', inWords: `its exposures name a decision twice: ${history.join(', ')}` });
  const generations = schedule.map(({ generation }) => generation);
  if (generations.some((generation, index) => generation <= (generations[index - 1] ?? 0)))
    faults.push({ kind: 'out of order', inWords: `its schedule has generations ${generations.join(', ')}` });
  return faults;
}

/** Decisions as sentences: what was judged, on what, with what result. */
function decisionLines({ chain, schedule, told }: OnRecord): string[] {
  const first = schedule[0]?.cohort ?? 0;
  return chain.map(({ body }) => {
    const { run, cohort, verdict, reasons, basis, approvals, look } = body;
    const on = (basis?.batches ?? []).map((id) => {
      const [stream = '', of = ''] = id.split('/').slice(-2);
      return `${stream} ${Number(of) - first}`;
    });
    const yes = approvals.map(({ by, role, step }) => `${by} as ${role} for ${step}`);
    return JSON.stringify({
      run,
      cohort: cohort === null ? null : cohort - first,
      verdict,
      // A re-basing names the policies, and a check the machine's own numbers.
      reasons: run === 'operator' ? [] : reasons,
      on,
      yes,
      mayAdvance: basis?.mayAdvance,
      extraCohorts: basis?.extraCohorts,
      look,
    }).replaceAll(told.teller.rolloutId, 'this rollout');
  });
}

/** What people were told, in no order: each goes its own way. */
function messageLines({ messages }: OnRecord): string[] {
  return messages.map(({ topic }) => `people are told of ${topic}`).sort();
}

/** Once more is what one death between sending and noting it costs, under the same id. */
function messageFaults({ messages }: OnRecord): Fault[] {
  return messages
    .filter(({ times }) => times > 2)
    .map(({ topic, times }) => ({ kind: 'repeated', inWords: `people were told of ${topic} ${times} times` }));
}

function endLine({ told: { state } }: OnRecord): string {
  return `ended ${state.decision?.outcome ?? 'not'} by ${state.decision?.by ?? 'the gate'} at exposure ${state.exposure}`;
}
