/** “Safe to widen?”: the answer to what a page about a rollout is opened for, and why. */
import { grouped } from '../aligned-table.ts';
import { LOSS_STREAM } from '../rollout/gate-runs.ts';
import type { Verification } from '../rollout/verify-chain.ts';
import { reasonsInWords } from '../rollout/look-words.ts';
import { exposureInWords } from '../rollout/words.ts';
import type { RunSeen, StreamSeen } from './course.ts';
import { isComparable, limitsInWords, notAskedInWords, sideInWords, stepName } from './evidence-sections.ts';
import type { Told } from './evidence-sections.ts';
import type { ChainedDecision, RolloutMaterial } from './material.ts';
import type { Report } from './report.ts';

type Answer = Report['answer'];

const QUESTION = 'Is it safe to widen the exposure of the candidate?';
const ASSIGNMENT_FAULTS: ReadonlySet<string> = new Set(['srm', 'foreign-split']);

export interface Standing {
  readonly told: Told;
  readonly material: RolloutMaterial;
  readonly last: ChainedDecision;
  readonly seen: RunSeen | null;
  readonly verification: Verification;
  /** Whether the page is of the rollout as it stands or ended, not of one decision of it. */
  readonly isNewest: boolean;
}

/** The answer at the newest decision; an outcome, once there is one, speaks for the rollout. */
export function answerOf(standing: Standing): Answer {
  const { verification, isNewest, material } = standing;
  if (!verification.verified)
    return {
      question: QUESTION,
      answer: 'no',
      inWords: 'No: the records do not hold together, so nothing on this page may be relied on.',
      why: [verification.inWords],
    };
  const ended = isNewest ? outcomeAnswer(material, standing) : null;
  return ended ?? verdictAnswer(standing);
}

function outcomeAnswer({ outcome, reason, decidedAt }: RolloutMaterial, standing: Standing): Answer | null {
  const why = [...(reason === null ? [] : [reason]), ...findings(standing)];
  const since = decidedAt === null ? '' : ` since ${decidedAt}`;
  switch (outcome) {
    case 'promoted':
      return {
        question: QUESTION,
        answer: 'yes',
        inWords: `Yes: it was certified at every step${fullInWords(standing)} and was promoted${decidedAt === null ? '' : ` at ${decidedAt}`}.`,
        why,
      };
    case 'rolled_back':
      return {
        question: QUESTION,
        answer: 'no',
        inWords: `No: it was rolled back, and its exposure is 0${since}.`,
        why,
      };
    case 'refused':
      return {
        question: QUESTION,
        answer: 'no',
        inWords: `No: it was refused before anybody was exposed${since}.`,
        why,
      };
    case 'withdrawn':
    case 'superseded':
      return { question: QUESTION, answer: 'no', inWords: `No: it was ${outcome}${since}.`, why };
    default:
      return null;
  }
}

/** Promotion is on record later than the exposure it is about: after a whole cohort, or after the watch. */
function fullInWords({ material }: Standing): string {
  const full = material.exposures.findLast(({ mode }) => mode === 'full');
  return full === undefined ? '' : `, has been at full exposure since ${full.eventTime},`;
}

function verdictAnswer(standing: Standing): Answer {
  const { told, last, seen } = standing;
  const question = QUESTION;
  const step = seen?.last.ladderStep ?? 0;
  const next = stepName(told.policy, step + 1);
  const found = findings(standing);
  const why = found.length === 0 ? [last.inWords] : found;
  if (last.verdict === 'advance') return { question, answer: 'yes', inWords: yesInWords(standing, step, next), why };
  if (last.verdict === 'rollback' || last.verdict === 'refuse')
    return { question, answer: 'no', inWords: noInWords(last), why };
  const fault = last.reasons.find((reason) => ASSIGNMENT_FAULTS.has(reason));
  if (fault !== undefined)
    return {
      question,
      answer: 'no',
      inWords: `No: ${reasonsInWords([fault])}, so the arms cannot be compared; only a rollback or a new rollout leads on.`,
      why,
    };
  const unmet = seen?.unmet ?? [];
  if (last.reasons.includes('approval'))
    return {
      question,
      answer: 'yes',
      inWords: `Yes, by the evidence: it may widen from ${stepName(told.policy, step)} to ${next} once it is approved.`,
      why: [...unmet, ...why],
    };
  return { question, answer: 'not yet', inWords: notYetInWords(last), why: [...unmet, ...why] };
}

