const ITERATIONS_MAX = 100;
const HALVINGS_MAX = 40;
const STEP_MIN = 1e-12;
/** Coefficients beyond this mean that the classes are separated: the likelihood has no maximum. */
const COEFFICIENT_MAX = 1e4;

/** How far probabilities are from meaning what they say; all three on the logit scale. */
export interface Calibration {
  /** Logistic regression of the outcome on logit p: 0 and 1 when calibrated. */
  intercept: number;
  slope: number;
  /** Intercept with the slope fixed to 1: calibration in the large. */
  interceptInTheLarge: number;
}

type Coefficients = readonly [intercept: number, slope: number];

/** Mean ln likelihood, ln(1 + e^{−|t|}) taken on the side that cannot overflow. */
function logLikelihood(y: ArrayLike<number>, logits: Float64Array, [intercept, slope]: Coefficients): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const t = intercept + slope * logits[i]!;
    sum -= Math.log1p(Math.exp(-Math.abs(t))) + Math.max(y[i] === 1 ? -t : t, 0);
  }
  return sum;
}

/** Newton's step for the intercept, and for the slope unless that is fixed to 1. */
function newtonStep(
  y: ArrayLike<number>,
  logits: Float64Array,
  [intercept, slope]: Coefficients,
  isSlopeFree: boolean,
): Coefficients {
  let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!;
    const fitted = 1 / (1 + Math.exp(-(intercept + slope * x)));
    const residual = y[i]! - fitted;
    const weight = fitted * (1 - fitted);
    g0 += residual;
    g1 += residual * x;
    h00 += weight;
    h01 += weight * x;
    h11 += weight * x * x;
  }
  if (!isSlopeFree) return [g0 / h00, 0];
  const determinant = h00 * h11 - h01 * h01;
  return [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
}

/** Newton's method, each step halved until the likelihood does not fall; null when it does not settle. */
function fit(y: ArrayLike<number>, logits: Float64Array, isSlopeFree: boolean): Coefficients | null {
  let at: Coefficients = [0, 1];
  let likelihood = logLikelihood(y, logits, at);
  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
    const step = newtonStep(y, logits, at, isSlopeFree);
    if (!Number.isFinite(step[0]) || !Number.isFinite(step[1])) return null;
    let share = 1;
    let next = at;
    for (let halving = 0; halving < HALVINGS_MAX; halving++, share /= 2) {
      const tried: Coefficients = [at[0] + share * step[0], at[1] + share * step[1]];
      const reached = logLikelihood(y, logits, tried);
      if (!(reached >= likelihood)) continue;
      [next, likelihood] = [tried, reached];
      break;
    }
    const moved = Math.abs(next[0] - at[0]) + Math.abs(next[1] - at[1]);
    at = next;
    if (!(Math.abs(at[0]) + Math.abs(at[1]) < COEFFICIENT_MAX)) return null;
    if (moved < STEP_MIN * (1 + Math.abs(at[0]) + Math.abs(at[1]))) return at;
  }
  return null;
}

/** The fit stands on less information than this when every fitted probability is 0 or 1 to rounding. */
const INFORMATION_MIN = 1e-9;

function hasInformation(logits: Float64Array, [intercept, slope]: Coefficients): boolean {
  let information = 0;
  for (const x of logits) information += Math.exp(-Math.abs(intercept + slope * x));
  return information > INFORMATION_MIN;
}

/**
 * Calibration intercept and slope of probabilities strictly inside (0, 1).
 *
 * @returns null with one class only, a probability of 0 or 1, a single distinct probability, or separated classes
 * Source: Cox 1958, unpenalised maximum likelihood; vectors `classification.json` (GLM reference).
 */
export function calibrationOf(y: ArrayLike<number>, p: ArrayLike<number>): Calibration | null {
  const logits = Float64Array.from(p, (value) => Math.log(value) - Math.log1p(-value));
  const positives = Array.prototype.reduce.call(y, (sum, value) => (sum as number) + (value as number), 0) as number;
  if (positives === 0 || positives === y.length || !logits.every(Number.isFinite)) return null;
  if (logits.every((value) => value === logits[0])) return null;
  const free = fit(y, logits, true);
  const inTheLarge = fit(y, logits, false);
  if (free === null || inTheLarge === null || !hasInformation(logits, free)) return null;
  return { intercept: free[0], slope: free[1], interceptInTheLarge: inTheLarge[0] };
}
