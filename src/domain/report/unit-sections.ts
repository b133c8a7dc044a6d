/** Units: how many were assigned and have matured, to which arm, and what the bundles answered for them. */
import { grouped } from '../aligned-table.ts';
import { LOSS_STREAM } from '../rollout/gate-runs.ts';
import type { LookBasis } from '../rollout/looks.ts';
import { QUANTUM } from '../rollout/measure.ts';
import type { RecordedEvidence } from '../rollout/recorded-chain.ts';
import { labelLagOf } from '../rollout/recorded-policy.ts';
import { mergeTallies, SCORE_BINS } from '../rollout/score-tally.ts';
import type { ScoreBin, ScoreTally } from '../rollout/score-tally.ts';
import { exposureInWords } from '../rollout/words.ts';
import { durationMs, lengthInWords } from '../time.ts';
import type { RunSeen } from './course.ts';
import { basisOf, shownFactor, stepName } from './evidence-sections.ts';
import type { Told } from './evidence-sections.ts';
import { decisionsOf } from './material.ts';
import type { ChainedDecision, RolloutMaterial } from './material.ts';
import { instant, number, PER_THOUSAND, text } from './report.ts';
import type { Cell, Layer, Section, Tone } from './report.ts';

const ROWS_MAX = 60;
const BP = 10_000;

interface Gathered {
  readonly at: string;
  readonly assigned: number;
  readonly matured: number;
}

/** Units assigned and matured, look by look, over the whole rollout. */
function gathered({ recorded }: RolloutMaterial, looks: readonly ChainedDecision[]): Gathered[] {
  let [assigned, matured] = [0, 0];
  return looks.map(({ basis, eventTime }) => {
    for (const units of assignedAt(basis!).values()) assigned += units;
    for (const { units } of lossesAt(recorded, basis!)) matured += units;
    return { at: eventTime, assigned, matured };
  });
}

/** Units that a look learned of, by the cohort they came in. */
function assignedAt({ cohort, assigned, assignedLater = [] }: LookBasis): Map<number, number> {
  const units = new Map([[cohort, assigned.control + assigned.candidate]]);
  for (const { cohort: earlier, control, candidate } of assignedLater)
    units.set(earlier, (units.get(earlier) ?? 0) + control + candidate);
  return units;
}

/** Evidence on the loss that came with a look. */
function lossesAt(
  { evidence }: RolloutMaterial['recorded'],
  { batches }: LookBasis,
): Array<{ cohort: number; units: number }> {
  return batches.flatMap((batchId) => {
    const batch: (RecordedEvidence & { readonly units?: number }) | undefined = evidence.get(batchId);
    return batch?.stream === LOSS_STREAM ? [{ cohort: batch.cohort, units: batch.units ?? 0 }] : [];
  });
}

/** Units without a matured label, by what became of it. */
interface Unlabelled {
  notDue: number;
  /** Their run ended before their labels were due, and nobody judges them any more. */
  left: number;
  overdue: number;
  /** Their cohort's evidence has come without them. */
  without: number;
}

function unlabelledOf(told: Told, material: RolloutMaterial): Unlabelled {
  const looks = decisionsOf(material).filter(({ basis }) => basis !== null);
  const lag = labelLagOf(told.policy);
  const counts: Unlabelled = { notDue: 0, left: 0, overdue: 0, without: 0 };
  const newest = looks.at(-1)?.run;
  for (const run of new Set(looks.map((look) => look.run))) {
    const bases = looks.filter((look) => look.run === run).map(({ basis }) => basis!);
    const last = Math.max(...bases.map(({ cohort }) => cohort));
    const matured = new Map<number, number>();
    for (const { cohort, units } of bases.flatMap((basis) => lossesAt(material.recorded, basis)))
      matured.set(cohort, (matured.get(cohort) ?? 0) + units);
    for (const [cohort, units] of bases.flatMap((basis) => [...assignedAt(basis)])) {
      const arrived = matured.get(cohort);
      if (arrived !== undefined) counts.without += units;
      else if (cohort + lag <= last) counts.overdue += units;
      else counts[run === newest ? 'notDue' : 'left'] += units;
    }
    for (const units of matured.values()) counts.without -= units;
  }
  return counts;
}

