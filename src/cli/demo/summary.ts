/** The document an unattended run leaves, gathered from the records, the gateway and Temporal. */
import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { CandidateRecord, PartitionRecord } from '../../contracts/records.ts';
import { storyOf, summarySchema } from '../../contracts/summary.ts';
import type { Summary } from '../../contracts/summary.ts';
import type { GatewayCounters } from '../../contracts/serving.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { isoInstant } from '../../domain/time.ts';
import type { Records } from './records.ts';
import type { Progress } from './show.ts';

export interface SummarySources {
  readonly records: Records;
  readonly client: Client;
  readonly gatewayUrl: string;
  readonly temporalAddress: string;
  readonly declaration: ModelDeclaration;
  readonly declarationDigest: string;
  readonly arguments: Summary['arguments'];
  readonly progress: Progress;
  readonly wallMs: number;
  readonly waitedMs: ReadonlyMap<string, number>;
}

export async function summarise(sources: SummarySources): Promise<Summary> {
  const { records, declaration, progress } = sources;
  const story = await records.transaction(declaration.model, async (tx) => ({
    partitions: (await tx.list('partition')).map(({ body }) => body),
    candidates: (await tx.list('candidate')).map(({ body }) => body),
    stables: (await tx.list('stable')).map(({ body }) => body),
    incidents: (await tx.list('incident')).map(({ body }) => body),
    decisions: (await tx.list('decision')).length,
    approvals: (await tx.list('command')).filter(({ body }) => body.command === 'approve').length,
  }));
  const document: Omit<Summary, 'storyDigest'> = {
    format: 1,
    model: declaration.model,
    declarationDigest: sources.declarationDigest,
    arguments: sources.arguments,
    eventTime: {
      from: progress.since === null ? null : isoInstant(progress.since),
      until: progress.next === null ? null : isoInstant(progress.next),
    },
    collection: collectionOf(story.partitions),
    candidates: story.candidates.toSorted(byReadiness).map(candidateOf),
    stableHistory: story.stables,
    incidents: story.incidents.map(
      ({ id, objective, openedAt, symptom, cause, response, closedAt, closingReason }) => ({
        id,
        objective,
        openedAt,
        symptom,
        cause,
        response,
        closedAt,
        closingReason,
      }),
    ),
    counts: {
      predictions: progress.predictions,
      outcomes: progress.outcomes,
      decisions: story.decisions,
      approvals: story.approvals,
      ...(await gatewayCounts(sources.gatewayUrl, declaration.model)),
    },
    temporal: {
      address: sources.temporalAddress,
      namespace: sources.client.options.namespace,
      workflows: await workflowsOf(sources.client),
    },
    wall: {
      totalSeconds: seconds(sources.wallMs),
      byStage: Object.fromEntries([...sources.waitedMs].map(([name, ms]) => [name, seconds(ms)])),
    },
  };
  const storyDigest = createHash('sha256')
    .update(canonicalJson(storyOf(document)))
    .digest('hex');
  return summarySchema.parse({ ...document, storyDigest });
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

function collectionOf(partitions: readonly PartitionRecord[]): Summary['collection'] {
  const quarantined: Record<string, number> = {};
  for (const { checkId, rows } of partitions.flatMap((partition) => partition.quarantined)) {
    quarantined[checkId] = (quarantined[checkId] ?? 0) + rows;
  }
  return {
    rows: sum(partitions.map(({ rows }) => rows)),
    accepted: sum(partitions.map(({ accepted }) => accepted)),
    partitionsAccepted: partitions.filter(({ verdict }) => verdict === 'accepted').length,
    quarantined,
    blocked: partitions.flatMap(({ day, blockedBy }) => (blockedBy === null ? [] : [{ day, ...blockedBy }])),
  };
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function candidateOf(candidate: CandidateRecord): Summary['candidates'][number] {
  const { bundle, idea, attempt, outcome, step, reason, readyAt, decidedAt, exposureHistory } = candidate;
  return { bundle, idea, attempt, outcome, step, reason, readyAt, decidedAt, exposureHistory: [...exposureHistory] };
}

function byReadiness(a: CandidateRecord, b: CandidateRecord): number {
  const key = ({ readyAt, idea, attempt }: CandidateRecord): string =>
    `${readyAt} ${idea} ${String(attempt).padStart(4, '0')}`;
  return key(a) < key(b) ? -1 : 1;
}

type GatewayCounts = Pick<Summary['counts'], 'shadowScores' | 'ledgerAccepted' | 'ledgerRefused' | 'errors'>;

/** Counters of the gateway, as far as it answers: the story does not depend on them. */
async function gatewayCounts(gatewayUrl: string, model: string): Promise<GatewayCounts> {
  try {
    const response = await fetch(`${gatewayUrl}/metrics`, { signal: AbortSignal.timeout(2_000) });
    const { models } = (await response.json()) as { models: Readonly<Record<string, GatewayCounters | undefined>> };
    const counters = models[model];
    if (counters !== undefined) {
      const { shadowScores, ledgerAccepted, ledgerRefused, errors } = counters;
      return {
        shadowScores,
        ledgerAccepted,
        ledgerRefused,
        errors: errors.stable + errors.candidate + errors.fallback,
      };
    }
  } catch {
    // The counts stay unknown.
  }
  return { shadowScores: null, ledgerAccepted: null, ledgerRefused: null, errors: null };
}

async function workflowsOf(client: Client): Promise<Summary['temporal']['workflows']> {
  const byId = new Map<string, Summary['temporal']['workflows'][number]>();
  // Newest first, so that the status of an id is that of its last run.
  for await (const { workflowId: id, runId, type, status, historyLength } of client.workflow.list()) {
    const known = byId.get(id) ?? { id, type, runs: 0, historyEvents: 0, status: status.name };
    // The list knows the length of closed histories only.
    const events =
      status.name === 'RUNNING' ? (await client.workflow.getHandle(id, runId).describe()).historyLength : historyLength;
    byId.set(id, { ...known, runs: known.runs + 1, historyEvents: known.historyEvents + events });
  }
  return [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
