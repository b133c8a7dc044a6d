import type { LedgerEntry, LogRecord, SegmentInfo } from '../../contracts/serving.ts';

/** By gateway: the last segment, or ledger line, that was taken over. */
export type LogPosition = Readonly<Record<string, number>>;

/**
 * The logs and ledgers of all gateways, read from outside. Nothing here changes a gateway; everything can be read again.
 * Every method may fail with GATEWAY_UNREACHABLE (retryable).
 */
export interface GatewayLog {
  /** Closed segments after the position, by gateway; a gateway without any is listed too. */
  segments(
    model: string,
    after: LogPosition,
  ): Promise<ReadonlyArray<{ readonly gateway: string; readonly segments: readonly SegmentInfo[] }>>;
  /** Records of a closed segment, in the order they were logged. */
  read(model: string, segment: SegmentInfo): Promise<readonly LogRecord[]>;
  /** Lines of the exposure ledgers after the position, by gateway. */
  ledger(
    model: string,
    after: LogPosition,
  ): Promise<ReadonlyArray<{ readonly gateway: string; readonly entries: readonly LedgerEntry[] }>>;
}
