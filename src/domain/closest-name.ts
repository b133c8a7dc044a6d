/**
 * The name a person most likely meant: the candidate with the fewest single-letter edits (insert, delete, replace, swap of neighbours;
 * optimal string alignment), if those are at most a third of the longer word. Case is ignored; ties go to the earlier candidate.
 * @returns null when nothing is near.
 */
export function closestName(written: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Infinity;
  for (const candidate of candidates) {
    const edits = editDistance(written.toLowerCase(), candidate.toLowerCase());
    const limit = Math.max(1, Math.floor(Math.max(written.length, candidate.length) / 3));
    if (edits <= limit && edits < fewest) {
      best = candidate;
      fewest = edits;
    }
  }
  return best;
}

/** Longer words are never compared: a typing error of a name is short, and the cost is quadratic. */
const COMPARED_MAX = 64;

function editDistance(a: string, b: string): number {
  if (a.length > COMPARED_MAX || b.length > COMPARED_MAX) return Infinity;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let edits = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) edits = Math.min(edits, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? Infinity;
}
