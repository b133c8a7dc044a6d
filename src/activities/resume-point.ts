/**
 * What a long activity goes on from after its worker has died: in the heartbeat itself while it is small; what a heartbeat cannot carry lies
 * in the object store, and the heartbeat names it.
 */
import type { ObjectStore } from '../adapters/object-store/port.ts';
import { HoldfastError } from '../contracts/errors.ts';

/** A server takes two megabytes at most, and every sign of life sends them again. */
const INLINE_CHARACTERS_MAX = 250_000;
/** What is large is written out this seldom: so much work is lost at most. */
const STORE_EVERY_MS = 5_000;

interface StoredPoint {
  readonly storedResumePoint: string;
}

const isStored = (details: unknown): details is StoredPoint =>
  typeof details === 'object' && details !== null && 'storedResumePoint' in details;

/** What an earlier attempt has left; undefined where it left nothing, or what it left is gone. */
export async function readResumePoint(objectStore: ObjectStore, details: unknown): Promise<unknown> {
  if (!isStored(details)) return details;
  try {
    return JSON.parse(new TextDecoder().decode(await objectStore.get(details.storedResumePoint))) as unknown;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'OBJECT_MISSING') return undefined;
    throw error;
  }
}

export interface ResumePoints {
  /** Details of the next sign of life. */
  details(): unknown;
  /** The work has come this far. */
  reached(point: unknown): void;
  /** Resolves when nothing is being written any more. */
  settled(): Promise<void>;
}

/** @param details What the earlier attempt has left: it stands until this one has come further. */
export function resumePoints(
  objectStore: ObjectStore,
  details: unknown,
  heartbeat: (details: unknown) => void,
): ResumePoints {
  let latest = details;
  let writing: Promise<void> | null = null;
  let notBefore = 0;
  const say = (next: unknown): void => {
    latest = next;
    heartbeat(next);
  };
  const write = async (text: string): Promise<void> => {
    try {
      say({ storedResumePoint: await objectStore.put(text) } satisfies StoredPoint);
    } catch {
      // The point before this one stands; the next report tries again.
    }
    writing = null;
  };
  return {
    details: () => latest,
    reached(point) {
      if (writing !== null || Date.now() < notBefore) return;
      const text = JSON.stringify(point);
      if (text.length <= INLINE_CHARACTERS_MAX) return say(point);
      notBefore = Date.now() + STORE_EVERY_MS;
      writing = write(text);
    },
    settled: async () => (await writing) ?? undefined,
  };
}
