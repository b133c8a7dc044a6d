/** Module hooks: whatever a marked module imports is marked too, and one marked `?mutant=N` is loaded as mutant N where it is that one's. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mutated } from './mutants.ts';
import type { Mutant } from './mutants.ts';

let mutants: readonly Mutant[] = [];

export function initialize(data: { mutants: readonly Mutant[] }): void {
  mutants = data.mutants;
}

interface Resolved {
  url: string;
}

export async function resolve(
  specifier: string,
  context: { parentURL?: string },
  next: (specifier: string, context: object) => Promise<Resolved>,
): Promise<Resolved> {
  const resolved = await next(specifier, context);
  const mark = context.parentURL === undefined ? '' : new URL(context.parentURL).search;
  if (mark === '' || !resolved.url.startsWith('file:') || resolved.url.includes('/node_modules/')) return resolved;
  return { ...resolved, url: unmarked(resolved.url) + mark };
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<object>,
): Promise<object> {
  const number = new URLSearchParams(new URL(url).search).get('mutant');
  const mutant = number === null ? undefined : mutants[Number(number)];
  const plain = unmarked(url);
  if (mutant?.url !== plain) return next(url, context);
  const source = mutated(readFileSync(fileURLToPath(plain), 'utf8'), mutant);
  return { format: 'module', shortCircuit: true, source };
}

function unmarked(url: string): string {
  return url.replace(/\?.*$/, '');
}
