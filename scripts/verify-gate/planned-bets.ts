/**
 * A proposed change of the gate's bets (docs/decisions/0008-plan-the-bets.md), measured here beside the specified ones; the product
 * does not use it.
 *
 * The specified mixture puts equal weight on 24 fractions, whatever the policy says. A policy with a harm budget says much: the margin of
 * every step, the block size of every exposure, and, with a planned loss, how much a difference varies. A planned bet takes the fraction
 * that grows fastest in the case it is made for; a share of the weight stays on the grid, for plans that are wrong.
 *
 * No guarantee needs the plan to be right. Fractions are fixed before the outcomes, so each product is a supermartingale under its
 * null, as before. The safe process of one step may differ from that of another: margins fall from step to step, so the first wrong
 * advance of a rollout can only be at the first step whose margin the candidate reaches, and one β covers all steps.
 */
import { stake } from '../../src/domain/statistics/betting-martingale.ts';
import { differenceDistribution, etaGrid } from '../../src/domain/statistics/index.ts';
import type { DiffHistogram, Direction } from '../../src/domain/statistics/index.ts';
import { logSumExp } from '../../src/domain/statistics/log-sum-exp.ts';
import { turningPoint } from '../../src/domain/statistics/monotone-root.ts';
import { beginOutcome } from '../../src/simulation/gate/rollout.ts';
import type { RolloutOutcome } from '../../src/simulation/gate/rollout.ts';
import { candidateUnits, matchedDifferences } from '../../src/simulation/gate/world.ts';
import type { OutcomeStream } from '../../src/simulation/gate/world.ts';

const MATCH_MAX = 20;
const BP_WHOLE = 10_000;
/** Of the specified grid: each factor stays at least 0.05. */
const FRACTION_MAX = 0.95;
/** Weight left on the specified grid. */
const GRID_SHARE = { harm: 0.1, safe: 0.2 };
/** Harm is planned for excesses of the budget, from the smallest that full exposure must not have to what one cohort shows. */
const BUDGET_MULTIPLES = [2, 4, 8, 16];

/** One term of a mixture. */
export interface Bet {
  weight: number;
  /** η of a difference, by the step at which it was observed. */
  fractions: readonly number[];
}

export interface PlannedGate {
  exposuresBp: readonly number[];
  harm: readonly Bet[];
  /** By step, with its margin. */
  safe: ReadonlyArray<{ margin: number; bets: readonly Bet[] }>;
}

/** η in [0, 0.95] at which the expected ln factor is largest for losses of these rates in blocks of 1 to k. */
export function growthOptimalFraction(
  rates: { candidate: number; control: number },
  k: number,
  margin: number,
  direction: Direction,
): number {
  const { values, probs } = differenceDistribution(rates.candidate, rates.control, k);
  const stakes = values.map((value) => stake(value, margin, direction));
  const slope = (eta: number) => stakes.reduce((sum, x, i) => sum + (probs[i]! * x) / (1 + eta * x), 0);
  return slope(FRACTION_MAX) >= 0 ? FRACTION_MAX : turningPoint(0, FRACTION_MAX, (eta) => slope(eta) < 0);
}

function gridBets(share: number, steps: number): Bet[] {
  const etas = etaGrid();
  return [...etas].map((eta) => ({ weight: share / etas.length, fractions: Array.from({ length: steps }, () => eta) }));
}

/**
 * The bets of a ladder up to 50 %, fixed before the rollout.
 *
 * @param o.plannedLoss loss rate of the control that is expected, from history
 */
