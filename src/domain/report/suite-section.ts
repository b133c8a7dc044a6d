import { canonicalJson } from '../canonical-json.ts';
import { sha256Hex } from '../sha256.ts';
import type { Told } from './evidence-sections.ts';
import { decisionsOf } from './material.ts';
import type { RolloutMaterial } from './material.ts';
import { number, PER_THOUSAND, text } from './report.ts';
import type { Section } from './report.ts';

/** What the offline evaluation found, case by case; null where none is on record. */
export function suiteSection(told: Told, material: RolloutMaterial): Section | null {
  const offline = decisionsOf(material).findLast(({ run }) => run === 'offline');
  const found = material.recorded.attestations.find(
    (attestation) => sha256Hex(canonicalJson(attestation)) === offline?.evidenceDigest,
  );
  if (found === undefined || offline === undefined) return null;
  const failed = found.cases.filter(({ result }) => result === 'failed').length;
  return {
    id: 'suite',
    title: 'Validation suite',
    words: [
      `${found.passed ? 'Passed' : 'Failed'} before anybody was exposed: ${failed} of ${found.cases.length} cases failed.`,
    ],
    // Cases overlap: the largest is what the whole rests on. Rows are of before the decision.
    basis: {
      unit: told.unit,
      n: Math.max(0, ...found.cases.map(({ units }) => units)),
      timeZone: 'UTC',
      through: offline.watermark ?? offline.eventTime,
    },
    plot: null,
    table: {
      caption: `Mean loss per 1,000 ${told.units} on held-out rows`,
      columns: [
        text('case', 'Case'),
        number('rows', 'Rows'),
        number('candidate', 'Candidate', 1),
        number('stable', 'Stable', 1),
        text('result', 'Result'),
        text('reason', 'Because'),
      ],
      rows: found.cases.map(({ id, units, candidateLoss, stableLoss, result, reason }) => [
        id,
        units,
        candidateLoss === null ? null : candidateLoss * PER_THOUSAND,
        stableLoss === null ? null : stableLoss * PER_THOUSAND,
        result,
        reason,
      ]),
    },
  };
}
