import { canonicalJson } from '../canonical-json.ts';
import { sha256Hex } from '../sha256.ts';
import type { Report } from './report.ts';

/** Name of a report: the SHA-256 of its canonical JSON. */
export const reportDigest = (report: Report): string => sha256Hex(canonicalJson(report));
