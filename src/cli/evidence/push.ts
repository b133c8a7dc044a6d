import { userInfo } from 'node:os';
import { pushEvidence, recordEvidence } from '../../client/evidence.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { batchesIn, evidenceBatchSchema } from '../../contracts/evidence.ts';
import type { EvidenceReceipt } from '../../contracts/evidence.ts';
import type { CommandModule, CommandResult } from '../command.ts';
import { declareStateDir } from '../connection.ts';
import { readInput } from '../input-file.ts';
import { withNamed } from '../named.ts';
import type { Connection } from '../connection.ts';
import { declareDryRun, isDryRun, planned } from '../dry-run.ts';
import { textOf } from '../order.ts';

const RESULTS = ['recorded', 'duplicate', 'refused'] as const;

/** Recorded first, then the rollout is told once. Where only Temporal is known, each batch goes through the rollout itself. */
export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      declareDryRun(command)
        .argument('<rolloutId>', 'id as holdfast status prints it')
        .argument('<file>', 'batches: newline-delimited JSON or a JSON array; - reads standard input')
        .option('--as <name>', 'who has measured; it is kept with the evidence (default: the user of this machine)'),
    ),
  run: async ({ args, options, progress, json }) => {
    const [rolloutId = '', path = ''] = args;
    const batches = await readBatches(path);
    const by = textOf(options, 'as') || userInfo().username;
    if (isDryRun(options)) return plan(rolloutId, batches, by);
    return withNamed(options, rolloutId, async (connection) => {
      const onReceipt = (receipt: EvidenceReceipt): void => {
        if (!json) progress(lineOf(receipt));
      };
      const evidence = { batches, by, channel: 'cli' };
      const { receipts, untold } = await pushEvidence(
        connection.client,
        rolloutId,
        evidence,
        takerOf(connection),
        onReceipt,
      );
      return resultOf(rolloutId, receipts, untold);
    });
  },
};

function takerOf({ client, records }: Connection): Parameters<typeof pushEvidence>[3] {
  if (records !== null) return (model, rolloutId, evidence) => records.take(model, rolloutId, evidence);
  const occasion = new Date().toISOString();
  return (_model, rolloutId, evidence) => recordEvidence(client, rolloutId, evidence, { occasion });
}

/** @throws EVIDENCE_FILE_NOT_FOUND, EVIDENCE_FILE_UNREADABLE, EVIDENCE_FILE_EMPTY: of silence nothing is recorded */
async function readBatches(path: string): Promise<readonly unknown[]> {
  const batches = parsed(path, await readInput(path, 'EVIDENCE_FILE_NOT_FOUND', 'EVIDENCE_FILE_UNREADABLE'));
  if (batches.length > 0) return batches;
  throw new HoldfastError('EVIDENCE_FILE_EMPTY', `"${path}" holds no batch`);
}

function parsed(path: string, text: string): readonly unknown[] {
  try {
    return batchesIn(text);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new HoldfastError('EVIDENCE_FILE_UNREADABLE', `"${path}" begins as a JSON array and is none: ${why}`, {
      cause,
    });
  }
}

const lineOf = ({ result, batchId, message }: EvidenceReceipt): string =>
  `${result.padEnd(9)}  ${batchId === '' ? '(no batchId)' : batchId}  ${message}`;

function resultOf(rolloutId: string, receipts: readonly EvidenceReceipt[], untold: string | null): CommandResult {
  const counts = Object.fromEntries(
    RESULTS.map((result) => [result, receipts.filter((receipt) => receipt.result === result).length]),
  );
  const sum = RESULTS.map((result) => `${counts[result]} ${result}`).join(', ');
  const word =
    untold === null ? '' : `\nthe rollout could not be told (${untold}); its next look finds what is recorded`;
  return {
    exit: counts['refused'] === 0 ? 'ok' : 'refused',
    document: { rolloutId, ...counts, untold, receipts },
    text: `${sum}${word}`,
  };
}

/** Shapes alone: whether a cohort is over and a metric is in the policy, the records say when it is pushed. */
function plan(rolloutId: string, batches: readonly unknown[], by: string): CommandResult {
  const judged = batches.map((batch, index) => {
    const parsed = evidenceBatchSchema.safeParse(batch);
    const fault = parsed.error?.issues
      .map(({ path, message }) => `${path.join('.') || 'batch'}: ${message}`)
      .join('; ');
    return { batch: index + 1, batchId: parsed.data?.batchId ?? null, fault: fault ?? null };
  });
  const wrong = judged.filter(({ fault }) => fault !== null);
  const lines = judged.map(
    ({ batch, batchId, fault }) =>
      `batch ${batch}  ${fault === null ? `${batchId} would be sent` : `is not of the right form: ${fault}`}`,
  );
  const result = planned({ rolloutId, by, batches: judged }, [`to ${rolloutId} by ${by}`, ...lines]);
  return wrong.length === 0 ? result : { ...result, exit: 'refused' };
}
