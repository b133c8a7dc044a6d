/**
 * Ten rollouts from seeded worlds through the real gate, each stopped where somebody opens its page and asks whether it is safe to widen.
 * Names and order give nothing away.
 */
import { createEdgeRecords } from '../../../src/adapters/record-store/edge-records.ts';
import { createInMemoryRecordStore } from '../../../src/adapters/record-store/in-memory.ts';
import { readRolloutMaterial } from '../../../src/adapters/record-store/report-material.ts';
import type { RolloutMaterial } from '../../../src/domain/report/material.ts';
import type { Report } from '../../../src/domain/report/report.ts';
import { decisionReport, rolloutReport } from '../../../src/domain/report/rollout-report.ts';
import type { RolloutOrder } from '../../../src/domain/rollout/desk.ts';
import type { RolloutState } from '../../../src/domain/rollout/states.ts';
import { randomFrom } from '../../../src/simulation/gate/random.ts';
import { climb } from '../../activities/climb.ts';
import { DAY_MS } from '../../../src/domain/time.ts';
import { judgedWorld } from '../../activities/judged-world.ts';
import type { JudgedOptions, JudgedWorld, UnitWeather, Weather } from '../../activities/judged-world.ts';

export interface PreparedWorld {
  /** Of the page: neutral. */
  readonly name: string;
  readonly answer: Report['answer']['answer'];
  /** What a reader has to have understood, beside the answer. */
  readonly because: string;
  readonly seed: number;
  readonly claim: 'improve' | 'not-worse';
  /** What the two bundles answer for a unit. */
  readonly unit: (draw: Draw) => Scores | null;
  readonly weather?: (cohort: number) => Partial<Weather>;
  readonly rollout?: Partial<JudgedOptions['rollout']>;
  readonly approves?: boolean;
  /** After the look at this cohort somebody gives the step a day more. */
  readonly extendedAt?: number;
  /** Of so many requests one has no answer of stable, and one none of the candidate. */
  readonly failsEvery?: number;
  /** Cohorts after which the page is opened; without: when the rollout has its outcome. */
  readonly cohortsMax?: number;
  /** The page of the decision that leads from this step, in place of that of the rollout. */
  readonly atAdvanceFrom?: number;
}

