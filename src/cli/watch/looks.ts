/** What one look at a rollout or at a model brings, for a screen, a log and a program. */
import { explain } from '../../client/lifecycle.ts';
import { rolloutInFlight, rolloutStatus } from '../../client/rollout.ts';
import { HoldfastError } from '../../contracts/errors.ts';
import { parseWorkflowId } from '../../contracts/names.ts';
import type { RolloutStatus } from '../../contracts/workflows.ts';
import { rolloutInALine, waitingForInWords } from '../../domain/rollout/words.ts';
import type { Paint } from '../../pages/live.ts';
import { plainText } from '../../pages/plain-text.ts';
import type { Block } from '../../pages/screen.ts';
import { watchBlocks } from '../../pages/watch.ts';
import type { DecisionSeen } from '../../pages/watch.ts';
import type { Connection } from '../connection.ts';

export interface Look {
  /** What a terminal of so many columns shows, in blocks. */
  readonly screen: (columns: number) => readonly Block[];
  /** The same in one line. */
  readonly line: string;
  readonly document: Readonly<Record<string, unknown>>;
  /** Outcome of a rollout that is over. */
  readonly outcome: string | null;
}

const DECISIONS_KEPT = 8;
/** What a model says of its stages goes after the decisions of its rollout and before what is unmet: `watchBlocks`. */
const OWN_WORDS_YIELD = 5;

/** @returns takes a look each time it is called */
export function createWatched(connection: Connection, target: string, paint: Paint): () => Promise<Look> {
  const { client } = connection;
  const seen = createDecisions(connection);
  const lookAt = async (state: RolloutStatus): Promise<Look> => {
    const decisions = await seen(state);
    return {
      screen: (columns) => watchBlocks({ rollout: state, state, decisions }, columns, paint),
      line: lineOf(state),
      document: documentOf(state),
      outcome: state.decision?.outcome ?? null,
    };
  };
  if (parseWorkflowId(target)?.kind === 'rollout') return async () => lookAt(await rolloutStatus(client, target));
  return async () => {
    const words = plainText(await explain(client, target)).split('\n');
    const own = { lines: words, yields: OWN_WORDS_YIELD };
    const flight = parseWorkflowId(target) === null ? await inFlight(connection, target) : null;
    if (flight === null)
      return { screen: () => [own], line: words.join('\n'), document: { id: target, inWords: words }, outcome: null };
    const look = await lookAt(flight);
    // A model is watched for as long as wanted: the end of a rollout is not its end.
    return { ...look, screen: (columns) => [own, ...look.screen(columns)], outcome: null };
  };
}

async function inFlight({ client }: Connection, model: string): Promise<RolloutStatus | null> {
  try {
    return await rolloutInFlight(client, model);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'PROCESS_NOT_FOUND') return null;
    throw error;
  }
}

/** The last decisions: of the records where they are known here, then as they come by. */
function createDecisions({ records }: Connection): (state: RolloutStatus) => Promise<readonly DecisionSeen[]> {
  let of = '';
  let decisions: DecisionSeen[] = [];
  return async ({ model, rolloutId, last }) => {
    if (rolloutId !== of) {
      of = rolloutId;
      decisions = (await records?.recentDecisions(model, rolloutId, DECISIONS_KEPT).catch(() => null)) ?? [];
    }
    if (last !== null && !decisions.some(({ decisionId }) => decisionId === last.decisionId))
      decisions = [...decisions, last].slice(-DECISIONS_KEPT);
    return decisions;
  };
}

/** The rollout's line, and what the gate said last. */
function lineOf(state: RolloutStatus): string {
  const { decision, last } = state;
  const line = rolloutInALine(state, state);
  return decision !== null || last === null ? line : `${line}; ${last.eventTime} ${last.verdict}: ${last.inWords}`;
}

function documentOf(state: RolloutStatus): Readonly<Record<string, unknown>> {
  const { rolloutId, model, idea, bundle, phase, step, exposure, last, request, decision, inWords, brief } = state;
  return {
    id: rolloutId,
    model,
    idea,
    bundle,
    phase,
    step,
    mode: brief?.steps[step]?.mode ?? null,
    exposure,
    measured: last?.measured?.share ?? null,
    waitsFor: waitingForInWords(state),
    eventTime: last?.eventTime ?? null,
    verdict: last?.verdict ?? null,
    gate: last?.progress ?? [],
    unmet: last?.unmet ?? [],
    request,
    outcome: decision?.outcome ?? null,
    inWords,
  };
}
