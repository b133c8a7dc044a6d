/**
 * Who is exposed to a candidate: a pure function of (model, salt, unit), so every gateway, every restart and every later reader of
 * the log agrees without a word between them.
 */
import { sha256Prefix32 } from './sha256.ts';

const HASH_RANGE = 2 ** 32;

/**
 * Place of a unit on the unit interval: the first 32 bits of SHA-256 over the JSON text of `[model, salt, unit]`, divided by 2³².
 * JSON keeps the parts apart whatever they contain. Uniform over units; independent between salts.
 * @returns a number in [0, 1), a multiple of 2⁻³².
 */
export function assignmentPoint(model: string, salt: string, unit: string): number {
  return sha256Prefix32(JSON.stringify([model, salt, unit])) / HASH_RANGE;
}

/**
 * Arm of a unit at an exposure. Nested: a unit in at 0.05 is in at every higher exposure of the same salt; 0 exposes nobody, 1 everybody.
 * @param exposure fraction of units served by the candidate, 0 to 1.
 */
export function assignArm(model: string, salt: string, unit: string, exposure: number): 'stable' | 'candidate' {
  if (exposure <= 0) return 'stable';
  return assignmentPoint(model, salt, unit) < exposure ? 'candidate' : 'stable';
}
