/** Whether everything that was acknowledged to somebody has taken effect, and once. */
import type { Fault, OnRecord } from './account.ts';
import type { Acknowledged } from './teller.ts';

/** What is wrong with what was acknowledged. */
export function acknowledgedFaults(onRecord: OnRecord): Fault[] {
  return onRecord.told.teller.acknowledged.flatMap((one) =>
    one.kind === 'evidence' ? evidenceFaults(onRecord, one) : orderFaults(onRecord, one),
  );
}

function evidenceFaults(
  { batches, chain, told, recorded }: OnRecord,
  { batchId, cohort, counts }: Extract<Acknowledged, { kind: 'evidence' }>,
): Fault[] {
  const { candidateEvents, events, candidateExposures, exposures } = counts;
  const window = [candidateEvents, events, candidateExposures, exposures];
  const batch = batches.get(batchId);
  if (JSON.stringify(batch?.window) !== JSON.stringify(window))
    return [{ kind: 'lost', inWords: `batch ${batchId} was acknowledged and is not on record as it was` }];
  const evidenceId = `${told.teller.rolloutId}/canary/refunds/${cohort}`;
  const looks = chain.filter(({ body }) => body.basis?.batches.includes(evidenceId) === true).length;
  const last = chain.findLast(({ body }) => body.cohort !== null)?.body.cohort ?? 0;
  if (looks > 1) return [{ kind: 'repeated', inWords: `batch ${batchId} counted in ${looks} looks` }];
  // With a lag of one cohort it is due in the look at the next.
  if (looks === 0 && cohort < last) return [{ kind: 'lost', inWords: `batch ${batchId} counted in no look` }];
  if (looks === 1 && JSON.stringify(recorded.evidence.get(evidenceId)?.window) !== JSON.stringify(window))
    return [{ kind: 'lost', inWords: `batch ${batchId} counted with other numbers` }];
  return [];
}

function orderFaults(
  { chain, commands, told }: OnRecord,
  { name, commandId }: Extract<Acknowledged, { kind: 'order' }>,
): Fault[] {
  const faults: Fault[] = [];
  const { decision } = told.state;
  // A rollback does not wait for the command log.
  if (!commands.has(commandId) && name !== 'rollback')
    faults.push({ kind: 'lost', inWords: `${name} ${commandId} is not in the command log` });
  if ((name === 'rollback' || name === 'reject') && decision?.by == null)
    faults.push({
      kind: 'lost',
      inWords: `${name} was acknowledged, and the rollout ended ${decision?.outcome ?? 'not'}`,
    });
  if (name === 'approve' && decision?.outcome === 'promoted') {
    const advances = chain.filter(({ body }) => body.verdict === 'advance' && body.approvals.length > 0);
    const counted = advances.filter(({ body }) => body.approvals.some((given) => given.commandId === commandId));
    if (counted.length === 0) faults.push({ kind: 'lost', inWords: `the yes ${commandId} counted for no advance` });
    if (counted.length > 1) faults.push({ kind: 'repeated', inWords: `the yes ${commandId} counted for two steps` });
  }
  if (name === 'extend') {
    const extended = told.teller.acknowledged.filter((one) => one.kind === 'order' && one.name === 'extend').length;
    const counted = Math.max(0, ...chain.map(({ body }) => body.basis?.extraCohorts ?? 0));
    if (counted !== extended)
      faults.push({
        kind: counted < extended ? 'lost' : 'repeated',
        inWords: `${extended} extensions were acknowledged, ${counted} counted`,
      });
  }
  if (name === 'rebasePolicy') {
    const times = chain.filter(({ body }) => body.run === 'operator').length;
    if (times !== 1)
      faults.push({
        kind: times === 0 ? 'lost' : 'repeated',
        inWords: `one re-basing was acknowledged, ${times} done`,
      });
  }
  return faults;
}
