/** One rollout's activities over a small world, called as its workflow calls them; and cohorts of traffic that both arms scored. */
import assert from 'node:assert/strict';
import { createRolloutActivities } from '../../src/activities/rollout.ts';
import type { ActivityPorts } from '../../src/activities/ports.ts';
import { rolloutId } from '../../src/contracts/names.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import type { DecisionRecord, EvidenceRecord } from '../../src/contracts/records.ts';
import type { LogRecord, PredictionRecord } from '../../src/contracts/serving.ts';
import type { ExposureApplied, RolloutActivities, RolloutInput, ExposureMove } from '../../src/contracts/workflows.ts';
import type { Judgement, RolloutBrief } from '../../src/domain/rollout/states.ts';
import { HOUR_MS, isoInstant } from '../../src/domain/time.ts';
import { COHORT_MS, CONSTANT, FRESH, MODEL, START, STATIC } from './small-world.ts';
import type { SmallWorld } from './small-world.ts';

export const CANDIDATE = FRESH;
export const ROLLOUT: RolloutInput = {
  model: MODEL,
  rolloutId: rolloutId(MODEL, CANDIDATE, 1),
  bundle: CANDIDATE,
  idea: 'fresh',
  claim: 'improve',
};

/** Cohorts from assignment to maturity of the label: an attribution window of twelve hours. */
export const LABEL_LAG = 4;

/** Shadow, a tenth, and half of the units with an approval: each two cohorts long at least. */
export function shortLadder(declaration: ModelDeclaration): ModelDeclaration {
  const gate = { minSpan: 'PT6H', minUnits: 40, deadline: 'P3D' };
  const approvals = { roles: ['approver'], quorum: 1, veto: [], authenticated: false };
  return {
    ...declaration,
    rollout: {
      ...declaration.rollout,
      marginPerThousand: 20,
      harmBudgetPerThousand: 20,
      harmMarginPerThousand: 20,
      slices: [],
      metrics: [],
      steps: [
        { mode: 'offline' },
        { mode: 'shadow', ...gate },
        { mode: 'canary', exposure: 0.1, ...gate },
        { mode: 'canary', exposure: 0.5, ...gate, approvals },
        { mode: 'full', watch: 'PT0S', holdback: 0 },
      ],
    },
  };
}

export interface PairedCohort {
  readonly units?: number;
  readonly generation: number;
  /** Units with an index below it are assigned to the candidate. */
  readonly candidates?: number;
  readonly stable?: number | null;
  readonly candidate?: number | null;
  /** Share of units with label 1, evenly spread; null: no label comes. */
  readonly positive?: number | null;
  readonly labelDelayMs?: number;
  readonly candidateError?: string | null;
  /** Answers of the fallback in stable's place although stable is healthy. */
  readonly overridden?: boolean;
}

/** Units of one cohort that both arms have scored, and their labels an hour later. */
export function paired(cohort: number, known: PairedCohort): LogRecord[] {
  const { units = 40, candidates = 0, stable = 0.5, candidate = 0.2, positive = 0.2, candidateError = null } = known;
  return Array.from({ length: units }, (_, index): LogRecord[] => {
    const at = START + (cohort - 1) * COHORT_MS + Math.floor((COHORT_MS * index) / units);
    const requestId = `${isoInstant(at)}-${index}`;
    const arm = index < candidates ? 'candidate' : 'stable';
    const inputs = { shop: 'north' };
    const prediction: PredictionRecord = {
      kind: 'prediction',
      requestId,
      unit: requestId,
      at,
      generation: known.generation,
      exposure: candidates / units,
      arm,
      served: known.overridden === true ? 'fallback' : arm,
      bundle: arm === 'candidate' ? CANDIDATE : STATIC,
      prediction: (arm === 'candidate' ? candidate : stable) ?? 0,
      stable,
      candidate: candidateError === null ? candidate : null,
      stableBundle: STATIC,
      candidateBundle: CANDIDATE,
      stableError: null,
      candidateError,
      inputs,
      fresh: {},
      freshThrough: null,
    };
    if (positive === null) return [prediction];
    const label = Math.floor((index + 1) * positive) > Math.floor(index * positive) ? 1 : 0;
    const knownAt = at + (known.labelDelayMs ?? HOUR_MS);
    return [prediction, { kind: 'outcome', requestId, revision: 0, label, knownAt, inputs }];
  }).flat();
}

type Look = Parameters<RolloutActivities['judgeNext']>[0];