function unlabelledInWords({ notDue, left, overdue, without }: Unlabelled): string {
  const parts = [
    ...(overdue > 0 ? [`${grouped(overdue)} are overdue`] : []),
    ...(notDue > 0 ? [`${grouped(notDue)} are not due yet`] : []),
    ...(left > 0 ? [`${grouped(left)} are of a run that ended before they were due`] : []),
    ...(without > 0 ? [`${grouped(without)} came without one`] : []),
  ];
  const last = parts.at(-1);
  if (last === undefined) return '';
  return `; of the others ${parts.length === 1 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`}`;
}

/** Assigned units are what the labels will be of; the distance between the lines is the delay of the labels. */
export function maturitySection(told: Told, material: RolloutMaterial, { last }: RunSeen): Section {
  const course = gathered(
    material,
    decisionsOf(material).filter(({ basis }) => basis !== null),
  );
  const { assigned, matured } = course.at(-1) ?? { assigned: 0, matured: 0 };
  return {
    id: 'maturity',
    title: 'Units: matured and expected',
    words: [
      `Of ${grouped(assigned)} ${told.units} so far ${grouped(matured)} have a matured label that counts${unlabelledInWords(unlabelledOf(told, material))}.`,
    ],
    basis: basisOf(told, last, matured),
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Units assigned and units matured over event time; they end at ${grouped(assigned)} and ${grouped(matured)}.`,
      x: { column: 'at', title: 'event time, UTC' },
      y: { title: told.units },
      zero: true,
      cut: null,
      moments: [],
      layers: [stepLine('assigned', 'neutral'), stepLine('matured', 'candidate')],
    },
    table: {
      caption: 'Units of the whole rollout, look by look',
      columns: [
        instant('at', 'After'),
        number('assigned', 'Assigned'),
        number('matured', 'Matured'),
        number('share', 'Matured, %', 1),
      ],
      rows: thinned(course).map((row) => [
        row.at,
        row.assigned,
        row.matured,
        row.assigned === 0 ? null : (100 * row.matured) / row.assigned,
      ]),
      of: course.length,
    },
  };
}

const stepLine = (column: string, tone: Tone): Layer => ({
  mark: 'line',
  y: column,
  tone,
  name: column,
  shape: 'step',
  dashed: false,
  points: false,
});

function thinned<Row>(rows: readonly Row[]): Row[] {
  if (rows.length <= ROWS_MAX) return [...rows];
  const kept = new Set([0, rows.length - 1]);
  for (let part = 1; part < ROWS_MAX; part++) kept.add(Math.floor(((rows.length - 1) * part) / ROWS_MAX));
  return [...kept].sort((a, b) => a - b).map((index) => rows[index]!);
}

/** Ordered and measured split, and the evidence that they differ. */
export function assignmentSection(told: Told, seen: RunSeen): Section {
  const { lnSrmMax = 0 } = seen.last.record;
  const isBroken = lnSrmMax >= seen.lnSrmNeeded;
  const faults = seen.last.basis.assignmentFaults;
  const isShadow = seen.run === 'shadow';
  const units = seen.assigned.reduce((sum, { control, candidate }) => sum + control + candidate, 0);
  return {
    id: 'assignment',
    title: 'Assignment',
    words: [
      isShadow
        ? 'In shadow every unit is answered by stable, and both bundles score it.'
        : isBroken
          ? `The measured split is not the ordered one: evidence that it differs is ${shownFactor(lnSrmMax)}, the alarm is at ${shownFactor(seen.lnSrmNeeded)}. What was compared is not comparable.`
          : `The measured split is the ordered one as far as can be told: evidence against it was at most ${shownFactor(Math.max(0, lnSrmMax))}, the alarm is at ${shownFactor(seen.lnSrmNeeded)}.`,
      ...(faults.length === 0 ? [] : [`Faults of the assignment: ${faults.join(', ')}.`]),
    ],
    basis: basisOf(told, seen.last, units),
    plot: null,
    table: {
      caption: 'Units at first exposure, by ordered exposure',
      columns: [
        text('ordered', 'Ordered'),
        number('candidate', 'To candidate'),
        number('control', 'To stable'),
        number('measured', 'Measured, %', 2),
      ],
      rows: seen.assigned.map(({ exposureBp, control, candidate }) => [
        exposureInWords(exposureBp / BP),
        candidate,
        control,
        control + candidate === 0 ? null : (100 * candidate) / (control + candidate),
      ]),
    },
  };
}

