/**
 * A past comparison judged by a policy, look by look, with all that a person needs to disagree: evidence, bounds, the split, and what
 * is missing for a verdict. The gate's own numbers, nothing recomputed in another way.
 */
import { histogramSize, planSampleSize } from '../statistics/index.ts';
import type {
  Cohort,
  DifferenceStreamPolicy,
  GateFinal,
  GatePolicy,
  GateState,
  LookRecord,
  StreamPolicy,
} from '../statistics/index.ts';
import { beginGate, joinByNumber } from '../statistics/gate.ts';
import { readCohort } from '../statistics/gate-cohort.ts';
import type { ReadCohort } from '../statistics/gate-cohort.ts';
import { planGate } from '../statistics/gate-plan.ts';
import type { GatePlan } from '../statistics/gate-plan.ts';
import { effectiveHarmMargin, effectiveSafeMargin } from '../statistics/gate-policy.ts';
import { GateRun } from '../statistics/gate-run.ts';
import { isoInstant } from '../time.ts';
import type { EpochMs } from '../time.ts';
import type { DifferenceFinding } from './difference-bounds.ts';
import { looksToShow } from './looks-shown.ts';
import type { LooksShown } from './looks-shown.ts';
import type { RatioFinding } from './ratio-bounds.ts';
import { StreamCourse } from './stream-course.ts';
import type { FormedCohort } from './unit-cohorts.ts';

/** Evidence for one verdict on one stream; natural logarithms, as the gate records them. */
export interface Evidence {
  /** Margin of a difference, or ratio of event rates. */
  readonly margin: number;
  readonly lnNeeded: number;
  readonly ln: number;
  /** Most so far; what a rollback is judged by. */
  readonly lnMax: number;
}

/** Matched differences still to come until the safe verdict, if all goes on as seen; null when it then never comes. */
export interface Forecast {
  readonly unitsMore: number | null;
  readonly unitsMoreP90: number | null;
}

export interface StreamFinding {
  readonly id: string;
  readonly kind: StreamPolicy['kind'];
  readonly isRequired: boolean;
  readonly harm: Evidence | null;
  readonly safe: Evidence | null;
  readonly difference: DifferenceFinding | null;
  readonly ratio: RatioFinding | null;
  readonly forecast: Forecast | null;
}

/** One look, with what was judged up to it. Bounds are those of looks that are shown, running over them. */
export interface LookView extends LookRecord {
  readonly until: string | null;
  readonly exposureBp: number;
  readonly units: Readonly<Record<string, number>>;
  readonly bounds: Readonly<Record<string, DifferenceFinding>> | null;
}

export interface SplitSegment {
  readonly exposureBp: number;
  readonly control: number;
  readonly candidate: number;
}

export interface Judgement {
  readonly decision: LookRecord['decision'] | null;
  readonly reasons: readonly string[];
  readonly terminal: GateFinal['terminal'];
  /** Steps passed, of so many. */
  readonly step: number;
  readonly steps: number;
  /** Delivered, judged or not. */
  readonly cohorts: number;
  /** The cohort that keeps the gate from those behind it; null where none does. */
  readonly awaits: { readonly cohort: number; readonly why: 'missing' | 'pending' } | null;
  readonly looks: readonly LookView[];
  readonly streams: readonly StreamFinding[];
  /** Differences over all cohorts, where some lie behind the end of the gate's run. */
  readonly beyond: Readonly<Record<string, DifferenceFinding>> | null;
  /** Evidence that the split is not the ordered one. */
  readonly split: {
    readonly ln: number;
    readonly lnMax: number;
    readonly lnNeeded: number;
    readonly segments: readonly SplitSegment[];
  };
  /** The step that the gate stands at against its floors: least of the required streams. */
  readonly floors: {
    readonly cohorts: number;
    readonly minCohorts: number;
    readonly units: number;
    readonly minUnits: number;
    readonly span: number;
    readonly minSpan: number;
  };
}

interface Run {
  readonly plan: GatePlan;
  /** Contiguous from 1; those behind the end of the run are not judged. */
  readonly cohorts: readonly ReadCohort[];
  /** Ends of the cohorts in event time; null where records say nothing of it. */
  readonly untils: readonly EpochMs[] | null;
  readonly decisions: readonly LookRecord[];
  readonly state: GateState;
}

