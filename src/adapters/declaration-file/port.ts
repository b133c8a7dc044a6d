import type { DeclaredGatePolicy } from '../../contracts/gate-policy.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { ModelFault } from '../../contracts/model-fault.ts';

/** A model file that holds what it promises. */
export interface ModelFile {
  readonly path: string;
  /** Absolute folder of the file: what the declaration's own paths are relative to. */
  readonly folder: string;
  /** SHA-256 of the declaration's canonical JSON, defaults filled in: comments, order of keys and spelled-out defaults do not change it. */
  readonly digest: string;
  readonly declaration: ModelDeclaration;
}

/** A fault and where it stands in the file; lines and columns count from 1. */
export interface LocatedFault extends ModelFault {
  readonly line: number;
  readonly column: number;
}

/**
 * Reads and judges one model file. Reads only, so any number of calls are as good as one.
 * @throws HoldfastError MODEL_FILE_NOT_FOUND, MODEL_FILE_UNREADABLE, or MODEL_FILE_INVALID, whose details are every LocatedFault and
 * whose message is one line for each: `file:line:column  path.to.field: what is wrong (got value); allowed: …; remedy`.
 */
export type ReadModelFile = (path: string) => Promise<ModelFile>;

/**
 * Reads and judges one gate policy, in YAML or JSON. Reads only.
 * @throws HoldfastError GATE_FILE_NOT_FOUND, GATE_FILE_UNREADABLE, or GATE_POLICY_INVALID, whose details and message are as those of a
 * model file.
 */
export type ReadGatePolicyFile = (path: string) => Promise<DeclaredGatePolicy>;
