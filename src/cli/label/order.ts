/** Labels of people for a task of a campaign: how they are typed, what a dry run says, and what the answer to one is. */
import type { Client } from '@temporalio/client';
import { campaignStatus } from '../../client/labeling.ts';
import type { LabelReply } from '../../client/labeling.ts';
import type { CommandOptions } from '../../client/order.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { leftInWords, refuseLabel, takeLabel } from '../../domain/collection/campaign.ts';
import type { LabelOrder } from '../../domain/collection/campaign.ts';
import type { CommandModule, CommandResult } from '../command.ts';
import { declareStateDir } from '../connection.ts';
import { withNamed } from '../named.ts';
import { declareDryRun, isDryRun, planned } from '../dry-run.ts';
import { commandOptions, textOf } from '../order.ts';

/** What every label says; an answer may carry a remark, a ruling has its reason. */
export interface TypedLabel {
  readonly by: string;
  readonly task: string;
  readonly label: number;
  readonly channel: 'cli';
}

interface LabelCommand<Said extends TypedLabel> {
  readonly kind: LabelOrder['kind'];
  /** The option with words on it. */
  readonly words: { readonly flag: string; readonly about: string; readonly required: boolean };
  readonly say: (typed: TypedLabel, words: string) => Said;
  readonly send: (client: Client, campaignId: string, order: Said, options: CommandOptions) => Promise<LabelReply>;
}

const WORDS: Readonly<Record<string, number>> = { yes: 1, true: 1, no: 0, false: 0 };

export function labelCommand<Said extends TypedLabel>({ kind, words, say, send }: LabelCommand<Said>): CommandModule {
  return {
    declare: (command) => {
      const named = command
        .argument('<campaignId>', 'id as holdfast inbox prints it')
        .argument('<task>', 'task as holdfast label tasks prints it')
        .argument('<label>', 'yes or no, or the number of the label')
        .requiredOption('--as <name>', 'your name; it is kept with the label');
      const flag = `--${words.flag} <text>`;
      const full = words.required ? named.requiredOption(flag, words.about) : named.option(flag, words.about);
      declareStateDir(declareDryRun(full));
    },
    run: ({ args, options }) => {
      const [campaignId = '', task = '', label = ''] = args;
      const typed = { by: textOf(options, 'as'), task, label: labelOf(label), channel: 'cli' } as const;
      const reason = textOf(options, words.flag);
      return withNamed(options, campaignId, async (connection) => {
        const { client } = connection;
        if (isDryRun(options)) return plannedLabel(client, campaignId, { ...typed, kind, reason });
        // The same label twice is one: a person answers a task once.
        const sending = { ...commandOptions(connection, campaignId, options), occasion: '' };
        return labelResult(campaignId, await send(client, campaignId, say(typed, reason), sending));
      });
    },
  };
}

/** @throws CLI_USAGE for what is no label of any campaign */
function labelOf(written: string): number {
  const label = WORDS[written.toLowerCase()] ?? (written.trim() === '' ? Number.NaN : Number(written));
  if (Number.isFinite(label)) return label;
  throw new HoldfastError('CLI_USAGE', `label is ${JSON.stringify(written)}; give yes, no, or the number of the label`);
}

async function plannedLabel(client: Client, campaignId: string, order: LabelOrder): Promise<CommandResult> {
  const present = await campaignStatus(client, campaignId);
  const what = `${order.kind} ${order.label} for ${order.task} of ${campaignId}`;
  const lines = [`order      ${what}`, `now        ${present.inWords}`];
  const reason = refuseLabel(present, order, null);
  if (reason !== null)
    return {
      ...planned({ campaignId, order, wouldBe: 'refused', reason }, [...lines, `would be refused: ${reason}`]),
      exit: 'refused',
    };
  const taken = takeLabel(present, order, null);
  const after = taken.tasks.find(({ task }) => task === order.task);
  return planned({ campaignId, order, wouldBe: 'taken', after }, [
    ...lines,
    `would be taken: ${order.by} says ${order.label} of ${order.task}; ${leftInWords(taken, order.by)}`,
  ]);
}

function labelResult(campaignId: string, reply: LabelReply): CommandResult {
  const { accepted, message } = reply;
  return {
    exit: accepted ? 'ok' : 'refused',
    document: { campaignId, ...reply },
    text: `${accepted ? 'taken' : 'refused'}: ${message}`,
  };
}
