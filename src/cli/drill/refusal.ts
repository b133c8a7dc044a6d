/** The drill of a policy that would take silence for good news where acting on the prediction causes the silence. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { startModel } from '../../client/lifecycle.ts';
import { composeModelFile } from '../../compose.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { lifecycleId } from '../../contracts/names.ts';
import type { Drill } from './drill.ts';
import type { Rehearsal } from './rehearsal.ts';

const CODE = 'MODEL_FILE_INVALID';

export const silenceAsGood: Drill = {
  breaks: 'a model whose action censors its label (affectsLabel) declares that no label means a good outcome',
  expects: 'it is refused at start, by the command line and by the workflow, and nothing of it is registered',
  declare: (slice) => slice,
  withTraffic: false,
  play: async (rehearsal) => {
    const { declaration, stateDir } = rehearsal;
    const label = { ...declaration.label, affectsLabel: true, absence: 'zero' as const };
    const dishonest = { ...declaration, model: 'silence-is-good', label };
    const path = join(stateDir, 'silence-is-good.yaml');
    writeFileSync(path, JSON.stringify(dishonest));
    const read = await composeModelFile();
    const refusal = await refusalOf(() => read(path));
    rehearsal.expect('the command line refuses the file', refusal?.code === CODE, refusal?.code ?? 'taken');
    const names = refusal?.message.includes('label.absence') === true;
    rehearsal.expect('and names the field with what is wrong', names, firstFault(refusal?.message ?? ''));
    const digest = '0'.repeat(64);
    const input = { declaration: dishonest, digest, baseDir: stateDir, modelPath: path };
    await startModel(rehearsal.client, input, { deadlineMs: 30_000 });
    rehearsal.happened('its life cycle is started past the command line, as the web UI could');
    const failure = await workflowFailure(rehearsal, dishonest.model);
    rehearsal.expect('the workflow refuses it, too', failure.startsWith(CODE), failure);
    const registered = await rehearsal.records.transaction(dishonest.model, (tx) => tx.get('model', 'declaration'));
    rehearsal.expect(
      'nothing of it is registered',
      registered === null,
      registered === null ? 'no record' : 'a record',
    );
  },
};

async function refusalOf(work: () => Promise<unknown>): Promise<HoldfastError | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

const firstFault = (message: string): string =>
  message
    .split('\n')
    .find((line) => line.includes('label.absence'))
    ?.trim() ?? message.slice(0, 200);

async function workflowFailure({ client }: Rehearsal, model: string): Promise<string> {
  try {
    await client.workflow.getHandle(lifecycleId(model)).result();
    return 'it ended without a failure';
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const cause = error.cause?.cause ?? error.cause;
    return cause instanceof ApplicationFailure ? `${cause.type ?? 'error'}: ${cause.message}` : error.message;
  }
}
