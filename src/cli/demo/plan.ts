/** What a run of the shipped example would start and do, said without doing it. */
import { composeModelFile } from '../../compose.ts';
import { epochMs, isoDay } from '../../domain/time.ts';
import { planLine } from '../../pages/planned-start.ts';
import type { CommandResult } from '../command.ts';
import { planStart } from '../planned-start.ts';
import { demoConfig } from './run.ts';
import type { DemoOptions } from './run.ts';

/** @throws what reading the model file ends with; settings that are not allowed */
export async function planDemo(options: DemoOptions): Promise<CommandResult> {
  const { declaration, digest, path } = await (await composeModelFile())(options.modelPath);
  const { untilDay, speed, headless, autoApprove, summaryPath, drill } = options;
  const from = isoDay(epochMs(declaration.source.backfillUntil));
  return planStart({ config: demoConfig(options), clock: 'stream', headless }, ({ models }) => ({
    document: { model: declaration.model, declared: digest, untilDay, speed, autoApprove, summaryPath, drill },
    lines: [
      planLine('model', `${declaration.model} of ${path} (digest ${digest.slice(0, 12)})`),
      planLine(
        'traffic',
        `${models.includes(declaration.model) ? 'goes on where it has come to' : `from ${from}`}, ${until(untilDay)}, ${pace(speed)}`,
      ),
      planLine(
        'approvals',
        autoApprove ? 'given in the name of the first declared person of the role' : 'wait for people',
      ),
      ...(drill === null ? [] : [planLine('drill', `${drill} when its time has come`)]),
      ...(summaryPath === null ? [] : [planLine('writes', `${summaryPath}, at the end`)]),
    ],
  }));
}

const until = (day: string | null): string => (day === null ? 'to the end of the data' : `until ${day}`);
const pace = (speed: DemoOptions['speed']): string =>
  speed === 'lockstep' ? 'event time waits for every stage' : `${speed} times as fast as it happened`;
