/** Which of the arms that a file names is the candidate, and which the control. */

/** What the caller said of the arms; null where nothing. */
export interface ArmNames {
  readonly candidate: string | null;
  readonly control: string | null;
}

/** The two arms that are compared, or why they cannot be told. */
export type Arms =
  | { readonly candidate: string; readonly control: string; readonly isGuessed: boolean; readonly problem: null }
  | { readonly problem: string; readonly remedy: string };

const CANDIDATE_WORDS = [
  'candidate',
  'treatment',
  'variant',
  'challenger',
  'canary',
  'test',
  'new',
  'b',
  '1',
  'true',
  'on',
];
const CONTROL_WORDS = ['control', 'stable', 'baseline', 'champion', 'old', 'a', '0', 'false', 'off'];

const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

/** @param seen arm names of the file, the most frequent first */
export function armsOf(seen: readonly string[], named: ArmNames): Arms {
  const stranger = [named.candidate, named.control].find((name) => name !== null && !seen.includes(name));
  if (stranger !== undefined && stranger !== null) {
    return { problem: `no row has the arm ${JSON.stringify(stranger)}`, remedy: `the file has ${quoted(seen)}` };
  }
  if (named.candidate !== null && named.candidate === named.control) {
    return { problem: `${JSON.stringify(named.candidate)} is named as both arms`, remedy: 'name two different arms' };
  }
  if (named.candidate !== null && named.control !== null) {
    return { candidate: named.candidate, control: named.control, isGuessed: false, problem: null };
  }
  if (seen.length === 1) {
    return {
      problem: `there is only the arm ${quoted(seen)}`,
      remedy: 'a candidate is judged against units of the same time in another arm: export both',
    };
  }
  if (seen.length > 2) {
    const rest = named.candidate === null ? seen : seen.filter((name) => name !== named.candidate);
    return {
      problem: `there are ${seen.length} arms: ${quoted(seen.slice(0, 10))}${seen.length > 10 ? ', …' : ''}`,
      remedy: `say which two are compared: --candidate ${named.candidate ?? rest[1]} --control ${rest[0]}; units of others are left out`,
    };
  }
  return ofTwo(seen as readonly [string, string], named);
}

function ofTwo(seen: readonly [string, string], named: ArmNames): Arms {
  const other = (name: string) => (seen[0] === name ? seen[1] : seen[0]);
  if (named.candidate !== null)
    return { candidate: named.candidate, control: other(named.candidate), isGuessed: false, problem: null };
  if (named.control !== null)
    return { candidate: other(named.control), control: named.control, isGuessed: false, problem: null };
  const is = (words: readonly string[]) => seen.filter((name) => words.includes(name.trim().toLowerCase()));
  const [candidates, controls] = [is(CANDIDATE_WORDS), is(CONTROL_WORDS)];
  const control =
    controls.length === 1 ? controls[0] : candidates.length === 1 ? other(candidates[0] ?? '') : undefined;
  if (control !== undefined && candidates[0] !== control)
    return { candidate: other(control), control, isGuessed: true, problem: null };
  return {
    problem: `which of ${quoted(seen)} is the candidate cannot be told from the names`,
    remedy: `say it: --candidate ${JSON.stringify(seen[1])}`,
  };
}
