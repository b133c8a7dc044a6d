import { beginSrDetector, isSrAlarm, logEValue, logESrm, updateSrDetector } from '../../src/domain/statistics/index.ts';
import type { Direction, SrDetectorState } from '../../src/domain/statistics/index.ts';
import { binomial, binomialDrawer } from '../../src/simulation/gate/random.ts';
import type { Random } from '../../src/simulation/gate/random.ts';

export interface TestSetting {
  direction: Direction;
  candidateRate: number;
  controlRate: number;
  k: number;
  margin: number;
  level: number;
  lookEvery: number;
  unitsMax: number;
}

/** Matched differences at the first look that rejects; null when none does. One test alone, without restarts. */
export function firstRejection(random: Random, o: TestSetting): number | null {
  const draw = binomialDrawer(o.k, o.controlRate);
  const counts = new Int32Array(2 * o.k + 1);
  const threshold = -Math.log(o.level);
  for (let units = o.lookEvery; units <= o.unitsMax; units += o.lookEvery) {
    for (let i = 0; i < o.lookEvery; i++) counts[(random() < o.candidateRate ? o.k : 0) - draw(random) + o.k]!++;
    const histogram: Array<[number, number, number]> = [];
    for (const [index, count] of counts.entries()) if (count > 0) histogram.push([index - o.k, o.k, count]);
    if (logEValue(histogram, o.margin, o.direction) >= threshold) return units;
  }
  return null;
}

/** Units until the sample-ratio test alarms at each level; null when it does not within the looks. */
export function sampleRatioAlarms(
  random: Random,
  o: { candidateShare: number; looks: number; unitsPerLook: number; levels: readonly number[] },
): Array<number | null> {
  const alarms: Array<number | null> = o.levels.map(() => null);
  let candidate = 0;
  for (let look = 1; look <= o.looks; look++) {
    candidate += binomial(random, o.unitsPerLook, o.candidateShare);
    const units = look * o.unitsPerLook;
    const ln = logESrm(new Map([[5000, [units - candidate, candidate]]]), 1000);
    for (const [i, level] of o.levels.entries()) if (ln >= -Math.log(level)) alarms[i] ??= units;
    if (alarms.every((alarm) => alarm !== null)) break;
  }
  return alarms;
}

const REFERENCE_RATE = 0.06;
/** Below the reference, as certified losses are: at the reference itself the statistic would have a start. */
const HEALTHY_RATE = 0.05;

/** Units from `healthy` on until the detector of 6 % alarms, with loss rate 5 % before and `rate` after; alarms before then are reset. */
export function detectorRun(
  random: Random,
  o: { threshold: number; rate: number; blockSize: number; healthy: number },
): number {
  const fresh = beginSrDetector({ mu0: REFERENCE_RATE, threshold: o.threshold });
  let state: SrDetectorState = fresh;
  for (let units = o.blockSize; ; units += o.blockSize) {
    const isHealthy = units <= o.healthy;
    const bad = binomial(random, o.blockSize, isHealthy ? HEALTHY_RATE : o.rate);
    state = updateSrDetector(state, [
      [0, o.blockSize - bad],
      [1, bad],
    ]);
    if (!isSrAlarm(state)) continue;
    if (!isHealthy) return units - o.healthy;
    state = fresh;
  }
}
