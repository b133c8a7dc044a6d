/** Whole runs of one story, undisturbed or disturbed, each in a folder of its own, and what is compared of them. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '../../src/contracts/summary.ts';
import { removePostgresHome } from '../../src/platform/postgres-home.ts';
import { StoryProcess } from './story-process.ts';

export interface StoryPlan {
  readonly modelPath: string;
  readonly model: string;
  readonly untilDay: string;
}

export interface StoryRun {
  readonly stateDir: string;
  readonly summary: Summary;
  /** Text of the gateway's exposure ledger. */
  readonly ledger: string;
  readonly seconds: number;
  /** Removes what it left. */
  remove(): void;
}

/** Called beside a run; may end it and start it again. */
export type Disturb<T> = (story: StoryProcess, stateDir: string, startAgain: () => StoryProcess) => Promise<T>;

/**
 * Runs a story to its end.
 * @throws with the last lines of the run when it does not end well
 */
export async function runStory<T>(plan: StoryPlan, disturb: Disturb<T>): Promise<StoryRun & { readonly disturbed: T }> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-story-'));
  // The user that PostgreSQL runs as under root must get in.
  chmodSync(folder, 0o755);
  const stateDir = join(folder, 'state');
  const summaryPath = join(folder, 'summary.json');
  const begin = (): StoryProcess => new StoryProcess({ ...plan, stateDir, summaryPath });
  const began = Date.now();
  let story = begin();
  const startAgain = (): StoryProcess => (story = begin());
  const remove = (): void => {
    removePostgresHome(stateDir);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const disturbed = await disturb(story, stateDir, startAgain);
    const end = await story.ended();
    if (end !== 0) throw new Error(`the run ended with ${end}:\n${story.tail()}`);
    const summary = JSON.parse(readFileSync(summaryPath, 'utf8')) as Summary;
    const ledgerPath = join(stateDir, 'gateways', 'gateway-1', 'models', plan.model, 'ledger.jsonl');
    const ledger = readFileSync(ledgerPath, 'utf8');
    return { stateDir, summary, ledger, seconds: (Date.now() - began) / 1000, remove, disturbed };
  } catch (error) {
    await story.stop();
    remove();
    throw error;
  }
}
