/**
 * The only reader of the environment, Temporal's own variables apart (client/connect.ts). Every setting is one line of the table: its check,
 * its default, its meaning; types, documentation and the check of unknown names are derived.
 */
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from './contracts/errors.ts';
import { TASK_QUEUES } from './contracts/names.ts';
import { SECRET_PREFIX } from './contracts/notifications.ts';
import { closestName } from './domain/closest-name.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const QUEUES = Object.values(TASK_QUEUES);

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const listOf = <Schema extends z.ZodType<string, string>>(element: Schema) =>
  z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(element).min(1));

/** A name and the SHA-256 of its token, in lower-case hex. */
export const HTTP_TOKEN_PATTERN = /^[^:,\s]{1,100}:[0-9a-f]{64}$/;

const path = z.string().transform((given) => resolve(given));

const SETTINGS = {
  STATE_DIR: {
    schema: path.prefault('.holdfast'),
    meaning:
      'Folder of everything this machine keeps: data of PostgreSQL and Temporal, logs, objects. Default: .holdfast here',
  },
  LOG_LEVEL: {
    schema: z.enum(LOG_LEVELS).default('info'),
    meaning: `Least important log line that is written: ${LOG_LEVELS.join(', ')}. Default: info`,
  },
  POSTGRES_URL: {
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
      .optional(),
    meaning: 'Records: postgres://user:password@host:port/database. Default: the embedded PostgreSQL of npm start',
  },
  OBJECT_STORE: {
    schema: path.optional(),
    meaning: 'Bulk: a folder that all processes share. Default: objects in the state folder',
  },
  GATEWAY_URLS: {
    schema: listOf(z.url({ protocol: /^https?$/ })).default(['http://127.0.0.1:8480']),
    meaning:
      'Base URLs of all gateways, separated by commas; a split counts as applied when every one of them acknowledged it',
  },
  GATEWAY_NAME: {
    schema: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens')
      .default('gateway-1'),
    meaning:
      'Name of this gateway in its ledger and in the archive of the log; unique among gateways. Default: gateway-1',
  },
  GATEWAY_HOST: {
    schema: z.string().default('127.0.0.1'),
    meaning: 'Address the gateway listens on. Default: 127.0.0.1, this machine only',
  },
  GATEWAY_PORT: { schema: port.default(8480), meaning: 'Port the gateway listens on. Default: 8480' },
  GATEWAY_CLOCK: {
    schema: z.enum(['wall', 'stream']).default('wall'),
    meaning: 'Where a gateway takes event time from: wall, or stream for replayed traffic. Default: wall',
  },
  GATEWAY_DRILLS: {
    schema: flag.default(false),
    meaning: 'true lets POST …/drill break bundles on purpose, for rehearsals. Default: false',
  },
  GATEWAY_SYNC_PREDICTIONS: {
    schema: flag.default(true),
    meaning:
      'false answers predictions before they are flushed to the disk; a power cut may lose the last. Default: true',
  },
  PROMETHEUS_URL: {
    schema: z.url({ protocol: /^https?$/ }).optional(),
    meaning:
      'Prometheus for metrics of a rollout that name no server: http://user:password@host:port. Default: none, such metrics are missing',
  },
  HTTP_HOST: {
    schema: z.string().default('127.0.0.1'),
    meaning:
      'Address the HTTP edge listens on. Default: 127.0.0.1, this machine only; another one only together with tokens',
  },
  HTTP_PORT: { schema: port.default(8482), meaning: 'Port the HTTP edge listens on. Default: 8482' },
  HTTP_URL: {
    schema: z.url({ protocol: /^https?$/ }).optional(),
    meaning:
      'Where people reach the HTTP edge, for links to pages of evidence: https://… Default: none, and the command that writes the page is shown',
  },
  HTTP_TOKENS: {
    schema: listOf(z.string().regex(HTTP_TOKEN_PATTERN, 'must be name:sha256 each')).optional(),
    meaning:
      'Who may speak over HTTP: name:sha256-of-the-token, separated by commas. Default: none, and names are claims',
  },
  HTTP_TOKENS_FILE: {
    schema: path.optional(),
    meaning: 'File with more of the same, one a line; lines that begin with # are notes. Default: none',
  },
  TEMPORAL_PORT: {
    schema: port.default(7233),
    meaning:
      'Port of the Temporal dev server of npm start; a free one near it is taken when it is in use. Default: 7233',
  },
  TEMPORAL_UI_PORT: {
    schema: port.default(8233),
    meaning: 'Port of the web UI of the dev server; a free one near it is taken when it is in use. Default: 8233',
  },
  TEMPORAL_BINARY: {
    schema: z.string().optional(),
    meaning:
      'Path of the temporal command line to start the dev server with. Default: found on PATH, in the cache, or fetched',
  },
  UI_URL: {
    schema: z.url({ protocol: /^https?$/ }).optional(),
    meaning:
      'Address of Temporal’s web UI as people reach it, for links in messages. Default: that of npm start, else no links',
  },
  TASK_QUEUES: {
    schema: listOf(z.enum(QUEUES)).default(QUEUES),
    meaning: `Task queues this worker serves, separated by commas: ${QUEUES.join(', ')}. Default: all`,
  },
  WORKER_PORT: {
    schema: port.optional(),
    meaning: 'Port on which the worker answers GET /readyz for process managers. Default: none',
  },
  WORKFLOWS_CACHED_MAX: {
    schema: z.coerce.number().int().min(0).max(10_000).default(300),
    meaning:
      'Workflows kept in the memory of a worker, about 0.4 MiB each; others are replayed when needed. Default: 300',
  },
} as const satisfies Record<string, { schema: z.ZodType; meaning: string }>;

