/** A page about one experiment: what was expected, what was trained, and what was found against the bundle that served. */
import { grouped } from '../aligned-table.ts';
import { LOSS_STREAM } from '../rollout/gate-runs.ts';
import { claimInWords } from '../rollout/words.ts';
import { runSeen } from './course.ts';
import type { RunSeen } from './course.ts';
import { differenceSection, sideInWords, slicesSection } from './evidence-sections.ts';
import type { Told } from './evidence-sections.ts';
import { decisionsOf } from './material.ts';
import type { RolloutMaterial } from './material.ts';
import { verificationOf } from './record-sections.ts';
import { DIFFERENCE_COLUMNS, number, PER_THOUSAND, text } from './report.ts';
import type { Cell, Report, Section } from './report.ts';
import { suiteSection } from './suite-section.ts';

export interface ExperimentMaterial {
  readonly model: string;
  readonly experimentId: string;
  readonly idea: string;
  readonly attempt: number;
  readonly hypothesis: string;
  readonly claim: 'improve' | 'not-worse';
  /** Event times at which its data ends and at which it was ready. */
  readonly asOf: string;
  readonly readyAt: string;
  readonly unit: string;
  readonly abandoned: string | null;
  readonly bundle: string | null;
  /** Null where nothing was trained. */
  readonly training: {
    readonly recipe: string;
    readonly rows: number;
    readonly iterations: number;
    readonly trainLoss: number;
    /** Loss on the training rows after so many iterations, in order. */
    readonly curve: ReadonlyArray<readonly [iterations: number, loss: number]>;
    readonly features: readonly string[];
    readonly datasetVersion: string | null;
  } | null;
  /** Outcome of its candidate; null where it has submitted none. */
  readonly outcome: string | null;
  readonly reason: string | null;
  /** The newest rollout of its candidate; null where none has decided anything. */
  readonly rollout: RolloutMaterial | null;
}

const DIGEST_SHOWN = 12;

interface Found {
  readonly where: string;
  readonly units: number;
  readonly mean: number;
  readonly lower: number | null;
  readonly upper: number | null;
  /** What was to be certified where it was found. */
  readonly margin: number | null;
}

export function experimentReport(material: ExperimentMaterial): Report {
  const { model, experimentId, idea, attempt } = material;
  const { rollout } = material;
  const told = rollout === null ? null : toldOf(rollout);
  const isJudged = rollout !== null && told !== null && verificationOf(rollout).verified;
  const shadow = isJudged ? runSeen(rollout, 'shadow') : null;
  const canary = isJudged ? runSeen(rollout, 'canary') : null;
  const newest = canary ?? shadow;
  const found = isJudged ? gainsFound(rollout, [shadow, canary]) : [];
  return {
    format: 1,
    kind: 'experiment',
    model,
    subject: experimentId,
    title: `Experiment ${idea}, attempt ${attempt}, for ${model}`,
    answer: answerOf(material, found),
    facts: factsOf(material),
    sections: [
      gainSection(material, found),
      told === null || rollout === null ? null : suiteSection(told, rollout),
      ...(told === null ? [] : [canary, shadow].map((run) => (run === null ? null : differenceSection(told, run)))),
      told === null || newest === null ? null : slicesSection(told, newest),
      curveSection(material),
    ].filter((section) => section !== null),
  };
}

function toldOf(rollout: RolloutMaterial): Told | null {
  const digests = rollout.recorded.chain.map(({ body }) => body.policyDigest);
  const policy = digests.map((name) => rollout.recorded.policies.get(name)).find((known) => known !== undefined);
  return policy === undefined ? null : { policy, unit: rollout.unit, units: `${rollout.unit}s` };
}

/** What the held-out days promised, and what live units have shown since. */
function gainsFound(rollout: RolloutMaterial, runs: ReadonlyArray<RunSeen | null>): Found[] {
  const cases = rollout.recorded.attestations.at(-1)?.cases ?? [];
  const whole = cases
    .filter(({ candidateLoss, stableLoss }) => candidateLoss !== null && stableLoss !== null)
    .sort((a, b) => b.units - a.units)[0];
  const offline: Found[] =
    whole === undefined
      ? []
      : [
          {
            where: 'predicted offline',
            units: whole.units,
            mean: whole.candidateLoss! - whole.stableLoss!,
            lower: null,
            upper: null,
            margin: null,
          },
        ];
  const live = runs.flatMap((run) => {
    const stream = run?.last.streams.find(({ id }) => id === LOSS_STREAM);
    if (stream?.difference == null) return [];
    const { units, mean, lower, upper } = stream.difference;
    const where = run?.run === 'shadow' ? 'found in shadow' : 'found exposed';
    return [{ where, units, mean, lower, upper, margin: stream.safeMargin }];
  });
  return [...offline, ...live];
}

