/**
 * Where the event time of a state folder comes from. Among the records of a replayed year, a gateway that takes the time on the wall would
 * let event time jump to today: every cohort between would be empty and over at once. So the first gateway of a folder leaves word of its
 * clock, and one with another clock is refused there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { HoldfastError } from '../contracts/errors.ts';
import { modelsIn } from './reset.ts';

export type EventClock = Config['gatewayClock'];

const wordSchema = z.object({ eventTime: z.enum(['wall', 'stream']) });

const wordIn = (stateDir: string): string => join(stateDir, 'event-clock.json');

const IN_WORDS: Readonly<Record<EventClock, string>> = {
  stream: 'replayed traffic, as npm start and holdfast drill send it',
  wall: 'the clock on the wall, as under holdfast up',
};

/** Leaves word of the clock. @throws PLATFORM_CLOCK_DIFFERS where the word of another one lies */
export function keepEventClock(stateDir: string, clock: EventClock): void {
  const refusal = otherEventClock(stateDir, clock);
  if (refusal !== null) throw refusal;
  if (readWord(stateDir) === null) writeFileSync(wordIn(stateDir), `${JSON.stringify({ eventTime: clock })}\n`);
}

/** Why a gateway with this clock is refused in the folder; null where it is not. */
export function otherEventClock(stateDir: string, clock: EventClock): HoldfastError | null {
  const kept = readWord(stateDir);
  if (kept === null || kept === clock) return null;
  const models = modelsIn(stateDir);
  const content = models.length === 0 ? 'what has run there' : models.join(', ');
  return new HoldfastError(
    'PLATFORM_CLOCK_DIFFERS',
    `the state folder ${stateDir} keeps ${content}, with event time from ${IN_WORDS[kept]}; this start takes it from ${IN_WORDS[clock]}`,
    {
      remedy: `Choose another folder with --state-dir or HOLDFAST_STATE_DIR, or forget this one: holdfast reset --state-dir ${stateDir}`,
    },
  );
}

/** Null where no gateway has run, and where the word was cut off when it was written. */
function readWord(stateDir: string): EventClock | null {
  try {
    return wordSchema.parse(JSON.parse(readFileSync(wordIn(stateDir), 'utf8'))).eventTime;
  } catch {
    return null;
  }
}
