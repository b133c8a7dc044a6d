import { setTimeout as sleep } from 'node:timers/promises';
import { killAtWork, killRunAtWork, VICTIMS } from './kills.ts';
import type { Kill } from './kills.ts';
import type { Disturb } from './story-runs.ts';

/**
 * Kills one process after the other until the run ends: every one once in an order of the seed, then in another. Five minutes give about
 * forty kills.
 * @param peace Between the return of one and the death of the next, wall seconds
 */
export function killingThroughout(
  seed: number,
  peace: { readonly least: number; readonly most: number },
): Disturb<Kill[]> {
  const random = randomFrom(seed);
  return async (first, stateDir, startAgain) => {
    const kills: Kill[] = [];
    let story = first;
    await story.line(/ is at shadow/);
    for (let round: Array<(typeof VICTIMS)[number] | 'the run itself'> = []; !story.isOver;) {
      if (round.length === 0) round = shuffled([...VICTIMS, 'the run itself'], random);
      await Promise.race([story.ended(), sleep((peace.least + random() * (peace.most - peace.least)) * 1000)]);
      const victim = round.pop();
      try {
        if (victim === undefined) continue;
        if (victim === 'the run itself') {
          const { next, ...kill } = await killRunAtWork(story, stateDir, startAgain);
          story = next;
          kills.push(kill);
        } else kills.push(await killAtWork(story, stateDir, victim));
      } catch (error) {
        // The run may end while a moment to kill is waited for; any other failure is one.
        if (!story.isOver || (await story.ended()) !== 0) throw error;
      }
    }
    return kills;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

/** Mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
