/** What monitoring reads from the request log, reduced to what objectives and people need. Read outside any transaction. */
import { certifiedLoss } from '../../domain/monitoring/loss-shift.ts';
import { driftHint } from '../../domain/monitoring/drift-hint.ts';
import type { DriftHint } from '../../domain/monitoring/drift-hint.ts';
import { measurePerformance, asStableWouldHaveServed, labelledUnits } from '../../domain/monitoring/performance.ts';
import type { LabelledUnit, Performance, ServedUnit } from '../../domain/monitoring/performance.ts';
import { dominantSlice, sliceCondition, worstSlices } from '../../domain/monitoring/triage.ts';
import type { SliceFinding, WithInputs } from '../../domain/monitoring/triage.ts';
import { rocAuc } from '../../domain/statistics/index.ts';
import { cohortStart, DAY_MS, epochMs } from '../../domain/time.ts';
import { keepAlive } from '../keep-alive.ts';
import type { ModelContext } from '../model-context.ts';
import type { ActivityPorts } from '../ports.ts';

export interface FeatureAge {
  readonly bundle: string;
  /** Age of the oldest state this bundle answered with, milliseconds. */
  readonly ageMs: number;
  /** Event time through which that state knew outcomes, epoch milliseconds. */
  readonly through: number;
}

export interface CohortMeasure {
  readonly ages: readonly FeatureAge[];
}

export interface DayReading extends CohortMeasure {
  readonly performance: Performance;
  readonly auc: number | null;
}

export interface Triage {
  readonly slices: readonly SliceFinding[];
  readonly dominant: SliceFinding | null;
  readonly where: string;
  readonly drift: DriftHint | null;
}

type Certified = ReturnType<typeof certifiedLoss>;

/** Something a look found that it needs to know before it can go on. */
export type Question =
  | { readonly kind: 'cohort'; readonly cohort: number }
  | { readonly kind: 'day'; readonly day: string; readonly as: 'served' | 'stable' }
  | { readonly kind: 'reference'; readonly bundle: string; readonly from: number; readonly to: number }
  | { readonly kind: 'triage'; readonly days: readonly string[]; readonly against: 'constant' | 'label' };

/** Answers of one activity call; a look that misses one asks for it and is repeated. */
export class Answers {
  readonly #known = new Map<string, unknown>();
  readonly #ports: Pick<ActivityPorts, 'requestLog'>;

  constructor(ports: Pick<ActivityPorts, 'requestLog'>) {
    this.#ports = ports;
  }

  cohort(cohort: number): CohortMeasure | null {
    return this.#of({ kind: 'cohort', cohort }) as CohortMeasure | null;
  }

  day(day: string, as: 'served' | 'stable'): DayReading | null {
    return this.#of({ kind: 'day', day, as }) as DayReading | null;
  }

  triage(days: readonly string[], against: 'constant' | 'label'): Triage | null {
    return this.#of({ kind: 'triage', days, against }) as Triage | null;
  }

  /** @param span Event times of the rollout that certified the bundle */
  reference(bundle: string, { from, to }: { readonly from: number; readonly to: number }): Certified | null {
    return this.#of({ kind: 'reference', bundle, from, to }) as Certified | null;
  }