/** What each step of the ladder asked for and got. */
export function stepsSection(told: Told, material: RolloutMaterial): Section {
  const looks = decisionsOf(material).filter(({ run }) => run !== 'operator');
  const { steps } = told.policy.rollout;
  return {
    id: 'steps',
    title: 'Steps',
    words: [
      'Evidence of later steps counts on top of that of earlier ones; span and units are asked for step by step.',
    ],
    basis: { unit: 'look', n: looks.length, timeZone: 'UTC', through: looks.at(-1)?.watermark ?? null },
    plot: null,
    table: {
      caption: 'The ladder, and the looks or checks on each step',
      columns: [
        text('step', 'Step'),
        text('span', 'Span asked'),
        number('minUnits', 'Units asked'),
        text('deadline', 'Deadline'),
        text('approvals', 'Approvals asked'),
        number('looks', 'Looks'),
        instant('from', 'First look'),
        text('left', 'Left by'),
      ],
      rows: steps.map((step, index): Cell[] => {
        const taken = looks.filter((look) => ladderStepOf(told, look) === index);
        const judged = 'minSpan' in step ? step : null;
        const approvals = 'approvals' in step && step.approvals !== undefined ? step.approvals : null;
        return [
          stepName(told.policy, index),
          lengthOf(judged?.minSpan),
          judged?.minUnits ?? null,
          lengthOf(judged?.deadline),
          approvals === null ? 'none' : `${approvals.quorum} of ${approvals.roles.join(' or ')}`,
          taken.length,
          taken[0]?.eventTime ?? null,
          taken.find(({ verdict }) => LEAVING.has(verdict))?.verdict ?? '–',
        ];
      }),
    },
  };
}

const lengthOf = (duration: string | undefined): string =>
  duration === undefined ? '–' : lengthInWords(durationMs(duration));

const LEAVING: ReadonlySet<string> = new Set(['advance', 'rollback', 'refuse']);

/** Looks of a gate count the steps of their run; the checks before it have one each. */
function ladderStepOf({ policy }: Told, { run, basis, look }: ChainedDecision): number {
  const first = policy.rollout.steps.findIndex(({ mode }) =>
    run === 'canary' ? mode === 'canary' || mode === 'full' : mode === run,
  );
  return basis === null ? first : first + (look as { readonly step: number }).step;
}

/** Scores of both bundles over the cohorts whose labels have matured; nothing where none were recorded. */
export function scoreSections(told: Told, material: RolloutMaterial, { last }: RunSeen): Section[] {
  const merged = mergeTallies(material.scores);
  if (merged === null) return [];
  return [histogramSection(told, merged, { last }), calibrationSection(told, merged, { last })];
}

const ARMS = [
  { arm: 'stable', tone: 'stable', name: 'stable' },
  { arm: 'candidate', tone: 'candidate', name: 'candidate' },
] as const satisfies ReadonlyArray<{ arm: string; tone: Tone; name: string }>;