export interface Draw {
  readonly cohort: number;
  readonly arm: 'stable' | 'candidate';
  readonly isNorth: boolean;
  /** True chance of label 1. */
  readonly chance: number;
  /** Standard normal. */
  readonly noise: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

interface Scores {
  readonly stable: number;
  readonly candidate: number;
}

const UNITS = 120;
const gate = { minSpan: 'PT4H', minUnits: 200, deadline: 'P3D' } as const;
const APPROVER = { roles: ['approver'], quorum: 1, veto: [], authenticated: false };
const LADDER: NonNullable<JudgedOptions['rollout']['steps']> = [
  { mode: 'offline' },
  { mode: 'shadow', ...gate },
  { mode: 'canary', exposure: 0.1, ...gate },
  { mode: 'canary', exposure: 0.5, ...gate, approvals: APPROVER },
  { mode: 'full', watch: 'PT0S', holdback: 0 },
];
const NORTH: NonNullable<JudgedOptions['rollout']['slices']>[number] = {
  id: 'north',
  where: { shop: ['north'] },
  role: 'veto',
  harmMarginPerThousand: 15,
};

const clamped = (score: number): number => Math.min(0.98, Math.max(0.02, score));
/** The candidate sees more than stable does. */
const better = ({ chance, noise }: Draw): Scores => ({
  stable: clamped(0.5 * chance + 0.15 + 0.1 * noise()),
  candidate: clamped(chance + 0.06 * noise()),
});
/** Two of a kind. */
const alike = ({ chance, noise }: Draw): Scores => {
  const shared = chance + 0.1 * noise();
  return { stable: clamped(shared + 0.01 * noise()), candidate: clamped(shared + 0.01 * noise()) };
};
/** The candidate is sure of what is not so. */
const worse = ({ chance, noise }: Draw): Scores => ({
  stable: clamped(chance + 0.08 * noise()),
  candidate: clamped(1.7 * chance + 0.1 + 0.1 * noise()),
});
/** What either says has little to do with the other. */
const noisy = ({ chance, noise }: Draw): Scores => ({
  stable: clamped(chance + 0.25 * noise()),
  candidate: clamped(chance + 0.25 * noise()),
});

export const PREPARED: readonly PreparedWorld[] = [
  {
    name: 'page-01',
    answer: 'not yet',
    because: 'there is not enough evidence: the interval still reaches beyond what is tolerated',
    seed: 11,
    claim: 'not-worse',
    unit: noisy,
    cohortsMax: 9,
  },
  {
    name: 'page-02',
    answer: 'yes',
    because: 'better for sure at every step; promoted',
    seed: 12,
    claim: 'improve',
    unit: better,
    approves: true,
  },
  {
    name: 'page-03',
    answer: 'no',
    because: 'harm to the loss is certified under exposure; rolled back',
    seed: 13,
    claim: 'improve',
    unit: (draw) => (draw.cohort <= 11 ? better(draw) : worse(draw)),
    approves: true,
  },
  {
    name: 'page-04',
    answer: 'yes',
    because: 'no worse within the margin, certified for the next exposure',
    seed: 14,
    claim: 'not-worse',
    unit: alike,
    approves: true,
    atAdvanceFrom: 2,
  },
  {
    name: 'page-05',
    answer: 'yes',
    because: 'the evidence is certified; one approval is missing',
    seed: 15,
    claim: 'improve',
    unit: better,
    cohortsMax: 24,
    extendedAt: 20,
  },
  {
    name: 'page-06',
    answer: 'no',
    because: 'units of the candidate are missing: the measured split is not the ordered one',
    seed: 16,
    claim: 'improve',
    unit: (draw) => (draw.arm === 'candidate' && draw.random() < 0.5 ? null : better(draw)),
    approves: true,
    cohortsMax: 18,
  },
  {
    name: 'page-07',
    answer: 'not yet',
    because: 'labels have stopped coming: what is due is missing',
    seed: 17,
    claim: 'improve',
    unit: better,
    weather: (cohort) => (cohort >= 10 ? { labelsLate: null } : {}),
    cohortsMax: 15,
  },
  {
    name: 'page-08',
    answer: 'yes',
    because: 'a slice looks worse than the whole and stays within what it may',
    seed: 18,
    claim: 'improve',
    unit: (draw) => (draw.isNorth ? alike(draw) : better(draw)),
    rollout: { slices: [NORTH] },
    approves: true,
    failsEvery: 150,
  },
  {
    name: 'page-09',
    answer: 'no',
    because: 'the slice north is harmed for sure although the whole is better',
    seed: 19,
    claim: 'improve',
    unit: (draw) => (draw.isNorth && draw.cohort > 8 ? worse(draw) : better(draw)),
    rollout: { slices: [NORTH] },
    approves: true,
  },
  {
    name: 'page-10',
    answer: 'yes',
    because: 'labels came late, all have arrived, and the candidate is certified for the next exposure',
    seed: 20,
    claim: 'improve',
    unit: better,
    weather: (cohort) => (cohort >= 9 && cohort <= 11 ? { labelsLate: 5 } : {}),
    approves: true,
    atAdvanceFrom: 2,
  },
];

/** As gateways do: some requests are timed, most take about the same, a few much longer. */
const TIMED_EVERY = 7;
const CLOCK_SEED = 1_000;
const tookMs = (usual: number, chance: number): number =>
  Math.round(1_000 * usual * (0.8 + 0.2 / (1.02 - chance))) / 1_000;

/** Runs a world to where its page is opened. */
export async function materialOf(world: PreparedWorld): Promise<RolloutMaterial> {
  const random = randomFrom(world.seed);
  const noise = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const records = createInMemoryRecordStore();
  const watch = randomFrom(CLOCK_SEED + world.seed);
  const judged = await judgedWorld(`shop-${world.name.slice(-2)}`, {
    rollout: { steps: LADDER, marginPerThousand: 10, harmBudgetPerThousand: 10, ...world.rollout },
    claim: world.claim,
    idea: `idea-${world.name.slice(-2)}`,
    unitsPerCohort: UNITS,
    records,
  });
  const unitOf = (cohort: number, index: number, arm: 'stable' | 'candidate'): UnitWeather | null => {
    const chance = 0.05 + 0.75 * random() ** 2;
    const scores = world.unit({ cohort, arm, isNorth: index % 4 === 0, chance, noise, random });
    const label = random() < chance ? 1 : 0;
    const took =
      index % TIMED_EVERY === 0 ? { stableMs: tookMs(0.02, watch()), candidateMs: tookMs(0.03, watch()) } : {};
    return scores === null ? null : { ...scores, label, ...took, ...failing(world, cohort * UNITS + index) };
  };
  await climb(judged, {
    weather: (cohort) => ({ unit: (index, arm) => unitOf(cohort, index, arm), ...world.weather?.(cohort) }),
    orders: people(world, judged),
    ...(world.cohortsMax === undefined ? {} : { cohortsMax: world.cohortsMax }),
  });
  const { model, input } = judged;
  const material = await records.transaction(model, (tx) => readRolloutMaterial(tx, input.rolloutId));
  if (material === null) throw new Error(`nothing was decided in the world of ${world.name}`);
  return material;
}

function failing({ failsEvery }: PreparedWorld, request: number): Pick<UnitWeather, 'fails'> {
  if (failsEvery === undefined) return {};
  const place = request % failsEvery;
  return place === 1 ? { fails: 'stable' } : place === 2 ? { fails: 'candidate' } : {};
}

/** People of a world, who write down what they order, as an edge does. */
function people(
  { approves, extendedAt }: PreparedWorld,
  { model, input, records }: JudgedWorld,
): (state: RolloutState) => Promise<readonly RolloutOrder[]> {
  const log = createEdgeRecords(records);
  let given = 0;
  const ordered = async (order: RolloutOrder, by: string, reason: string): Promise<RolloutOrder> => {
    const attempt = { commandId: `order-${given}`, command: order.name, target: input.rolloutId, by, channel: 'cli' };
    given += 1;
    await log.logAttempt(model, { ...attempt, body: { reason }, result: 'attempted' });
    return order;
  };
  return async ({ request, step, last }) => {
    const orders: RolloutOrder[] = [];
    if (last?.cohort === extendedAt) {
      const more = { by: 'ben', reason: 'the review takes until tomorrow', step, lengthMs: DAY_MS };
      orders.push(await ordered({ name: 'extend', ...more }, more.by, more.reason));
    }
    if (approves !== true || request === null || request.approvals.length > 0) return orders;
    const yes = { by: 'ana', role: 'approver', step, evidenceDigest: request.evidenceDigest, candidate: input.bundle };
    const reason = 'evidence reviewed';
    const approval = { ...yes, reason, channel: 'cli' as const };
    return [...orders, await ordered({ name: 'approve', approval }, yes.by, reason)];
  };
}

/** The report that the page of a world is made of. */
export async function preparedReport(world: PreparedWorld): Promise<Report> {
  const material = await materialOf(world);
  if (world.atAdvanceFrom === undefined) return rolloutReport(material);
  const { atAdvanceFrom } = world;
  const at = material.recorded.chain.find(({ body }) => {
    const { step } = (body.look ?? { step: -1 }) as { readonly step: number };
    return body.verdict === 'advance' && body.run === 'canary' && step === atAdvanceFrom - 2;
  });
  const report = at === undefined ? null : decisionReport(material, at.digest);
  if (report === null) throw new Error(`the world of ${world.name} never advanced from step ${atAdvanceFrom}`);
  return report;
}
