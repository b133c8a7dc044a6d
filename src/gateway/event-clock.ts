/**
 * The gateway's event clock. `stream`: event time comes with the requests and moves by the sender's watermarks, so a replay at any speed
 * behaves alike. `wall`: event time is the time of day, and the watermark follows it at a distance.
 */
import { isoInstant } from '../domain/time.ts';
import { DAY_MS, epochMs, MINUTE_MS } from '../domain/time.ts';

export type EventClockMode = 'stream' | 'wall';

export interface EventClockOptions {
  readonly mode: EventClockMode;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** How far behind the wall clock the watermark stays, milliseconds: longer than any request takes. */
  readonly slackMs: number;
}

export interface Stamp {
  readonly at: number;
  readonly refused: string | null;
}

export interface EventClock {
  readonly mode: EventClockMode;
  /** Event time of a request or outcome that states one or not. Refused: too far ahead to be true. */
  stamp(stated: string | undefined): Stamp;
  /** A request of this event time has been answered. */
  answered(at: number): void;
  /** First event time of which nothing has been answered yet; null before the first request and watermark. */
  position(): number | null;
  /** Event time before which everything has arrived; null where nothing was promised. */
  watermark(): number | null;
  /** Takes a promise of the sender; a lower one than before changes nothing. */
  promise(through: number): void;
}

/** One wrong event time must not move the clock to where every rise is refused: in a stream it may lead the watermark by this much. */
const STREAM_AHEAD_MS = 7 * DAY_MS;
/** Clocks of senders differ by seconds; a minute is generous. */
const WALL_AHEAD_MS = MINUTE_MS;

export function createEventClock(options: EventClockOptions): EventClock {
  const { mode, now, slackMs } = options;
  let promised: number | null = null;
  let answeredThrough: number | null = null;
  const aheadLimit = (): number => {
    if (mode === 'wall') return now() + WALL_AHEAD_MS;
    return promised === null ? Number.POSITIVE_INFINITY : promised + STREAM_AHEAD_MS;
  };
  const present = (): number => (mode === 'wall' ? now() : (promised ?? answeredThrough ?? now()));
  return {
    mode,
    stamp(stated) {
      if (stated === undefined) return { at: present(), refused: null };
      const at = epochMs(stated);
      const limit = aheadLimit();
      if (at <= limit) return { at, refused: null };
      return {
        at,
        refused: `is ${stated}, later than ${isoInstant(limit)}, the latest that this gateway believes now`,
      };
    },
    answered(at) {
      if (answeredThrough === null || at > answeredThrough) answeredThrough = at;
    },
    position() {
      const behind = mode === 'wall' ? now() : promised;
      if (answeredThrough === null) return behind;
      return behind === null ? answeredThrough + 1 : Math.max(behind, answeredThrough + 1);
    },
    watermark: () => (mode === 'wall' ? Math.max(promised ?? 0, now() - slackMs) : promised),
    promise(through) {
      if (promised === null || through > promised) promised = through;
    },
  };
}