type SettingName = keyof typeof SETTINGS;
type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<S>;
export type Config = { readonly [Name in SettingName as CamelCase<Name>]: z.output<(typeof SETTINGS)[Name]['schema']> };

const PREFIX = 'HOLDFAST_';

/** Every variable with its meaning, for the documentation and for checks of deployment files. */
export const VARIABLES: ReadonlyArray<{ readonly name: string; readonly meaning: string }> = Object.entries(
  SETTINGS,
).map(([name, { meaning }]) => ({ name: `${PREFIX}${name}`, meaning }));

/**
 * The settings of this process. An empty variable counts as absent.
 * @throws CONFIG_INVALID with every fault at once: variable, value, what is allowed.
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const faults = unknownVariables(environment);
  const config: Record<string, unknown> = {};
  for (const [name, { schema }] of Object.entries(SETTINGS)) {
    const text = environment[PREFIX + name];
    const parsed = schema.safeParse(text === '' ? undefined : text);
    if (parsed.success) config[camelCase(name)] = parsed.data;
    else {
      const reasons = parsed.error.issues.map(({ message }) => message);
      faults.push(`${PREFIX}${name} is ${JSON.stringify(text)}: ${reasons.join('; ')}`);
    }
  }
  if (faults.length > 0) throw new HoldfastError('CONFIG_INVALID', faults.join('\n'));
  return Object.freeze(config) as Config;
}

/** A secret that a model file names; undefined when it is not set. Variables of another prefix are nobody's business. */
export function secretOf(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return name.startsWith(SECRET_PREFIX) ? environment[name] || undefined : undefined;
}

/** What a child process gets: everything we were given, and what is added for it. */
export function environmentWith(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...added };
}

/** Options of the object store, for compose.ts. */
export function objectStoreOf(config: Config): { kind: 'local-folder'; folder: string } {
  return { kind: 'local-folder', folder: config.objectStore ?? join(config.stateDir, 'objects') };
}

function unknownVariables(environment: NodeJS.ProcessEnv): string[] {
  const known = VARIABLES.map(({ name }) => name);
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith(SECRET_PREFIX) && !known.includes(name))
    .map((name) => {
      const meant = closestName(name, known);
      return `${name} is not a setting${meant === null ? '' : `; did you mean ${meant}?`}`;
    });
}

const camelCase = (name: string): string =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