  async find(context: ModelContext, question: Question): Promise<void> {
    const answer = await keepAlive(() => measure(this.#ports, context, question));
    this.#known.set(JSON.stringify(question), answer);
  }

  #of(question: Question): unknown {
    return this.#known.get(JSON.stringify(question)) ?? null;
  }
}

function measure(
  ports: Pick<ActivityPorts, 'requestLog'>,
  context: ModelContext,
  question: Question,
): Promise<CohortMeasure | DayReading | Triage | Certified> {
  switch (question.kind) {
    case 'cohort':
      return measureCohort(ports, context, question.cohort);
    case 'day':
      return measureDay(ports, context, question.day, question.as);
    case 'reference':
      return measureReference(ports, context, question);
    case 'triage':
      return triage(ports, context, question.days, question.against);
    default:
      return question satisfies never;
  }
}

async function measureCohort(
  { requestLog }: Pick<ActivityPorts, 'requestLog'>,
  { declaration, calendar }: ModelContext,
  cohort: number,
): Promise<CohortMeasure> {
  const from = cohortStart(calendar, cohort);
  const to = from + calendar.lengthMs;
  const units = await requestLog.readUnits({ model: declaration.model, from, to, asOf: to });
  return { ages: agesByBundle(units, calendar.origin) };
}

/** Units of one UTC day with the labels that were known when it had matured. */
async function dayUnits(
  { requestLog }: Pick<ActivityPorts, 'requestLog'>,
  { declaration, windowMs }: ModelContext,
  day: string,
): Promise<ServedUnit[]> {
  const from = epochMs(day);
  const to = from + DAY_MS;
  const units = await requestLog.readUnits({ model: declaration.model, from, to, asOf: to + windowMs });
  const whenAbsent = declaration.label.absence === 'zero' ? 0 : null;
  return units.map((unit) => (unit.outcomeKnown ? unit : { ...unit, label: whenAbsent }));
}

async function measureDay(
  ports: Pick<ActivityPorts, 'requestLog'>,
  context: ModelContext,
  day: string,
  as: 'served' | 'stable',
): Promise<DayReading> {
  const logged = await dayUnits(ports, context, day);
  const units = as === 'served' ? logged : asStableWouldHaveServed(logged);
  const labelled = labelledUnits(units);
  return {
    performance: measurePerformance(units, context.loss, context.declaration.fallback.constant),
    auc: context.declaration.task === 'binary' && labelled.length > 0 ? aucOf(labelled) : null,
    ages: agesByBundle(units, context.calendar.origin),
  };
}

/** Loss of a candidate in its rollout, day by day, with the labels that were known when each day had matured. */
async function measureReference(
  { requestLog }: Pick<ActivityPorts, 'requestLog'>,
  { declaration, windowMs, loss }: ModelContext,
  { bundle, from, to }: Extract<Question, { kind: 'reference' }>,
): Promise<Certified> {
  const { model, label } = declaration;
  const losses: number[] = [];
  for (let at = from; at < to; at += DAY_MS) {
    const until = Math.min(at + DAY_MS, to);
    for (const unit of await requestLog.readUnits({ model, from: at, to: until, asOf: until + windowMs })) {
      // Where acting on a prediction changes the outcome, only who was really served by the candidate says what it costs.
      const counts = unit.candidateBundle === bundle && (!label.affectsLabel || unit.served === 'candidate');
      const outcome = unit.label ?? (label.absence === 'zero' && !unit.outcomeKnown ? 0 : null);
      if (counts && unit.candidate !== null && outcome !== null) losses.push(loss(unit.candidate, outcome));
    }
  }
  return certifiedLoss(losses);
}

function aucOf(labelled: readonly LabelledUnit[]): number | null {
  return rocAuc(
    labelled.map(({ label }) => label),
    labelled.map(({ prediction }) => prediction),
  );
}

async function triage(
  ports: Pick<ActivityPorts, 'requestLog'>,
  context: ModelContext,
  days: readonly string[],
  against: 'constant' | 'label',
): Promise<Triage> {
  const units: Array<LabelledUnit & WithInputs> = [];
  for (const day of days) units.push(...(await withInputs(ports, context, day)));
  const { features, fallback } = context.declaration;
  const inputs = features.flatMap((feature) => (feature.kind === 'outcomeRate' ? [] : [feature]));
  const categorical = inputs.flatMap(({ kind, input }) => (kind === 'categorical' ? [input] : []));
  const overall = units.reduce((sum, { prediction, label }) => sum + prediction - label, 0);
  const excess =
    against === 'constant'
      ? ({ prediction, label }: LabelledUnit) =>
          context.loss(prediction, label) - context.loss(fallback.constant, label)
      : ({ prediction, label }: LabelledUnit) => Math.sign(overall) * (prediction - label);
  const slices = worstSlices(units, [...new Set(categorical)], excess);
  const dominant = dominantSlice(slices);
  const drift = driftHint(await unitsBefore(ports, context, days), units, inputs);
  return { slices, dominant, where: sliceCondition(dominant), drift };
}

/** As many days as are affected, right before them. */
async function unitsBefore(
  { requestLog }: Pick<ActivityPorts, 'requestLog'>,
  { declaration }: ModelContext,
  days: readonly string[],
): Promise<readonly WithInputs[]> {
  const to = epochMs(days[0] ?? declaration.source.backfillUntil);
  return requestLog.readPredictions({ model: declaration.model, from: to - days.length * DAY_MS, to });
}

async function withInputs(
  ports: Pick<ActivityPorts, 'requestLog'>,
  context: ModelContext,
  day: string,
): Promise<Array<LabelledUnit & WithInputs>> {
  const { model } = context.declaration;
  const from = epochMs(day);
  const predictions = await ports.requestLog.readPredictions({ model, from, to: from + DAY_MS });
  const inputs = new Map(predictions.map((prediction) => [prediction.requestId, prediction.inputs]));
  const units = labelledUnits(await dayUnits(ports, context, day));
  return units.map((unit) => ({ ...unit, inputs: inputs.get(unit.requestId) ?? {} }));
}

/** @param since start of the traffic: a gateway that knows no outcome at all has known none since then */
function agesByBundle(
  units: readonly Pick<ServedUnit, 'bundle' | 'at' | 'freshThrough'>[],
  since: number,
): FeatureAge[] {
  const oldest = new Map<string, FeatureAge>();
  for (const { bundle, at, freshThrough } of units) {
    const through = freshThrough ?? since;
    const ageMs = Math.max(0, at - through);
    const known = oldest.get(bundle);
    if (known === undefined || ageMs > known.ageMs) oldest.set(bundle, { bundle, ageMs, through });
  }
  return [...oldest.values()].sort((a, b) => (a.bundle < b.bundle ? -1 : 1));
}
