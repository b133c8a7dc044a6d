/** What a start would start, and where, said without starting it: the plan of `--dry-run`. */
import { isTemporalGiven, temporalSettings } from '../client/connect.ts';
import type { Config } from '../config.ts';
import { otherEventClock } from './event-clock.ts';
import type { EventClock } from './event-clock.ts';
import { runningRefusal } from './lock.ts';
import { foreseenPorts } from './platform-ports.ts';
import { modelsIn, stateIn } from './reset.ts';
import type { Forgotten } from './reset.ts';

export interface PlannedPart {
  readonly name: string;
  /** false: it runs already, and elsewhere. */
  readonly starts: boolean;
  /** Where it would answer: an address; null where any free port would do. */
  readonly at: string | null;
}

export interface PlannedStart {
  readonly stateDir: string;
  /** Where gateways would take event time from. */
  readonly eventTime: EventClock;
  /** What an earlier start has left in the folder, with its models. */
  readonly kept: readonly Forgotten[];
  readonly models: readonly string[];
  readonly parts: readonly PlannedPart[];
  /** Why the start would be refused; null when nothing speaks against it. */
  readonly refusal: { readonly code: string; readonly message: string; readonly remedy: string } | null;
}

export interface StartMeant {
  readonly config: Config;
  readonly clock?: EventClock;
  readonly headless: boolean;
  /** Gateways that run elsewhere. */
  readonly gateways?: readonly string[];
}

/** Looks at the folder and the ports; writes nothing. */
export async function plannedStart({ config, clock, headless, gateways }: StartMeant): Promise<PlannedStart> {
  const { stateDir } = config;
  const eventTime = clock ?? config.gatewayClock;
  const ports = await foreseenPorts(config);
  const http = (port: number | null): string | null => (port === null ? null : `http://127.0.0.1:${port}`);
  const local = (port: number | null): string | null => (port === null ? null : `127.0.0.1:${port}`);
  const temporal = isTemporalGiven()
    ? [{ name: 'Temporal', starts: false, at: temporalSettings().address }]
    : [
        { name: 'Temporal', starts: true, at: local(ports.temporal) },
        ...(headless ? [] : [{ name: 'web UI', starts: true, at: http(ports.temporalUi) }]),
      ];
  const given = config.postgresUrl;
  const parts = [
    given === undefined
      ? { name: 'PostgreSQL', starts: true, at: local(ports.postgres) }
      : { name: 'PostgreSQL', starts: false, at: new URL(given).host },
    ...temporal,
    ...(gateways?.map((at) => ({ name: 'gateway', starts: false, at })) ?? [
      { name: 'gateway', starts: true, at: http(ports.gateway) },
    ]),
    { name: 'worker', starts: true, at: null },
    { name: 'HTTP edge', starts: true, at: http(ports.http) },
  ];
  const refusal = refusalOf(stateDir, eventTime);
  return { stateDir, eventTime, kept: stateIn(stateDir), models: modelsIn(stateDir), parts, refusal };
}

function refusalOf(stateDir: string, clock: EventClock): PlannedStart['refusal'] {
  const error = runningRefusal(stateDir) ?? otherEventClock(stateDir, clock);
  if (error === null) return null;
  const { code, message, remedy } = error;
  return { code, message, remedy };
}
