import type { RecordTransaction } from '../adapters/record-store/port.ts';
import type { Idea, ModelDeclaration } from '../contracts/model.ts';

/** One attempt at an idea, as experimentation remembers it. */
export interface Attempt {
  readonly experimentId: string;
  readonly idea: string;
  readonly attempt: number;
  readonly asOf: string;
  readonly readyAt: string;
  readonly priority: 'idea' | 'retrain';
  readonly artifact: string | null;
  readonly bundle: string | null;
  readonly abandoned: string | null;
}

const PREFIX = 'experimentation/attempt/';

/** All attempts in the order they were begun. */
export async function attemptsOf(tx: RecordTransaction): Promise<Attempt[]> {
  const known = await tx.list('memory', { prefix: PREFIX });
  return known
    .map(({ body }) => body.value as Attempt)
    .sort((a, b) => (a.asOf < b.asOf ? -1 : a.asOf > b.asOf ? 1 : 0));
}

/** Adds what became known of an attempt. */
export async function rememberAttempt(
  tx: RecordTransaction,
  experimentId: string,
  news: Partial<Attempt>,
): Promise<void> {
  const known = await tx.get('memory', PREFIX + experimentId);
  await tx.put('memory', PREFIX + experimentId, {
    value: { ...(known?.value as Partial<Attempt> | undefined), ...news },
  });
}

export function ideaOf(declaration: ModelDeclaration, id: string): Idea {
  const idea = declaration.ideas.find((known) => known.id === id);
  if (idea === undefined) throw new Error(`idea ${id} is not declared by model ${declaration.model}`);
  return idea;
}
