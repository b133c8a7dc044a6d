import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';
import { closestName } from '../domain/closest-name.ts';
import { exposureInWords } from '../domain/rollout/words.ts';
import { drillList, drillOpening, drillVerdict, happeningLine } from '../pages/drill.ts';
import { planLine } from '../pages/planned-start.ts';
import { removePostgresHome } from '../platform/postgres-home.ts';
import { stateIn } from '../platform/reset.ts';
import type { CommandModule, CommandResult, Invocation } from './command.ts';
import type { Drill } from './drill/drill.ts';
import { declareDryRun, isDryRun } from './dry-run.ts';
import { exitSoon, whenStopped } from './interruption.ts';

const AWAY_SECONDS = 120;

export const command: CommandModule = {
  declare: (command) =>
    void declareDryRun(command)
      .argument('[name]', 'drill to play (default: list them)')
      .option('--away <seconds>', 'how long a server stays away that a drill takes away', String(AWAY_SECONDS))
      .option('--state-dir <dir>', 'keep everything of the drill there (default: a folder that is removed)'),
  run: async (invocation) => {
    const name = invocation.args[0];
    const { DRILLS } = await import('./drill/drills.ts');
    if (name === undefined) {
      const drills = Object.entries(DRILLS).map(([drill, { breaks, expects }]) => ({ drill, breaks, expects }));
      return { exit: 'ok', document: { drills }, text: drillList(DRILLS) };
    }
    const drill = Object.hasOwn(DRILLS, name) ? DRILLS[name] : undefined;
    if (drill === undefined) throw unknownDrill(name, Object.keys(DRILLS));
    return isDryRun(invocation.options) ? plan(name, drill, invocation) : play(name, drill, invocation);
  },
};

async function plan(name: string, drill: Drill, { options }: Invocation): Promise<CommandResult> {
  const [{ drillConfig, drillModel }, { planStart }] = await Promise.all([
    import('./drill/play.ts'),
    import('./planned-start.ts'),
  ]);
  const given = options['stateDir'];
  const stateDir = typeof given === 'string' ? unusedPlace(resolve(given)) : join(tmpdir(), 'holdfast-drill-…');
  const { model, rollout } = await drillModel(drill);
  const ladder = rollout.steps.map((step) =>
    step.mode === 'canary' ? `canary ${exposureInWords(step.exposure)}` : step.mode,
  );
  const awaySeconds = awayOf(options);
  const { breaks, expects } = drill;
  return planStart({ config: drillConfig(stateDir), clock: 'stream', headless: true }, () => ({
    document: { drill: name, breaks, expects, model, ladder, awaySeconds, removed: given === undefined },
    lines: [
      planLine('model', `${model}: ${ladder.join(', ')}`),
      planLine('would break', breaks),
      planLine('expected', expects),
      planLine(
        'afterwards',
        given === undefined ? 'everything is stopped and removed' : 'everything is stopped; the folder stays',
      ),
    ],
  }));
}

async function play(name: string, drill: Drill, { options, progress }: Invocation): Promise<CommandResult> {
  const { playDrill } = await import('./drill/play.ts');
  const awayMs = awayOf(options) * 1000;
  const stop = new AbortController();
  const listenNoMore = whenStopped(() => stop.abort(new Error('the drill was interrupted')));
  const place = placeOf(options);
  try {
    progress(drillOpening({ drill: name, ...drill }));
    const told = (happening: Parameters<typeof happeningLine>[0]): void => progress(happeningLine(happening));
    const report = await playDrill(name, drill, { awayMs, stateDir: place.stateDir, told, signal: stop.signal });
    return { exit: report.holds ? 'ok' : 'refused', document: report, text: drillVerdict(report) };
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return interrupted(name);
  } finally {
    listenNoMore();
    place.remove();
  }
}

function interrupted(drill: string): CommandResult {
  exitSoon();
  const words = `${drill} was interrupted before its verdict; everything it had started is stopped`;
  return { exit: 'pending', document: { drill, ended: 'interrupted' }, text: words };
}

function unknownDrill(name: string, known: readonly string[]): HoldfastError {
  const near = closestName(name, known);
  const meant = near === null ? `there is ${known.join(', ')}` : `did you mean ${near}?`;
  return new HoldfastError('CLI_USAGE', `${JSON.stringify(name)} is no drill; ${meant}`);
}

function awayOf(options: Invocation['options']): number {
  const seconds = Number(options['away']);
  if (seconds > 0 && seconds <= 600) return seconds;
  throw new HoldfastError('CLI_USAGE', `--away is ${JSON.stringify(options['away'])}; give seconds, 600 at most`);
}

function placeOf(options: Invocation['options']): { readonly stateDir: string; readonly remove: () => void } {
  const given = options['stateDir'];
  if (typeof given === 'string') return { stateDir: unusedPlace(resolve(given)), remove: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-drill-'));
  // The user that PostgreSQL runs as under root must get in.
  chmodSync(folder, 0o755);
  const stateDir = join(folder, 'state');
  const remove = (): void => {
    removePostgresHome(stateDir);
    rmSync(folder, { recursive: true, force: true });
  };
  return { stateDir, remove };
}

/** Data of the source, as any run prepares it. */
const PREPARED = 'prepared';

/** What an earlier run has left would be broken, and go on in the middle of the script. */
function unusedPlace(stateDir: string): string {
  const kept = stateIn(stateDir).flatMap(({ name }) => (name === PREPARED ? [] : [name]));
  if (kept.length === 0) return stateDir;
  throw new HoldfastError('CLI_USAGE', `--state-dir is ${stateDir}, which keeps ${kept.join(', ')} of another run`, {
    remedy: 'A drill begins with nothing: name a folder that is not there yet, or leave the option out',
  });
}
