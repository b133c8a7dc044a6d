/**
 * What a run claims: its declaration, candidates, decisions, evidence and commands, by plain SQL, and the exposure ledgers of its
 * gateways, by the files. Nothing of the gate's own code is used to read or judge any of it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import type {
  CandidateRecord,
  CommandRecord,
  DecisionRecord,
  EvidenceRecord,
  PolicyRecord,
} from '../../src/contracts/records.ts';
import type { LedgerEntry } from '../../src/contracts/serving.ts';

export interface ChainedDecision {
  readonly sequence: number;
  readonly key: string;
  readonly body: DecisionRecord;
  readonly previousDigest: string;
  readonly digest: string;
}

export interface Story {
  readonly model: string;
  readonly declaration: ModelDeclaration;
  readonly candidates: readonly CandidateRecord[];
  /** By rollout, in order of the chain. */
  readonly decisions: ReadonlyMap<string, readonly ChainedDecision[]>;
  /** By batch id. */
  readonly evidence: ReadonlyMap<string, EvidenceRecord>;
  /** By digest. */
  readonly policies: ReadonlyMap<string, PolicyRecord>;
  readonly commands: readonly CommandRecord[];
  /** By gateway, in the order of the file. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerEntry[]>;
}

/** @throws when the model is not in the records */
export async function readStory(client: Client, stateDir: string, model: string): Promise<Story> {
  const bodies = async <T>(kind: string): Promise<Array<{ key: string; body: T }>> => {
    const { rows } = await client.query<{ key: string; body: T }>(
      'select key, body from holdfast.records where model = $1 and kind = $2 order by key collate "C"',
      [model, kind],
    );
    return rows;
  };
  const [registered] = await bodies<{ declaration: ModelDeclaration }>('model');
  if (registered === undefined) throw new Error(`model ${model} is not in these records`);
  const { rows: chained } = await client.query<ChainedDecision & { scope: string }>(
    `select scope, sequence, key, body, previous_digest as "previousDigest", digest from holdfast.chains
     where model = $1 and kind = 'decision' order by scope collate "C", sequence`,
    [model],
  );
  const evidence = await bodies<EvidenceRecord>('evidence');
  const policies = await bodies<PolicyRecord>('policy');
  return {
    model,
    declaration: registered.body.declaration,
    candidates: (await bodies<CandidateRecord>('candidate')).map(({ body }) => body),
    decisions: byScope(chained),
    evidence: new Map(evidence.map(({ body }) => [body.batchId, body])),
    policies: new Map(policies.map(({ key, body }) => [key, body])),
    commands: (await bodies<CommandRecord>('command')).map(({ body }) => body),
    ledgers: readLedgers(stateDir, model),
  };
}

function readLedgers(stateDir: string, model: string): Map<string, LedgerEntry[]> {
  const folder = join(stateDir, 'gateways');
  const ledgers = new Map<string, LedgerEntry[]>();
  for (const gateway of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const file = join(folder, gateway, 'models', model, 'ledger.jsonl');
    if (existsSync(file)) ledgers.set(gateway, parseLedger(readFileSync(file, 'utf8')));
  }
  return ledgers;
}

export function parseLedger(text: string): LedgerEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerEntry);
}

function byScope(chained: ReadonlyArray<ChainedDecision & { readonly scope: string }>): Map<string, ChainedDecision[]> {
  const chains = new Map<string, ChainedDecision[]>();
  for (const { scope, ...decision } of chained) chains.set(scope, [...(chains.get(scope) ?? []), decision]);
  return chains;
}
