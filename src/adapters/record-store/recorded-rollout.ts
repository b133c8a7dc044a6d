import type { CommandRecord } from '../../contracts/records.ts';
import type { RecordedRollout } from '../../domain/rollout/recorded-chain.ts';
import type { RecordTransaction } from './port.ts';

/** Everything on record of one rollout, as far as its decisions can be judged again from it. */
export async function readRecordedRollout(
  tx: RecordTransaction,
  rolloutId: string,
): Promise<Omit<RecordedRollout, 'head'>> {
  const chain = await tx.chain('decision', rolloutId);
  const decisions = await tx.list('decision', { prefix: `${rolloutId}/` });
  const evidence = await tx.list('evidence', { prefix: `${rolloutId}/` });
  const candidate = (await tx.list('candidate')).find(({ body }) => body.rolloutId === rolloutId)?.body;
  const attestations = candidate === undefined ? [] : await tx.list('attestation', { prefix: `${candidate.bundle}/` });
  return {
    rolloutId,
    chain,
    decisions: new Map(decisions.map(({ key, body }) => [key, body])),
    evidence: new Map(evidence.map(({ body }) => [body.batchId, body])),
    policies: new Map((await tx.list('policy')).map(({ key, body }) => [key, body])),
    attestations: attestations.map(({ body }) => body),
    suite: (await tx.list('suiteCase')).map(({ body }) => body),
    commands: await commandsOf(tx, chain),
    exposures: candidate?.exposureHistory ?? [],
  };
}

/** The commands by which people gave the approvals of a chain, as far as they are on record. */
async function commandsOf(
  tx: RecordTransaction,
  chain: RecordedRollout['chain'],
): Promise<RecordedRollout['commands']> {
  const commands = new Map<string, CommandRecord>();
  for (const { body } of chain) {
    for (const { commandId } of body.approvals) {
      const command = commands.has(commandId) ? null : await tx.get('command', commandId);
      if (command !== null) commands.set(commandId, command);
    }
  }
  return commands;
}
