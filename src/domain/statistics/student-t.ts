import { betaTails, logLeadingTerm } from './incomplete-beta.ts';
import { requireDegrees } from './incomplete-gamma.ts';
import { turningPoint } from './monotone-root.ts';
import { requireArgument } from './statistics-error.ts';

const LOG_MIN = -745;
const LOG_MAX = 709;
/** Beyond this t² overflows, and only the leading term of the tail is left. */
const T_FAR = 1e150;
/** Above it a quantile is solved for the mass between 0 and t, whose difference from ½ is exact. */
const TAIL_CENTRAL = 0.25;

/** P(T > t) and P(0 < T ≤ t) for t ≥ 0, neither lost in the other. */
function halves(t: number, df: number): { tail: number; centre: number } {
  if (t > T_FAR) {
    const tail = 0.5 * Math.exp(logLeadingTerm(df / 2, 0.5, Math.log(df) - 2 * Math.log(t)));
    return { tail, centre: 0.5 - tail };
  }
  const { lower, upper } = betaTails(df / 2, 0.5, df / (df + t * t), (t * t) / (df + t * t));
  return { tail: 0.5 * lower, centre: 0.5 * upper };
}

/**
 * P(T > t) for Student's T with df degrees of freedom, the tail computed directly.
 *
 * @throws STAT_INPUT_INVALID. Source: DLMF 8.17 through the beta distribution; vectors `distributions.json`.
 */
export function studentTSf(t: number, df: number): number {
  requireArgument(t >= -Infinity, 't', t, 'a number');
  requireDegrees(df);
  const { tail } = halves(Math.abs(t), df);
  return t >= 0 ? tail : 1 - tail;
}

/** P(T ≤ t) for Student's T with df degrees of freedom. Source and errors as of `studentTSf`. */
export function studentTCdf(t: number, df: number): number {
  return studentTSf(-t, df);
}

/**
 * t with P(T ≤ t) = p for Student's T with df degrees of freedom; ∓∞ at p = 0 and 1.
 *
 * @throws STAT_INPUT_INVALID. Source: inversion of `studentTSf`; vectors `distributions.json`.
 */
export function studentTQuantile(p: number, df: number): number {
  requireArgument(p >= 0 && p <= 1, 'p', p, 'a probability from 0 to 1');
  requireDegrees(df);
  if (p === 0.5) return 0;
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  const tail = p < 0.5 ? p : 1 - p;
  const isBeyond =
    tail > TAIL_CENTRAL
      ? (t: number) => halves(t, df).centre >= Math.abs(p - 0.5)
      : (t: number) => halves(t, df).tail <= tail;
  const t = Math.exp(turningPoint(LOG_MIN, LOG_MAX, (logT) => isBeyond(Math.exp(logT))));
  return p < 0.5 ? -t : t;
}

/**
 * P(F > x) for Fisher's F with dfn and dfd degrees of freedom, the tail computed directly; 1 up to 0.
 *
 * @throws STAT_INPUT_INVALID. Source: DLMF 8.17 through the beta distribution; vectors `distributions.json`.
 */
export function fSf(x: number, dfn: number, dfd: number): number {
  requireArgument(x >= -Infinity, 'x of the F distribution', x, 'a number');
  requireDegrees(dfn, 'dfn');
  requireDegrees(dfd, 'dfd');
  if (x <= 0) return 1;
  const total = dfd + dfn * x;
  if (total === Infinity)
    return Math.exp(logLeadingTerm(dfd / 2, dfn / 2, Math.log(dfd) - Math.log(dfn) - Math.log(x)));
  return betaTails(dfd / 2, dfn / 2, dfd / total, (dfn * x) / total).lower;
}
