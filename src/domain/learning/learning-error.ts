export type LearningErrorCode =
  | 'LEARNING_MATRIX_INVALID'
  | 'LEARNING_OPTION_INVALID'
  | 'LEARNING_PROGRESS_MISMATCH'
  | 'LEARNING_ARTIFACT_MALFORMED';

/** A refusal of training input or of an artifact: terminal, because trying again with the same input cannot help. */
export class LearningError extends Error {
  readonly code: LearningErrorCode;
  /** Where the fault is, as a path into the refused value: `columns[2].values`, `trees[17].left`. */
  readonly field: string;

  constructor(code: LearningErrorCode, field: string, fault: string) {
    super(`${code}: ${field}: ${fault}`);
    this.name = 'LearningError';
    this.code = code;
    this.field = field;
  }
}
