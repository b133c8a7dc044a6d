import type { InputValue } from '../../contracts/serving.ts';

/** A label that people have given to a request whose outcome had not come. */
export interface PeopleLabel {
  readonly requestId: string;
  readonly label: number;
  /** Inputs of the request. */
  readonly inputs: Readonly<Record<string, InputValue>>;
}

export interface LabelReceipt {
  /** Labels that were taken now, and those that had been before. */
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: readonly { readonly requestId: string; readonly reason: string }[];
}

/** Where labels by people enter the log of outcomes, below every revision of the world's own. */
export interface LabelDesk {
  /**
   * Delivers labels to wherever outcomes are taken; durable when it returns. Idempotent by request id: the first label of people counts.
   * Known from the moment of its arrival, in event time. A label that is refused for itself does not keep the others.
   * @throws GATEWAY_UNREACHABLE (retryable) while nobody takes them
   */
  deliver(model: string, labels: readonly PeopleLabel[]): Promise<LabelReceipt>;
}