export interface RolloutDesk {
  readonly activities: RolloutActivities;
  begin(): Promise<RolloutBrief>;
  /** The split of a step of the ladder, as the workflow orders it. */
  split(step: number, over?: Partial<ExposureMove>): Promise<ExposureMove>;
  /** Puts a step into effect and records it. */
  climbTo(step: number, over?: Partial<ExposureMove>): Promise<ExposureApplied>;
  /** One look after the cohort that follows `afterCohort`. */
  look(afterCohort: number, over?: Partial<Look>): Promise<Judgement>;
  lookInput(afterCohort: number, over?: Partial<Look>): Promise<Look>;
  /** The cohort is served, its records are in the archive, and nothing of its time can come any more. */
  serve(cohort: number, known: PairedCohort): Promise<void>;
  evidence(stream: string): Promise<EvidenceRecord[]>;
  decisions(): Promise<DecisionRecord[]>;
}

/** A candidate in flight against STATIC, which serves everyone. */
export async function rolloutDesk(world: SmallWorld, ports: ActivityPorts = world.ports): Promise<RolloutDesk> {
  const activities = createRolloutActivities(ports);
  await introduce(world);
  const begin = (): Promise<RolloutBrief> => world.run(() => activities.beginRollout(ROLLOUT));
  const split = async (step: number, over: Partial<ExposureMove> = {}): Promise<ExposureMove> => {
    const brief = await begin();
    return {
      model: MODEL,
      rolloutId: ROLLOUT.rolloutId,
      generation: brief.generationBase + step,
      decisionId: `decision-${step}`,
      stable: STATIC,
      candidate: CANDIDATE,
      leaving: CANDIDATE,
      exposure: brief.steps[step]?.exposure ?? 0,
      mirror: true,
      salt: brief.salt,
      calendar: brief.calendar,
      effectiveCohort: null,
      step,
      mode: brief.steps[step]?.mode ?? 'stable',
      evidenceDigest: null,
      ...over,
    };
  };
  const lookInput = async (afterCohort: number, over: Partial<Look> = {}): Promise<Look> => {
    const { policyDigest } = await begin();
    const { model, rolloutId: id } = ROLLOUT;
    const nothing = { afterAgain: 0, extraCohorts: 0, approvals: [], splitRefused: null, turn: 0 };
    const stands = { run: 'shadow', step: 1, mayAdvance: true } as const;
    return { model, rolloutId: id, afterCohort, policyDigest, ...stands, ...nothing, ...over };
  };
  return {
    activities,
    begin,
    split,
    lookInput,
    async climbTo(step, over) {
      const order = await split(step, over);
      const applied = await world.run(() => activities.setExposure(order));
      return applied;
    },
    async look(afterCohort, over) {
      const input = await lookInput(afterCohort, over);
      const answer = await world.run(() => activities.judgeNext(input));
      assert.ok(answer.kind === 'judged', `the look was answered with ${answer.kind}`);
      return answer.judgement;
    },
    async serve(cohort, known) {
      const through = START + cohort * COHORT_MS;
      world.clock = through;
      await world.arrive(through, paired(cohort, known));
    },
    evidence: (stream) =>
      world.records.transaction(MODEL, async (tx) => {
        const all = await tx.list('evidence', { prefix: `${ROLLOUT.rolloutId}/` });
        return all.map(({ body }) => body).filter((body) => body.stream === stream);
      }),
    decisions: () =>
      world.records.transaction(MODEL, async (tx) =>
        (await tx.chain('decision', ROLLOUT.rolloutId)).map(({ body }) => body),
      ),
  };
}

async function introduce(world: SmallWorld): Promise<void> {
  if ((await world.records.transaction(MODEL, (tx) => tx.get('candidate', CANDIDATE))) !== null) return;
  const entry = { effectiveFrom: null, stable: STATIC, candidate: null, exposure: 0, salt: '', mirror: false };
  await world.router.apply(MODEL, { generation: 3, decisionId: 'before', entry });
  await world.records.transaction(MODEL, async (tx) => {
    for (const [index, bundle] of [CONSTANT, STATIC].entries()) {
      const since = isoInstant(START - (2 - index) * HOUR_MS);
      await tx.put('stable', String(index).padStart(6, '0'), { bundle, idea: 'before', since, rolloutId: null });
    }
    await tx.put('candidate', CANDIDATE, {
      bundle: CANDIDATE,
      idea: 'fresh',
      attempt: 1,
      claim: 'improve',
      priority: 'idea',
      outcome: 'in_progress',
      rolloutId: ROLLOUT.rolloutId,
      step: 'offline',
      reason: null,
      exposureHistory: [],
      readyAt: isoInstant(START),
      decidedAt: null,
    });
    await tx.join(ROLLOUT.rolloutId);
  });
}
