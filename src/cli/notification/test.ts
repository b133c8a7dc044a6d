import { userInfo } from 'node:os';
import { composeModelFile, composeNotifier } from '../../compose.ts';
import { readConfig } from '../../config.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { Channel, Notice } from '../../contracts/notifications.ts';
import { closestName } from '../../domain/closest-name.ts';
import { lifecycleId } from '../../contracts/names.ts';
import { messageOf } from '../../pages/message.ts';
import type { CommandModule } from '../command.ts';
import { textOf } from '../order.ts';

interface Tried {
  readonly channel: string;
  readonly kind: Channel['kind'];
  readonly sent: boolean;
  /** Why not. */
  readonly reason: string | null;
}

/** Sends a test message from here, with the secrets of this environment: what the worker will do with the same. */
export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument('<model.yaml>', 'model file whose channels are tried')
      .option('--channel <id>', 'one of its channels (default: all)')
      .option('--dry-run', 'show the message and send nothing'),
  run: async ({ args, options, progress }) => {
    const { declaration } = await (await composeModelFile())(args[0] ?? '');
    const channels = channelsMeant(declaration, textOf(options, 'channel'));
    const { uiUrl } = readConfig();
    const message = messageOf(testNotice(declaration), uiUrl ?? null, 'default');
    if (options['dryRun'] === true) {
      const to = channels.map(({ id }) => id);
      return {
        exit: 'ok',
        document: { dryRun: true, to, message },
        text: [`to ${to.join(', ')}:`, ...message.text].join('\n'),
      };
    }
    const tried: Tried[] = [];
    for (const channel of channels) {
      const result = await tryOut(channel, message);
      tried.push(result);
      progress(
        `${result.sent ? 'sent  ' : 'failed'}  ${channel.id} (${channel.kind})${result.reason === null ? '' : `: ${result.reason}`}`,
      );
    }
    return {
      exit: tried.every(({ sent }) => sent) ? 'ok' : 'error',
      document: { model: declaration.model, tried },
      text: '',
    };
  },
};

async function tryOut(channel: Channel, message: ReturnType<typeof messageOf>): Promise<Tried> {
  const { id, kind } = channel;
  try {
    await (await composeNotifier(channel)).send(message);
    return { channel: id, kind, sent: true, reason: null };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { channel: id, kind, sent: false, reason: `${error.message} (${error.code})` };
  }
}

function channelsMeant({ model, notifications }: ModelDeclaration, wanted: string): readonly Channel[] {
  const channels = notifications?.channels ?? [];
  if (channels.length === 0)
    throw new HoldfastError('CLI_USAGE', `${model} declares no channel`, {
      remedy: 'Declare one under notifications in its model file; docs/reference/model-file.md says how',
    });
  if (wanted === '') return channels;
  const found = channels.filter(({ id }) => id === wanted);
  if (found.length > 0) return found;
  const names = channels.map(({ id }) => id);
  const near = closestName(wanted, names);
  throw new HoldfastError(
    'CLI_USAGE',
    `--channel is ${JSON.stringify(wanted)}; there is ${names.join(', ')}${near === null ? '' : ` (did you mean ${near}?)`}`,
  );
}

function testNotice({ model, owner }: ModelDeclaration): Notice {
  return {
    topic: 'test',
    id: `${lifecycleId(model)}/test/${new Date().toISOString()}`,
    model,
    process: lifecycleId(model),
    subject: `${model}: a test message`,
    lines: [
      'What changes: nothing',
      `Why now: ${userInfo().username} tries whether messages arrive`,
      'Risk: none',
      'Way back: none is needed',
      `Until when: no deadline; ${owner} answers for the model`,
    ],
    command: 'npx holdfast inbox',
  };
}
