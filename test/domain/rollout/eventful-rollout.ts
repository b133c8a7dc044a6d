/** A rollout that has met most of what one can meet, from real activities, and the means to tamper with its records. */
import { recordPolicy } from '../../../src/activities/policy-records.ts';
import { createInMemoryMetricSource } from '../../../src/adapters/metric-source/in-memory.ts';
import type { KnownCounts } from '../../../src/adapters/metric-source/in-memory.ts';
import { readRecordedRollout } from '../../../src/adapters/record-store/recorded-rollout.ts';
import type { RecordStore } from '../../../src/adapters/record-store/port.ts';
import { canonicalJson } from '../../../src/domain/canonical-json.ts';
import type { RolloutOrder } from '../../../src/domain/rollout/desk.ts';
import type { ChainLink, RecordedDecision, RecordedRollout } from '../../../src/domain/rollout/recorded-chain.ts';
import type { RolloutState } from '../../../src/domain/rollout/states.ts';
import { sha256Hex } from '../../../src/domain/sha256.ts';
import { cohortStart, isoInstant } from '../../../src/domain/time.ts';
import { climb } from '../../activities/climb.ts';
import { CALENDAR, judgedWorld } from '../../activities/judged-world.ts';
import { metric } from '../../adapters/metric-source/prometheus-server.ts';

const gate = { minSpan: 'PT3H', minUnits: 20, deadline: 'P3D' } as const;
export const TWO_APPROVERS = { roles: ['approver'], quorum: 2, veto: [], authenticated: false };

/**
 * Slices, a metric whose source was away, labels that came late, two approvals, a policy that was re-based, a watch after full exposure.
 * @param records Where they are kept; default: in memory
 */
export async function eventful(
  records?: RecordStore,
): Promise<{ readonly recorded: RecordedRollout; readonly end: RolloutState }> {
  const known: KnownCounts = new Map();
  const steps = [
    { mode: 'offline' as const },
    { mode: 'shadow' as const, ...gate },
    { mode: 'canary' as const, exposure: 0.25, ...gate, approvals: TWO_APPROVERS },
    { mode: 'canary' as const, exposure: 0.5, ...gate },
    { mode: 'full' as const, watch: 'PT3H', holdback: 0 },
  ];
  const world = await judgedWorld('eventful', {
    rollout: {
      steps,
      slices: [{ id: 'north', where: { shop: ['north'] }, role: 'veto', harmMarginPerThousand: 50 }],
      metrics: [metric({ observable: ['canary'] })],
    },
    metricSource: createInMemoryMetricSource(known),
    ...(records === undefined ? {} : { records }),
  });
  let rebasedTo: string | null = null;
  const orders = async ({ request, brief, step, last }: RolloutState): Promise<RolloutOrder[]> => {
    if (request !== null && request.approvals.length === 0)
      return ['ana', 'ben'].map((by) => {
        const { evidenceDigest } = request;
        const yes = { by, role: 'approver', step, evidenceDigest, candidate: world.input.bundle };
        return { name: 'approve' as const, approval: { ...yes, reason: 'seen', channel: 'cli' } };
      });
    if (step !== 3 || rebasedTo !== null || last?.verdict !== 'continue') return [];
    const from = brief?.policyDigest ?? '';
    rebasedTo = await world.records.transaction(world.model, async (tx) => {
      const policy = (await tx.get('policy', from))!;
      return recordPolicy(tx, { ...policy, rollout: { ...policy.rollout, errorRatio: 3 } });
    });
    return [{ name: 'rebasePolicy', policyDigest: rebasedTo, from, by: 'ana', reason: 'errors are rare here' }];
  };
  const weather = (cohort: number): { labelsLate: number } => {
    if (cohort !== 8 && cohort !== 9)
      for (const at of cohort === 10 ? [8, 9, 10] : [cohort])
        known.set(`timeouts/${isoInstant(cohortStart(CALENDAR, at))}`, [2, 10, 100, 500]);
    return { labelsLate: cohort === 12 ? 3 : 0 };
  };
  const end = await climb(world, { weather, orders });
  const { rolloutId } = world.input;
  const read = await world.records.transaction(world.model, (tx) => readRecordedRollout(tx, rolloutId));
  return { recorded: { ...read, head: end.head ?? null }, end };
}

export type Writable = { -readonly [Key in keyof RecordedDecision]: RecordedDecision[Key] };
export type Changed = { -readonly [Key in keyof RecordedRollout]: RecordedRollout[Key] };

/** Digests and links made to fit again, as somebody with the database could. */
export function resealed(chain: readonly ChainLink[]): ChainLink[] {
  const sealed: ChainLink[] = [];
  for (const { key, body } of chain) {
    const sequence = sealed.length + 1;
    const previousDigest = sealed.at(-1)?.digest ?? '0'.repeat(64);
    const digest = sha256Hex(canonicalJson({ sequence, key, body, previousDigest }));
    sealed.push({ sequence, key, body, previousDigest, digest });
  }
  return sealed;
}