function yesInWords({ seen, told }: Standing, step: number, next: string): string {
  if (seen === null) return 'Yes: it has passed what is asked before anybody is exposed.';
  return `Yes: the gate lets it go from ${stepName(told.policy, step)} to ${next}.`;
}

function noInWords({ verdict, reasons }: ChainedDecision): string {
  if (verdict === 'refuse') return 'No: it is refused before anybody is exposed.';
  return `No: harm is certified on ${reasons.join(', ')}, and the exposure goes back to 0.`;
}

function notYetInWords({ verdict, reasons }: ChainedDecision): string {
  switch (verdict) {
    case 'escalate':
      return 'Not yet: the deadline of the step has passed without a verdict; a person decides, and the exposure stays.';
    case 'hold':
      return isSuspicion(reasons)
        ? `Not yet: harm is suspected on ${reasons.join(', ')}, and the gate holds.`
        : `Not yet: the gate holds, ${reasonsInWords(reasons)}.`;
    case 'continue':
      return `Not yet: ${reasonsInWords(reasons)}, and no harm is certified.`;
    default:
      return 'Not yet: the next look of the gate decides.';
  }
}

const isSuspicion = (reasons: readonly string[]): boolean =>
  reasons.every((reason) => reasonsInWords([reason]) === `stream ${reason}`);

/** What the streams say, the required ones and those named first; and that the arms can be compared. */
function findings({ seen, told }: Standing): string[] {
  if (seen === null) return [];
  const { streams, record, decision } = seen.last;
  const isNamed = ({ id }: StreamSeen): boolean => decision.reasons.includes(id);
  const named = streams.filter((stream) => stream.isRequired || isNamed(stream));
  const isSplit = (record.lnSrmMax ?? 0) < seen.lnSrmNeeded;
  const areComparable = isComparable(seen);
  const found = (stream: StreamSeen): string =>
    !areComparable && stream.assessment === 'error'
      ? `${streamInWords(told, stream)}; it does not count, because the arms cannot be compared`
      : streamInWords(told, stream);
  return [
    ...(isSplit ? [] : seen.assigned.map((segment) => splitInWords(told, segment))),
    ...named.sort((a, b) => Number(isNamed(b)) - Number(isNamed(a))).map(found),
    ...(seen.run === 'canary' && areComparable ? ['the measured split is the ordered one, as far as can be told'] : []),
    ...worstSlice(told, streams, named),
  ];
}

/** Of the slices that can only stop: the one that comes nearest to it. */
function worstSlice(told: Told, streams: readonly StreamSeen[], named: readonly StreamSeen[]): string[] {
  const [worst] = streams
    .filter((stream) => stream.difference !== null && stream.id !== LOSS_STREAM && !named.includes(stream))
    .sort((a, b) => b.difference!.lower - b.harmMargin - (a.difference!.lower - a.harmMargin));
  if (worst === undefined) return [];
  const asked = worst.isRequired ? '' : `; ${notAskedInWords(worst)}`;
  return [`nearest to harm of what else can stop: ${streamInWords(told, worst)}${asked}`];
}

function splitInWords({ units }: Told, { exposureBp, control, candidate }: RunSeen['assigned'][number]): string {
  const all = control + candidate;
  return `ordered were ${exposureInWords(exposureBp / 10_000)} to the candidate, measured ${((100 * candidate) / all).toFixed(2)} % of ${grouped(all)} ${units}`;
}

function streamInWords({ units }: Told, { id, difference, counts, safeMargin, harmMargin }: StreamSeen): string {
  if (counts !== null) {
    const [mine, all, myUnits, everything] = counts;
    return `${id}: ${grouped(mine)} among ${grouped(myUnits)} ${units} of the candidate, ${grouped(all - mine)} among ${grouped(everything - myUnits)} of stable; harm is a rate above ×${harmMargin}`;
  }
  const name = id === LOSS_STREAM ? 'loss' : id;
  if (difference === null) return `${name}: no label has matured yet`;
  const { mean, lower, upper, units: n } = difference;
  const limit = limitsInWords({ safeMargin, harmMargin });
  return `${name}: ${sideInWords(mean)} per 1,000 ${units} than stable, for sure between ${sideInWords(lower)} and ${sideInWords(upper)} (${grouped(n)} matured); ${limit}`;
}
