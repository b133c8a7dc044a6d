import type { Audit } from './audit.ts';
import { limitInWords } from './certificates.ts';
import type { Certificate } from './certificates.ts';
import type { Rise } from './exposure.ts';

/** The audit as a person reads it; the last line is the count. */
export function auditInWords({ certificates, rises, findings }: Audit): string {
  const failed = findings.filter(({ ok }) => !ok).length;
  return [
    'Paired loss difference, candidate − stable, per 1,000 requests, over the units each verdict rested on:',
    ...table([CERTIFICATE_HEADINGS, ...certificates.map(certificateRow)]),
    '',
    'Rises of exposure in the ledger:',
    ...table([RISE_HEADINGS, ...rises.map(riseRow)]),
    '',
    ...findings.map(({ ok, what }) => `${ok ? 'ok  ' : 'FAIL'}  ${what}`),
    `${findings.length - failed} passed, ${failed} failed`,
  ].join('\n');
}

const CERTIFICATE_HEADINGS = [
  'candidate',
  'run',
  'verdict',
  'at',
  'units',
  'mean',
  'se',
  'se by cohort',
  'claimed',
  '',
];
const RISE_HEADINGS = ['line', 'gateway', 'candidate', 'exposure', 'decided', 'from', 'verdict', 'approved by', ''];

function certificateRow(one: Certificate): string[] {
  const claimed =
    one.claim === null ? '–' : `${one.claim.side === 'below' ? '<' : '>'} ${perThousand(one.claim.limit)}`;
  return [
    `${one.idea} ${one.attempt}`,
    one.run,
    one.stream,
    one.verdict,
    one.eventTime.slice(0, 13),
    String(one.units),
    perThousand(one.mean),
    perThousand(one.error),
    perThousand(one.errorByCohort),
    claimed,
    one.ok ? '' : 'WRONG',
  ];
}

function riseRow({ gateway, line, entry, candidate, decision, faults }: Rise): string[] {
  return [
    String(line.sequence),
    gateway,
    `${candidate.slice(0, 8)}`,
    entry.candidate === null ? 'stable' : String(entry.exposure),
    decision?.eventTime.slice(0, 13) ?? '–',
    entry.effectiveFrom?.slice(0, 13) ?? 'at once',
    decision?.verdict ?? 'none',
    decision?.approvals.map(({ by }) => by).join(', ') ?? '',
    faults.length === 0 ? '' : 'NOT ALLOWED',
  ];
}

const perThousand = (value: number | null): string => (value === null ? '–' : (value * 1000).toFixed(2));

function table(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
