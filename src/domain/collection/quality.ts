/**
 * What the declared checks make of a partition. A row check sets single rows aside (quarantine); a partition check withholds
 * the whole partition (block). A missing value never passes for a good one: rows that no check could place are quarantined,
 * and a partition without rows is blocked whatever is declared.
 */

export const EMPTY_PARTITION = 'empty-partition';
export const NO_PLACE = 'no-place';

/** What this judgement needs of a declared check. */
export type DeclaredCheck =
  | { readonly kind: 'rowRange' | 'exactDuplicate'; readonly id: string }
  | { readonly kind: 'rowCount'; readonly id: string; readonly min: number }
  | { readonly kind: 'missingShare'; readonly id: string; readonly input: string; readonly max: number };

/** What was counted in a partition, by check; the counting itself is SQL. */
export interface PartitionCounts {
  readonly rows: number;
  /** Rows by the first check (or NO_PLACE) that sets them aside. */
  readonly quarantined: Readonly<Record<string, number>>;
  /** Rows without a value, by input. */
  readonly missing: Readonly<Record<string, number>>;
}

export interface PartitionVerdict {
  readonly quarantined: readonly { readonly checkId: string; readonly rows: number }[];
  /** The partition check that withholds all rows, and why; null where none does. */
  readonly blocked: { readonly checkId: string; readonly reason: string } | null;
}

export function judgePartition(checks: readonly DeclaredCheck[], counts: PartitionCounts): PartitionVerdict {
  const order = [NO_PLACE, ...checks.map((check) => check.id)];
  const quarantined = order.flatMap((checkId) => {
    const rows = counts.quarantined[checkId] ?? 0;
    return rows > 0 ? [{ checkId, rows }] : [];
  });
  return { quarantined, blocked: blockOf(checks, counts) };
}

function blockOf(checks: readonly DeclaredCheck[], counts: PartitionCounts): PartitionVerdict['blocked'] {
  for (const check of checks) {
    const reason = reasonToBlock(check, counts);
    if (reason !== null) return { checkId: check.id, reason };
  }
  return counts.rows === 0 ? { checkId: EMPTY_PARTITION, reason: 'the partition has no rows' } : null;
}

function reasonToBlock(check: DeclaredCheck, counts: PartitionCounts): string | null {
  switch (check.kind) {
    case 'rowCount':
      return counts.rows < check.min ? `${counts.rows} rows, at least ${check.min} are expected` : null;
    case 'missingShare': {
      const missing = counts.missing[check.input];
      if (missing === undefined) return `nothing is known of input ${check.input}`;
      const share = counts.rows === 0 ? 0 : missing / counts.rows;
      return share > check.max
        ? `${missing} of ${counts.rows} rows have no ${check.input}, ${check.max} is tolerated`
        : null;
    }
    case 'rowRange':
    case 'exactDuplicate':
      return null;
    default:
      return check satisfies never;
  }
}
