/** What every part of `npm run verify:rollout` is given and hands back. */

/** One thing that was to be shown, what was measured, and whether it holds. */
export interface Finding {
  /** As a claim: "no acknowledged command is lost". */
  readonly name: string;
  readonly passed: boolean;
  /** What was measured, with its numbers; of a failure also what was found in its place. */
  readonly words: string;
}

/** What the command line asks for. */
export interface Asked {
  readonly seed: number;
  /** Random sequences of the model checking. */
  readonly sequences: number;
  /** `kill -9` of workers; a quarter of them of each other process. */
  readonly kills: number;
  /** Tries of everything whose time is measured. */
  readonly tries: number;
}

/** Prints a line of progress. */
export type Say = (line: string) => void;

/** Shows one group of claims. Whatever it starts it ends. @throws when it could not be measured at all */
export type Part = (asked: Asked, say: Say) => Promise<Finding[]>;
