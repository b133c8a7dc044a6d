import { HoldfastError } from '../contracts/errors.ts';
import type { CommandModule, Invocation } from './command.ts';
import { DRILLS } from './demo/drill.ts';
import type { DrillName } from './demo/drill.ts';
import type { DemoOptions } from './demo/run.ts';
import { declareDryRun, isDryRun } from './dry-run.ts';
import { requirePlaceFor } from './output-file.ts';

const MODEL_DEFAULT = 'models/flight-delay.yaml';
/** About nine event days, the way to the first promotion, in three and a half minutes. */
const SPEED_DEFAULT = 3600;

export const command: CommandModule = {
  declare: (command) =>
    void declareDryRun(command)
      .option('--model <path>', 'model file to run', MODEL_DEFAULT)
      .option('--until <day>', 'first event day that is not replayed (default: the end of the data)')
      .option('--speed <n>', 'event time ÷ wall time of an interactive show', String(SPEED_DEFAULT))
      .option('--headless', 'unattended: event time waits for every stage, lines instead of a screen, no web UI')
      .option('--auto-approve', 'grant requests for approval in the name of the first declared person of the role')
      .option('--summary <path>', 'write what happened as JSON')
      .option('--drill <name>', `rehearse trouble: ${DRILLS.join(', ')}`)
      .option('--state-dir <dir>', 'where everything is kept (default: ./.holdfast)'),
  run: async ({ options, color, progress, screen }) => {
    const headless = options['headless'] === true;
    const meant: DemoOptions = {
      modelPath: String(options['model']),
      untilDay: dayOf(options, 'until'),
      speed: headless ? 'lockstep' : speedOf(options),
      headless,
      autoApprove: options['autoApprove'] === true,
      summaryPath: textOrNull(options['summary']),
      drill: drillOf(options),
      stateDir: textOrNull(options['stateDir']),
      color,
      terminal: screen,
      progress,
    };
    if (meant.summaryPath !== null) await requirePlaceFor(meant.summaryPath, 'SUMMARY_NOT_WRITTEN');
    if (isDryRun(options)) return (await import('./demo/plan.ts')).planDemo(meant);
    return (await import('./demo/run.ts')).runDemo(meant);
  },
};

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function dayOf(options: Invocation['options'], name: string): string | null {
  const text = textOrNull(options[name]);
  if (text !== null && !/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    throw new HoldfastError('CLI_USAGE', `--${name} is ${JSON.stringify(text)}; give a day, for example 2001-02-12`);
  }
  return text;
}

function speedOf(options: Invocation['options']): number {
  const speed = Number(options['speed']);
  if (!(speed > 0)) {
    throw new HoldfastError('CLI_USAGE', `--speed is ${JSON.stringify(options['speed'])}; give a number above 0`);
  }
  return speed;
}

function drillOf(options: Invocation['options']): DrillName | null {
  const name = textOrNull(options['drill']);
  if (name === null) return null;
  const known = DRILLS.find((drill) => drill === name);
  if (known === undefined) {
    throw new HoldfastError('CLI_USAGE', `--drill is ${JSON.stringify(name)}; there is ${DRILLS.join(', ')}`);
  }
  return known;
}
