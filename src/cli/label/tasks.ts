import { campaignStatus } from '../../client/labeling.ts';
import { openTasks } from '../../domain/collection/campaign.ts';
import { taskTable } from '../../domain/collection/campaign-words.ts';
import { commandLine } from '../../domain/command-line.ts';
import type { CommandModule } from '../command.ts';
import { declareStateDir } from '../connection.ts';
import { withNamed } from '../named.ts';
import { textOf } from '../order.ts';

/** What is still asked, in full: the web UI shows the first few. */
export const command: CommandModule = {
  declare: (command) =>
    void declareStateDir(
      command
        .argument('<campaignId>', 'id as holdfast inbox prints it')
        .option('--as <name>', 'your name: only what you have not answered is listed'),
    ),
  run: ({ args, options }) =>
    withNamed(options, args[0] ?? '', async ({ client }) => {
      const campaignId = args[0] ?? '';
      const name = textOf(options, 'as');
      const present = await campaignStatus(client, campaignId);
      const { brief, inWords, deadlineAt } = present;
      const open =
        present.closing !== null ? [] : openTasks(present).filter(({ answeredBy }) => !answeredBy.includes(name));
      const inputs = new Map((brief?.tasks ?? []).map((task) => [task.task, task.inputs]));
      const tasks = open.map((task) => ({ ...task, inputs: inputs.get(task.task) ?? {} }));
      const question = brief?.question ?? null;
      const document = { campaignId, question, labels: brief?.labels ?? [], deadlineAt, tasks, inWords };
      const [first] = open;
      if (brief === null || first === undefined) return { exit: 'ok', document, text: inWords };
      const order = first.stands === 'open' ? 'answerLabelTask' : 'adjudicateLabelTask';
      const line = commandLine(campaignId, order, { task: first.task });
      const text = [
        brief.question,
        `${brief.labelName}: ${brief.labels.map(({ label, meaning }) => `${label} or ${meaning}`).join(', ')}`,
        '',
        taskTable(open, brief, { tasks: open.length, characters: Infinity }),
        '',
        `${inWords}; for example`,
        `  ${name === '' ? line : line.replace('--as NAME', `--as ${name}`)}`,
      ];
      return { exit: 'ok', document, text: text.join('\n') };
    }),
};
