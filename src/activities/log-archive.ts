/**
 * Takes over what the gateways logged: closed segments into the archive, ledger lines into the records. Reading and compacting
 * happen outside any transaction and are idempotent; the position moves in the transaction that moves the watermark.
 */
import type { LogPosition } from '../adapters/gateway-log/port.ts';
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { LedgerEntry } from '../contracts/serving.ts';
import { epochMs } from '../domain/time.ts';
import type { ActivityPorts } from './ports.ts';

const MEMORY_KEY = 'collection/archive';
const SEQUENCE_DIGITS = 8;
/** Of each gateway at once: the position is written down between, so that an outage's backlog is never begun again. */
const SEGMENTS_PER_LOOK_MAX = 32;

/** By gateway: what has been taken over, and the event time through which its archive is complete. */
interface ArchivePosition {
  readonly segments: LogPosition;
  readonly through: Readonly<Record<string, string>>;
  readonly ledger: LogPosition;
}

interface TakenOver {
  readonly position: ArchivePosition;
  readonly ledger: ReadonlyArray<{ readonly gateway: string; readonly entry: LedgerEntry }>;
  /** Epoch milliseconds: the least over all gateways; null while one has not closed its first segment. */
  readonly watermark: number | null;
}

export async function archivePosition(tx: RecordTransaction): Promise<ArchivePosition> {
  const memory = await tx.get('memory', MEMORY_KEY);
  return (memory?.value as ArchivePosition | undefined) ?? { segments: {}, through: {}, ledger: {} };
}

/** Reads every gateway from `position` on and compacts its closed segments, oldest first. */
export async function takeOver(
  ports: Pick<ActivityPorts, 'gatewayLog' | 'requestLog'>,
  model: string,
  position: ArchivePosition,
): Promise<TakenOver> {
  const gateways = await ports.gatewayLog.segments(model, position.segments);
  const segments: Record<string, number> = { ...position.segments };
  const through: Record<string, string> = { ...position.through };
  for (const { gateway, segments: closed } of gateways) {
    for (const segment of closed.slice(0, SEGMENTS_PER_LOOK_MAX)) {
      const records = await ports.gatewayLog.read(model, segment);
      await ports.requestLog.compact({ model, gateway, segment: segment.segment, records });
      segments[gateway] = segment.segment;
      through[gateway] = segment.through;
    }
  }
  const lines = await ports.gatewayLog.ledger(model, position.ledger);
  const ledger = Object.fromEntries(
    lines.map(({ gateway, entries }) => [gateway, entries.at(-1)?.sequence ?? position.ledger[gateway] ?? 0]),
  );
  return {
    position: { segments, through, ledger: { ...position.ledger, ...ledger } },
    ledger: lines.flatMap(({ gateway, entries }) => entries.map((entry) => ({ gateway, entry }))),
    watermark: leastWatermark(
      gateways.map(({ gateway }) => gateway),
      through,
    ),
  };
}

/** A gateway that has closed nothing yet may still log anything: then nothing is complete. */
function leastWatermark(gateways: readonly string[], through: Readonly<Record<string, string>>): number | null {
  const reported = gateways.map((gateway) => through[gateway]);
  if (reported.length === 0) return null;
  return reported.reduce<number | null>((least, iso) => {
    if (least === null || iso === undefined) return null;
    return Math.min(least, epochMs(iso));
  }, Number.POSITIVE_INFINITY);
}

/** Records what was taken over and moves the watermark. */
export async function recordTakenOver(tx: RecordTransaction, taken: TakenOver): Promise<void> {
  for (const { gateway, entry } of taken.ledger) {
    const key = `${gateway}/${String(entry.sequence).padStart(SEQUENCE_DIGITS, '0')}`;
    await tx.insert('ledger', key, { gateway, line: entry });
  }
  await tx.put('memory', MEMORY_KEY, { value: taken.position });
  if (taken.watermark !== null) await tx.advanceWatermark(taken.watermark);
}
