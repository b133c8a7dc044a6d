/**
 * What simpler rules would have done with the same candidates on the same log. Every candidate is compared with its stable on the requests
 * that both scored, from its first shadow to its outcome, day by day; beyond that nobody knows what it would have answered, and nothing
 * is counted. Pure; the rules and words are explained in docs/concepts/scoreboard.md.
 */
import { labelOf } from './measure.ts';
import type { Absence, MeasuredUnit, UnitLoss } from './measure.ts';

/** Sums over the requests of a span that both arms scored. */
export interface Comparison {
  readonly units: number;
  /** Of these, answered by the candidate. */
  readonly exposed: number;
  /** Of these, with a label; both losses are sums over them. */
  readonly labelled: number;
  readonly candidateLoss: number;
  readonly stableLoss: number;
}

export interface ComparedCandidate {
  readonly claim: 'improve' | 'not-worse';
  /** `open` while the rollout is under way. */
  readonly outcome: 'taken' | 'refused' | 'open';
  /** Days of its comparison in order, by labels of the whole attribution window. */
  readonly days: readonly Comparison[];
  /** The first of these days by the labels that had arrived at its end; null while it has not ended. */
  readonly firstLook: Comparison | null;
}

export interface Score {
  /** Predictions answered by a candidate on days on which it lost more than the margin against its stable. */
  readonly badPredictions: number;
  /** Candidates turned away although they kept their claim over all their days. */
  readonly goodRefused: number;
}

export interface Scoreboard {
  readonly holdfast: Score;
  /** One look after a day, at the labels so far: all or nothing, by the mean difference. */
  readonly threshold: Score;
  /** Every candidate serves everyone as soon as it is ready. */
  readonly calendar: Score;
  readonly candidates: number;
  readonly days: number;
}

/** Compares both arms on the requests of a span. */
export function compareArms(units: readonly MeasuredUnit[], loss: UnitLoss, absence: Absence): Comparison {
  const sums = { units: 0, exposed: 0, labelled: 0, candidateLoss: 0, stableLoss: 0 };
  for (const unit of units) {
    const { stable, candidate, served } = unit;
    if (stable === null || candidate === null) continue;
    sums.units += 1;
    if (served === 'candidate') sums.exposed += 1;
    const label = labelOf(unit, absence);
    if (label === null) continue;
    sums.labelled += 1;
    sums.candidateLoss += loss(candidate, label);
    sums.stableLoss += loss(stable, label);
  }
  return sums;
}

/** @param margin Loss of one unit, as a fraction: what a not-worse claim tolerates, and what makes a day bad */
export function scoreRules(candidates: readonly ComparedCandidate[], margin: number): Scoreboard {
  const compared = candidates.filter(({ days }) => days.length > 0);
  const total = (score: (candidate: ComparedCandidate) => Score): Score => {
    const scores = compared.map(score);
    return {
      badPredictions: scores.reduce((sum, { badPredictions }) => sum + badPredictions, 0),
      goodRefused: scores.reduce((sum, { goodRefused }) => sum + goodRefused, 0),
    };
  };
  return {
    holdfast: total((candidate) => ({
      badPredictions: badOf(candidate.days, margin, ({ exposed }) => exposed),
      goodRefused: candidate.outcome === 'refused' && isGood(candidate, margin) ? 1 : 0,
    })),
    threshold: total((candidate) => byThreshold(candidate, margin)),
    calendar: total(({ days }) => ({ badPredictions: badOf(days, margin, ({ units }) => units), goodRefused: 0 })),
    candidates: compared.length,
    days: compared.reduce((sum, { days }) => sum + days.length, 0),
  };
}

function byThreshold(candidate: ComparedCandidate, margin: number): Score {
  const { firstLook, days, outcome } = candidate;
  // Before its look the rule serves nobody, and without a label it does not look.
  if (firstLook === null || firstLook.labelled === 0) return { badPredictions: 0, goodRefused: 0 };
  if (difference(firstLook) <= tolerated(candidate, margin))
    return { badPredictions: badOf(days.slice(1), margin, ({ units }) => units), goodRefused: 0 };
  return { badPredictions: 0, goodRefused: outcome !== 'open' && isGood(candidate, margin) ? 1 : 0 };
}

function badOf(days: readonly Comparison[], margin: number, served: (day: Comparison) => number): number {
  return days.filter((day) => day.labelled > 0 && difference(day) > margin).reduce((sum, day) => sum + served(day), 0);
}

/** Over all its days together, once there is a label at all. */
function isGood(candidate: ComparedCandidate, margin: number): boolean {
  const whole = candidate.days.reduce(
    (sum, day) => ({
      labelled: sum.labelled + day.labelled,
      candidateLoss: sum.candidateLoss + day.candidateLoss,
      stableLoss: sum.stableLoss + day.stableLoss,
    }),
    { labelled: 0, candidateLoss: 0, stableLoss: 0 },
  );
  return whole.labelled > 0 && difference(whole) <= tolerated(candidate, margin);
}

/** An improvement has to be one; a not-worse claim has its margin. */
const tolerated = ({ claim }: ComparedCandidate, margin: number): number => (claim === 'improve' ? 0 : margin);

/** Mean loss of the candidate minus that of its stable. */
const difference = ({
  labelled,
  candidateLoss,
  stableLoss,
}: Pick<Comparison, 'labelled' | 'candidateLoss' | 'stableLoss'>): number => (candidateLoss - stableLoss) / labelled;