/** Looks at cohort after cohort as long as the gate goes on; `placed` says for which step a cohort counts. */
function runGate(
  plan: GatePlan,
  cohorts: readonly ReadCohort[],
  placed: (cohort: ReadCohort, step: number) => ReadCohort,
): Pick<Run, 'plan' | 'cohorts' | 'decisions' | 'state'> {
  const run = new GateRun(plan, beginGate(plan.policy));
  const decisions: LookRecord[] = [];
  const judged: ReadCohort[] = [];
  let step = 0;
  for (const cohort of cohorts) {
    judged.push(placed(cohort, step));
    if (run.isOver || decisions.at(-1)?.reasons[0] === PENDING) continue;
    const look = run.look(judged.at(-1)!);
    decisions.push(look);
    if (look.decision === 'advance') step += 1;
  }
  return { plan, cohorts: judged, decisions, state: run.freeze() };
}

const PENDING = 'data-pending';

/**
 * Judges cohort records as they are, whatever their order, up to the first missing or pending one.
 * @throws StatisticsError conflicting-cohort and what else a policy or cohort is refused for
 */
export function judgeRecords(policy: GatePolicy, records: readonly Cohort[], shown: LooksShown): Judgement {
  const joined = joinByNumber(policy, records);
  const cohorts: ReadCohort[] = [];
  for (let cohort = joined.get(1); cohort !== undefined; cohort = joined.get(cohort.cohort + 1)) cohorts.push(cohort);
  const run = runGate(planGate(policy), cohorts, (cohort) => cohort);
  return judgementOf({ ...run, untils: null }, joined.size, shown);
}

/**
 * Judges a formed past by a ladder that it did not follow: a cohort counts for the step the gate stands at once its exposure is that of
 * the step or more.
 * @throws StatisticsError for a policy that is none
 */
export function judgePast(policy: GatePolicy, past: readonly FormedCohort[], shown: LooksShown): Judgement {
  const reads = past.map(({ record }) => readCohort(policy, record));
  const run = runGate(planGate(policy), reads, (cohort, step) => ({
    ...cohort,
    step: Math.min(step, stepOfExposure(policy, cohort.exposureBp)),
  }));
  return judgementOf({ ...run, untils: past.map(({ until }) => until) }, past.length, shown);
}

/** Measured shares scatter around the ordered one. */
const MEASURED_SLACK = 1.1;

/** Last step whose exposure is reached; the first where none is. */
function stepOfExposure({ steps }: GatePolicy, exposureBp: number): number {
  return Math.max(
    0,
    steps.findLastIndex((step) => step.exposureBp <= exposureBp * MEASURED_SLACK),
  );
}

function judgementOf(run: Run, delivered: number, shown: LooksShown): Judgement {
  const { plan, cohorts, decisions, state } = run;
  const courses = plan.streams.map((stream) => new StreamCourse(plan, stream));
  const looks = looksOf(run, courses, new Set(looksToShow(decisions, shown)));
  const last = looks.findLast(({ streams }) => streams !== undefined) ?? null;
  const atStep = Math.min(state.step, plan.policy.steps.length - 1);
  const streams = courses.map((course) => findingOf(course, run, last, atStep));
  return {
    decision: looks.at(-1)?.decision ?? null,
    reasons: looks.at(-1)?.reasons ?? [],
    terminal: state.terminal,
    step: state.step,
    steps: plan.policy.steps.length,
    cohorts: delivered,
    awaits: awaitedOf(run, delivered),
    looks,
    streams,
    beyond: state.terminal !== null && looks.length < cohorts.length ? beyondOf(courses, cohorts) : null,
    split: {
      ln: last?.lnSrm ?? 0,
      lnMax: last?.lnSrmMax ?? 0,
      lnNeeded: plan.srmAt,
      segments: segmentsOf(cohorts.slice(0, looks.length)),
    },
    floors: floorsOf(plan, state, atStep),
  };
}

function looksOf(
  { cohorts, untils, decisions }: Run,
  courses: readonly StreamCourse[],
  shown: ReadonlySet<number>,
): LookView[] {
  return decisions.map((look, index) => {
    const judgedTo = look.streams === undefined ? look.cohort - 1 : look.cohort;
    for (const course of courses) course.advanceTo(look.prefixes?.[course.id] ?? judgedTo, cohorts);
    return {
      ...look,
      until: untils === null ? null : isoInstant(untils[index]!),
      exposureBp: cohorts[index]!.exposureBp,
      units: Object.fromEntries(courses.map(({ id, units }) => [id, units])),
      bounds: shown.has(index) ? differencesOf(courses) : null,
    };
  });
}

function differencesOf(courses: readonly StreamCourse[]): Record<string, DifferenceFinding> {
  return Object.fromEntries(
    courses.flatMap((course) => {
      const difference = course.difference();
      return difference === null ? [] : [[course.id, difference]];
    }),
  );
}

