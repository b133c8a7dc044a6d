import { modelOfRollout, rolloutHead } from '../client/rollout.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { ChainHead } from '../domain/rollout/states.ts';
import { verificationInWords } from '../pages/verification.ts';
import type { CommandModule, CommandResult, Invocation } from './command.ts';
import { declareStateDir } from './connection.ts';
import { withRecords } from './record-access.ts';
import type { RecordAccess } from './record-access.ts';

/** No worker answers for what has stopped; a person waits. */
const HEAD_MS_MAX = 5_000;

export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('<rolloutId>', 'id as holdfast status prints it')
        .option(
          '--head <sequence:digest>',
          'head of the chain as you have kept it (default: as its workflow has seen it)',
        ),
    ),
  run: ({ args, options, progress }) => {
    const rolloutId = args[0] ?? '';
    const model = modelOfRollout(rolloutId);
    const given = givenHead(options);
    return withRecords(options, progress, (access) => verify(access, model, rolloutId, given));
  },
};

async function verify(
  access: RecordAccess,
  model: string,
  rolloutId: string,
  given: ChainHead | null,
): Promise<CommandResult> {
  const seen = given === null ? await seenByWorkflow(access, rolloutId) : { head: given, missing: null };
  const recorded = { ...(await access.records.recordedRollout(model, rolloutId)), head: seen.head };
  if (recorded.chain.length === 0 && seen.head === null)
    throw new HoldfastError('PROCESS_NOT_FOUND', `no decision of ${rolloutId} is on record`);
  const { verifyChain } = await import('../domain/rollout/verify-chain.ts');
  const verification = verifyChain(recorded);
  const headFrom = given !== null ? 'given' : seen.head === null ? null : 'workflow';
  const view = { rolloutId, verification, headFrom, headMissing: seen.missing } as const;
  return {
    exit: verification.verified ? 'ok' : 'refused',
    document: { ...verification, rolloutId, headFrom },
    text: verificationInWords(view),
  };
}

/** What the rollout's own state says of its chain, or why it says nothing. */
async function seenByWorkflow(
  { client }: RecordAccess,
  rolloutId: string,
): Promise<{ readonly head: ChainHead | null; readonly missing: string | null }> {
  try {
    const head = await rolloutHead(client, rolloutId, { deadlineMs: HEAD_MS_MAX });
    return { head, missing: head === null ? 'its workflow has been told of no decision yet' : null };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { head: null, missing: error.message };
  }
}

function givenHead(options: Invocation['options']): ChainHead | null {
  const text = options['head'];
  if (typeof text !== 'string') return null;
  const [, sequence, digest] = /^([1-9]\d{0,8}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined || digest === undefined)
    throw new HoldfastError(
      'CLI_USAGE',
      `--head is ${JSON.stringify(text)}; give <sequence>:<digest> as verify prints it`,
    );
  return { sequence: Number(sequence), digest };
}