function answerOf(
  { outcome, reason, abandoned, claim, hypothesis }: ExperimentMaterial,
  found: readonly Found[],
): Report['answer'] {
  const question = 'Was the idea right?';
  const newest = found.findLast(({ lower }) => lower !== null);
  const why = [
    `expected: ${hypothesis}`,
    ...found.map(
      ({ where, mean, units }) => `${where}: ${sideInWords(mean)} per 1,000 than stable, from ${grouped(units)} units`,
    ),
    ...(reason === null ? [] : [`its candidate: ${reason}`]),
  ];
  if (abandoned !== null) return { question, answer: 'no', inWords: `No answer: it was abandoned, ${abandoned}.`, why };
  if (outcome === 'promoted')
    return {
      question,
      answer: 'yes',
      inWords:
        claim === 'improve'
          ? 'Yes: its candidate was certified better, and promoted.'
          : 'Yes: its candidate was certified no worse than is tolerated at every step, and promoted.',
      why,
    };
  if (outcome === 'refused' || outcome === 'rolled_back')
    return { question, answer: 'no', inWords: `No: its candidate was ${outcome.replace('_', ' ')}.`, why };
  if (newest !== undefined && claim === 'improve' && newest.upper! < 0)
    return { question, answer: 'yes', inWords: 'Yes, as far as it has gone: it is better for sure.', why };
  return { question, answer: 'not yet', inWords: 'Not yet: live units have not decided it.', why };
}

function factsOf(material: ExperimentMaterial): Report['facts'] {
  const { claim, asOf, readyAt, bundle, training, outcome } = material;
  return [
    { label: 'Claim', value: claimInWords(claim) },
    { label: 'Data as of', value: asOf },
    { label: 'Ready at', value: readyAt },
    { label: 'Bundle', value: bundle?.slice(0, DIGEST_SHOWN) ?? 'none' },
    { label: 'Outcome of its candidate', value: outcome === null ? 'none was submitted' : outcome.replace('_', ' ') },
    ...(training === null
      ? [{ label: 'Training', value: 'none: an artifact is served again' }]
      : [
          { label: 'Recipe', value: training.recipe },
          { label: 'Dataset version', value: training.datasetVersion?.slice(0, DIGEST_SHOWN) ?? 'not recorded' },
          { label: 'Features', value: training.features.join(', ') },
        ]),
  ];
}

function gainSection(material: ExperimentMaterial, found: readonly Found[]): Section {
  const scaled = (value: number | null): Cell => (value === null ? null : value * PER_THOUSAND);
  const { rollout, unit } = material;
  const last = rollout === null ? undefined : decisionsOf(rollout).findLast(({ watermark }) => watermark !== null);
  return {
    id: 'gain',
    title: 'Gain: predicted and found',
    words: [
      found.length === 0
        ? 'Nothing has been measured of its candidate yet.'
        : 'Below 0 the candidate is better. Predicted is what the largest case of the validation suite showed, of held-out days before the candidate; found is what live units showed after.',
    ],
    basis: { unit, n: found.at(-1)?.units ?? null, timeZone: 'UTC', through: last?.watermark ?? material.asOf },
    plot:
      found.length === 0
        ? null
        : {
            kind: 'intervals',
            summary: `Difference of the loss as predicted and as found, with its interval where it was found: ${found.map(({ where, mean }) => `${where} ${sideInWords(mean)}`).join(', ')}.`,
            x: { column: 'difference', title: `extra loss per 1,000 ${unit}s` },
            y: { title: '' },
            row: 'where',
            lower: 'lower',
            middle: 'difference',
            upper: 'upper',
            toneColumn: null,
            tones: [{ tone: 'candidate', name: 'difference, and its interval' }],
            limits: [{ column: 'margin', tone: 'limit', name: 'tolerated' }],
          },
    table: {
      caption: `Loss of the candidate minus that of stable, per 1,000 ${unit}s`,
      columns: [
        text('where', 'Where'),
        number('units', 'Units'),
        ...DIFFERENCE_COLUMNS,
        number('margin', 'Tolerated', 1),
      ],
      rows: found.map(({ where, units, mean, lower, upper, margin }) => [
        where,
        units,
        scaled(mean),
        scaled(lower),
        scaled(upper),
        scaled(margin),
      ]),
    },
  };
}

function curveSection({ training, asOf, model }: ExperimentMaterial): Section | null {
  if (training === null) return null;
  const { rows, iterations, trainLoss, curve } = training;
  const points = curve.length > 0 ? curve : ([[iterations, trainLoss]] as const);
  return {
    id: 'training',
    title: 'Learning curve',
    words: [
      `Trained on ${grouped(rows)} rows; after ${grouped(iterations)} iterations the loss on them is ${trainLoss.toFixed(4)}. Of rows it has not seen, the validation suite tells.`,
    ],
    basis: { unit: 'training row', n: rows, timeZone: 'UTC', through: asOf },
    plot:
      points.length < 2
        ? null
        : {
            kind: 'course',
            over: 'number',
            summary: `Loss on the training rows by iteration; it ends at ${trainLoss.toFixed(4)} after ${iterations}.`,
            x: { column: 'iterations', title: 'iterations' },
            y: { title: 'loss on the training rows' },
            zero: false,
            cut: null,
            moments: [],
            layers: [
              {
                mark: 'line',
                y: 'loss',
                tone: 'candidate',
                name: 'loss',
                shape: 'straight',
                dashed: false,
                points: true,
              },
            ],
          },
    table: {
      caption: 'Loss on the training rows: log loss in nats, or squared error of a regression',
      columns: [number('iterations', 'Iterations'), number('loss', 'Loss', 4)],
      rows: points.map(([done, loss]) => [done, loss]),
    },
    ...(training.datasetVersion === null
      ? {}
      : { commands: [`npx holdfast report dataset/${model}/${training.datasetVersion}`] }),
  };
}