function findingOf(course: StreamCourse, { plan }: Run, last: LookView | null, step: number): StreamFinding {
  const { policy, isRequired, rollbackAt, safeAt } = course.plan;
  const seen = last?.streams?.[course.id] ?? { lnHarm: 0, lnHarmMax: 0, lnSafe: 0 };
  const margins = marginsOf(policy, plan.policy, step);
  const safe =
    margins.safe === null
      ? null
      : { margin: margins.safe, lnNeeded: safeAt, ln: seen.lnSafe ?? 0, lnMax: seen.lnSafe ?? 0 };
  return {
    id: course.id,
    kind: policy.kind,
    isRequired,
    harm:
      policy.weight === 0
        ? null
        : { margin: margins.harm, lnNeeded: rollbackAt, ln: seen.lnHarm, lnMax: seen.lnHarmMax },
    safe,
    difference: course.difference(),
    ratio: course.ratio(),
    forecast: policy.kind === 'difference' && safe !== null ? forecastOf(course, safe, policy) : null,
  };
}

/** Margins as declared: what the gate tests is shifted by half a quantum where differences are rounded. */
function marginsOf(stream: StreamPolicy, policy: GatePolicy, step: number): { harm: number; safe: number | null } {
  if (stream.kind === 'count') return { harm: stream.harmRatio, safe: stream.safeRatio };
  const effective = effectiveSafeMargin(policy, stream, step);
  const shift = effectiveHarmMargin(stream) - stream.harmMargin;
  return { harm: stream.harmMargin, safe: effective === null ? null : effective + shift };
}

/** What is still to come until the certificate, if differences go on as they were; null where it is there or nothing was matched. */
function forecastOf(
  course: StreamCourse,
  { margin, lnNeeded, ln }: Evidence,
  stream: DifferenceStreamPolicy,
): Forecast | null {
  const histogram = course.histogram();
  const units = histogramSize(histogram);
  if (ln >= lnNeeded || units === 0) return null;
  const plan = planSampleSize({
    values: histogram.map(([num, den]) => num / den),
    probs: histogram.map(([, , count]) => count / units),
    margin: margin - (effectiveHarmMargin(stream) - stream.harmMargin),
    direction: 'safe',
    level: Math.exp(-lnNeeded),
  });
  const more = (n: number | null) => (n === null ? null : Math.max(1, n - units));
  return { unitsMore: more(plan.nGrowth), unitsMoreP90: more(plan.n90) };
}

/** All cohorts, those behind the gate's end included: what the whole past says. */
function beyondOf(courses: readonly StreamCourse[], cohorts: readonly ReadCohort[]): Record<string, DifferenceFinding> {
  for (const course of courses) course.advanceTo(cohorts.length, cohorts);
  return differencesOf(courses);
}

function segmentsOf(cohorts: readonly ReadCohort[]): SplitSegment[] {
  const segments = new Map<number, { control: number; candidate: number }>();
  for (const { exposureBp, assigned, status } of cohorts) {
    if (status !== 'ok') continue;
    const { control, candidate } = segments.get(exposureBp) ?? { control: 0, candidate: 0 };
    segments.set(exposureBp, { control: control + assigned.control, candidate: candidate + assigned.candidate });
  }
  return Array.from(segments, ([exposureBp, assigned]) => ({ exposureBp, ...assigned }));
}

function awaitedOf({ cohorts, decisions, state }: Run, delivered: number): Judgement['awaits'] {
  if (state.terminal !== null) return null;
  if (decisions.at(-1)?.reasons[0] === PENDING && cohorts[decisions.length - 1]?.status === 'pending')
    return { cohort: decisions.length, why: 'pending' };
  return delivered > cohorts.length ? { cohort: cohorts.length + 1, why: 'missing' } : null;
}

function floorsOf({ policy, streams }: GatePlan, state: GateState, step: number): Judgement['floors'] {
  const { minCohorts, minUnits, minSpan = 0 } = policy.steps[step]!;
  const required = streams.filter(({ isRequired }) => isRequired);
  const counted = required.map(({ policy: { id, floor }, lag }) => {
    const progress = state.progress.streams[id]!;
    return (floor ?? (lag <= minCohorts ? 'step' : 'rollout')) === 'step' ? progress.inStep : progress.inRollout;
  });
  return {
    cohorts: state.progress.cohortsInStep,
    minCohorts,
    units: leastOf(counted.map(([units]) => units)),
    minUnits,
    span: leastOf(counted.map(([, cohorts]) => cohorts)),
    minSpan,
  };
}

const leastOf = (counts: readonly number[]): number => (counts.length === 0 ? 0 : Math.min(...counts));