export function planBets(o: { exposuresBp: readonly number[]; harmBudget: number; plannedLoss: number }): PlannedGate {
  const { exposuresBp, harmBudget, plannedLoss } = o;
  const sizes = exposuresBp.map((bp) => Math.min(MATCH_MAX, Math.floor((BP_WHOLE - bp) / bp)));
  const harm = BUDGET_MULTIPLES.map((multiple): Bet => {
    const rates = { candidate: plannedLoss + multiple * harmBudget, control: plannedLoss };
    return {
      weight: (1 - GRID_SHARE.harm) / BUDGET_MULTIPLES.length,
      fractions: sizes.map((k) => growthOptimalFraction(rates, k, 0, 'harm')),
    };
  });
  const equal = { candidate: plannedLoss, control: plannedLoss };
  const safe = exposuresBp.map((_, step) => {
    const margin = Math.min(harmBudget / ((exposuresBp[step + 1] ?? BP_WHOLE) / BP_WHOLE), 0.5);
    const fractions = sizes.map((k) => growthOptimalFraction(equal, k, margin, 'safe'));
    return {
      margin,
      bets: [{ weight: 1 - GRID_SHARE.safe, fractions }, ...gridBets(GRID_SHARE.safe, exposuresBp.length)],
    };
  });
  return { exposuresBp, harm: [...harm, ...gridBets(GRID_SHARE.harm, exposuresBp.length)], safe };
}

/** A mixture of bets in motion: ln of each product, and of their weighted mean. */
export class MixtureOfBets {
  private readonly bets: readonly Bet[];
  private readonly margin: number;
  private readonly direction: Direction;
  private readonly sums: Float64Array;
  private readonly rows: Array<Map<number, Float64Array>> = [];

  constructor(bets: readonly Bet[], margin: number, direction: Direction) {
    this.bets = bets;
    this.margin = margin;
    this.direction = direction;
    this.sums = Float64Array.from(bets, ({ weight }) => Math.log(weight));
  }

  private row(step: number, value: number): Float64Array {
    const rows = (this.rows[step] ??= new Map());
    const known = rows.get(value);
    if (known !== undefined) return known;
    const x = stake(value, this.margin, this.direction);
    const row = Float64Array.from(this.bets, ({ fractions }) => Math.log1p(fractions[step]! * x));
    rows.set(value, row);
    return row;
  }

  add(step: number, histogram: DiffHistogram): void {
    for (const [num, den, count] of histogram) {
      const row = this.row(step, num / den);
      for (let i = 0; i < row.length; i++) this.sums[i]! += count * row[i]!;
    }
  }

  ln(): number {
    return logSumExp(this.sums);
  }
}

const LN_ROLLBACK = -Math.log(0.05);
const LN_HOLD = -Math.log(0.2);
const LN_SAFE = -Math.log(0.05);

/** Runs one rollout by planned bets: rollback, hold and advance in the gate's order. Without harm test, only the safe tests act. */
export function simulatePlanned(
  stream: OutcomeStream,
  plan: PlannedGate,
  o: { horizon: number; judgesHarm: boolean },
): RolloutOutcome & { step: number } {
  const harm = new MixtureOfBets(plan.harm, 0, 'harm');
  const safe = plan.safe.map(({ margin, bets }) => new MixtureOfBets(bets, margin, 'safe'));
  const outcome = beginOutcome();
  let step = 0;
  while (outcome.cohorts < o.horizon) {
    outcome.cohorts++;
    const exposureBp = plan.exposuresBp[step]!;
    outcome.served += candidateUnits(stream.world.unitsPerCohort, exposureBp);
    const histogram = matchedDifferences(stream.losses(outcome.cohorts), exposureBp);
    harm.add(step, histogram);
    for (const process of safe.slice(step)) process.add(step, histogram);
    const lnHarm = o.judgesHarm ? harm.ln() : -Infinity;
    if (lnHarm >= LN_ROLLBACK) return { ...outcome, terminal: 'rolled-back', step };
    if (lnHarm >= LN_HOLD) outcome.isEverHeld = true;
    else if (safe[step]!.ln() >= LN_SAFE) {
      outcome.hasAdvanced = true;
      step++;
      if (step === plan.exposuresBp.length) return { ...outcome, terminal: 'promoted', step };
    }
  }
  return { ...outcome, step };
}
