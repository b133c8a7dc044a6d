import { resolve } from 'node:path';
import { environmentWith, readConfig } from '../config.ts';
import type { StartMeant } from '../platform/planned-start.ts';
import type { Platform } from '../platform/platform.ts';
import type { CommandModule, Invocation } from './command.ts';
import { declareDryRun, isDryRun } from './dry-run.ts';
import { whenStopped } from './interruption.ts';
import { textOf } from './order.ts';

/** Everything that serves, and nothing that sends: models are started with `holdfast start`. */
export const command: CommandModule = {
  declare: (command) =>
    void declareDryRun(command)
      .option('--gateways <urls>', 'traffic routers that run elsewhere, separated by commas (default: a gateway here)')
      .option('--headless', 'without the web UI')
      .option('--state-dir <dir>', 'state directory of the platform (default: ./.holdfast)'),
  run: async ({ options, progress }) => {
    const settings = settingsOf(options);
    if (isDryRun(options)) {
      const { planStart } = await import('./planned-start.ts');
      return planStart(settings, () => ({ document: {}, lines: [] }));
    }
    const stop = new AbortController();
    const listenNoMore = whenStopped(() => stop.abort());
    try {
      const platforms = await import('../platform/platform.ts');
      const platform = await platforms.startPlatform({
        ...settings,
        onNotice: progress,
        signal: stop.signal,
      });
      try {
        for (const line of addressesOf(platform)) progress(line);
        await Promise.race([untilAborted(stop.signal), platform.failed]);
      } finally {
        await platform.stop();
      }
      return { exit: 'ok', document: { ended: 'interrupted' }, text: 'stopped' };
    } finally {
      listenNoMore();
    }
  },
};

function settingsOf(options: Invocation['options']): StartMeant {
  const stateDir = textOf(options, 'stateDir');
  const gateways = textOf(options, 'gateways');
  const config = readConfig(
    environmentWith({
      ...(stateDir === '' ? {} : { HOLDFAST_STATE_DIR: resolve(stateDir) }),
      ...(gateways === '' ? {} : { HOLDFAST_GATEWAY_URLS: gateways }),
    }),
  );
  return {
    config,
    headless: options['headless'] === true,
    ...(gateways === '' ? {} : { gateways: config.gatewayUrls }),
  };
}

function addressesOf({ temporal, gatewayUrl, httpUrl }: Platform): string[] {
  return [
    ...(temporal.uiUrl === null ? [] : [`web UI     ${temporal.uiUrl}`]),
    `traffic    ${gatewayUrl}`,
    `HTTP edge  ${httpUrl}`,
    'start a model with holdfast start <model.yaml>; Ctrl-C stops everything',
  ];
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
}
