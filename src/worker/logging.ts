import type { LogLevel, LogMetadata, Logger } from '@temporalio/common';
import { pino } from 'pino';
import type { Config } from '../config.ts';

const PINO_LEVEL = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

export type ProcessLog = pino.Logger;

/** One JSON line per event on standard output. The message is a constant; what varies is a field. */
export function openLog(level: Config['logLevel'], component: string): ProcessLog {
  return pino({
    level,
    base: { component, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}

/** Warnings about what is meant: workers of `data` and `training` have no workflows, none has Nexus services. */
const MEANT = /^No (workflows|Nexus services) registered/;

/** The SDK passes message, then fields; pino takes them the other way round. */
export function sdkLogger(log: ProcessLog): Logger {
  const write = (level: LogLevel, message: string, fields?: LogMetadata): void => {
    const { error, ...rest } = fields ?? {};
    // Only under this name does pino print an error's stack and cause.
    log[MEANT.test(message) ? 'debug' : PINO_LEVEL[level]](
      error === undefined ? rest : { ...rest, err: error },
      message,
    );
  };
  return {
    log: write,
    trace: (message, fields) => write('TRACE', message, fields),
    debug: (message, fields) => write('DEBUG', message, fields),
    info: (message, fields) => write('INFO', message, fields),
    warn: (message, fields) => write('WARN', message, fields),
    error: (message, fields) => write('ERROR', message, fields),
  };
}
