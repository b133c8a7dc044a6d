interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly remedy: string | null;
}

/** One line for each thing looked at, what to do below what is wrong, and the sum. */
export function findingsInWords(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, ok, found, remedy }) => [
    `${ok ? 'ok     ' : 'problem'}  ${name.padEnd(width)}  ${found}`,
    ...(remedy === null ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  → ${remedy}`]),
  ]);
  const problems = findings.filter(({ ok }) => !ok).length;
  return [...lines, '', problems === 0 ? 'everything needed is here' : `${problems} to put right`].join('\n');
}