const sumOf = (bins: readonly ScoreBin[], part: 0 | 1 | 2 | 3): number => bins.reduce((sum, bin) => sum + bin[part], 0);
const share = (part: number, whole: number): number | null => (whole === 0 ? null : (PER_THOUSAND * part) / whole);
const edge = ({ range: [from, to] }: ScoreTally, index: number): number => from + ((to - from) * index) / SCORE_BINS;

function histogramSection(told: Told, tally: ScoreTally, { last }: Pick<RunSeen, 'last'>): Section {
  const scored = { stable: sumOf(tally.stable, 0), candidate: sumOf(tally.candidate, 0) };
  return {
    id: 'scores',
    title: 'Scores of both',
    words: [
      `Stable scored ${grouped(scored.stable)} requests and the candidate ${grouped(scored.candidate)}, in ${SCORE_BINS} equal bins.`,
    ],
    basis: basisOf(told, last, scored.candidate),
    plot: {
      kind: 'course',
      over: 'number',
      summary: 'Share of the requests by score, for stable and for the candidate.',
      x: { column: 'from', title: 'score' },
      y: { title: 'per 1,000 requests of the arm' },
      zero: true,
      cut: null,
      moments: [],
      layers: ARMS.map(({ arm, tone, name }) => ({
        mark: 'line' as const,
        y: arm,
        tone,
        name,
        shape: 'step' as const,
        dashed: arm === 'stable',
        points: false,
      })),
    },
    table: {
      caption: 'Requests per 1,000 of the arm, by score',
      columns: [
        number('from', 'Score from', 2),
        number('to', 'to', 2),
        number('stable', 'Stable', 1),
        number('candidate', 'Candidate', 1),
      ],
      rows: tally.stable.map((bin, index) => [
        edge(tally, index),
        edge(tally, index + 1),
        share(bin[0], scored.stable),
        share(tally.candidate[index]![0], scored.candidate),
      ]),
    },
  };
}

function calibrationSection(told: Told, tally: ScoreTally, { last }: Pick<RunSeen, 'last'>): Section {
  const labelled = sumOf(tally.candidate, 1);
  const [from, to] = tally.range;
  const mean = (sum: number, n: number): number | null => (n === 0 ? null : from + ((to - from) * sum) / n / QUANTUM);
  const arms = ARMS.map(({ arm, name }) => {
    const bins = tally[arm];
    const n = sumOf(bins, 1);
    return `${name} predicts ${shownMean(mean(sumOf(bins, 2), n))} on average, ${shownMean(mean(sumOf(bins, 3), n))} was seen`;
  });
  return {
    id: 'calibration',
    title: 'Calibration of both',
    words: arms.map((arm) => `${arm[0]!.toUpperCase()}${arm.slice(1)}.`),
    basis: basisOf(told, last, labelled),
    plot: {
      kind: 'calibration',
      summary: `Mean prediction against mean outcome in ${SCORE_BINS} bins, for both bundles; on the diagonal both agree.`,
      x: { column: 'from', title: 'predicted' },
      y: { title: 'seen' },
      arms: ARMS.map(({ arm, tone, name }) => ({ predicted: `${arm}Predicted`, seen: `${arm}Seen`, tone, name })),
    },
    table: {
      caption: 'Mean prediction and mean outcome of labelled requests, by score',
      columns: [
        number('from', 'Score from', 2),
        number('to', 'to', 2),
        ...ARMS.flatMap(({ arm, name }) => [
          number(`${arm}N`, `n, ${name}`),
          number(`${arm}Predicted`, `predicted, ${name}`, 3),
          number(`${arm}Seen`, `seen, ${name}`, 3),
        ]),
      ],
      rows: tally.stable.map((_, index) => [
        edge(tally, index),
        edge(tally, index + 1),
        ...ARMS.flatMap(({ arm }): Cell[] => {
          const [, n, scores, labels] = tally[arm][index]!;
          return [n, mean(scores, n), mean(labels, n)];
        }),
      ]),
    },
  };
}

const shownMean = (value: number | null): string => (value === null ? 'nothing' : value.toFixed(3));
