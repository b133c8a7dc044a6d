/** One thing that was looked at, and whether it holds. */
export interface Finding {
  readonly ok: boolean;
  readonly what: string;
}

export const finding = (ok: boolean, what: string): Finding => ({ ok, what });

/** One finding for a list that should be empty. */
export function none(what: string, bad: readonly string[]): Finding {
  return finding(bad.length === 0, bad.length === 0 ? what : `${what}: NOT SO for ${bad.join('; ')}`);
}
