import { DatabaseError } from 'pg';
import { HoldfastError } from '../../contracts/errors.ts';

/** SQLSTATE classes and codes that pass: connection, shutdown and start, too many connections, disk or memory full, locks and timeouts. */
const PASSING = /^(08|53|57P|55P03|57014|25P0[34]|40001|40P01)/;
const REPEATABLE = /^(40001|40P01)$/;
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
/** What `pg` throws without a code when the connection goes away beneath it. */
const CLIENT_MESSAGES = /connection terminated|timeout expired|timeout exceeded|not queryable|connection error/i;

function passes(error: unknown): boolean {
  if (error instanceof DatabaseError) return PASSING.test(error.code ?? '');
  if (error instanceof AggregateError) return error.errors.some(passes);
  if (!(error instanceof Error)) return false;
  return SOCKET_CODES.has((error as NodeJS.ErrnoException).code ?? '') || CLIENT_MESSAGES.test(error.message);
}

/** A vendor's error in Holdfast's words; everything else, a defect above all, stays what it is. */
export function translated(error: unknown): unknown {
  if (error instanceof HoldfastError || !passes(error)) return error;
  const reason = error instanceof AggregateError ? String(error.errors[0]) : String(error);
  return new HoldfastError('RECORD_STORE_UNAVAILABLE', `the record store does not answer: ${reason}`, { cause: error });
}

/** Two transactions stood in each other's way; nothing was written. */
export function worthAnotherAttempt(error: unknown): boolean {
  const cause = error instanceof HoldfastError ? error.cause : error;
  return cause instanceof DatabaseError && REPEATABLE.test(cause.code ?? '');
}
