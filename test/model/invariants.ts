/** What must hold after every step of the checked model. Each returns what is wrong, in words, or null. */
import type { DecisionRecord } from '../../src/contracts/records.ts';
import type { RolloutBrief } from '../../src/domain/rollout/states.ts';
import type { Interpreter } from './interpreter.ts';
import { MODEL, ModelGateway } from './gateways.ts';
import { epochMs } from '../../src/domain/time.ts';
import { FALLBACK, PROBES } from './world.ts';
import type { World } from './world.ts';

/** What the checker remembers of the way so far. */
export interface Watched {
  readonly world: World;
  readonly rollouts: readonly Interpreter[];
  /** Decisions by id, as recorded. */
  readonly decisions: ReadonlyMap<string, DecisionRecord>;
  /** Rollouts that were verified at zero. */
  readonly atZero: ReadonlySet<string>;
  /** Exposure at which each probe was first in, by salt. */
  readonly probesIn: Map<string, Map<string, number>>;
  /** Ids of orders in the order they were carried out. */
  readonly carriedOut: readonly string[];
}

export const INVARIANTS: Readonly<Record<string, (w: Watched) => string | null>> = {
  'exposure rises only after a recorded advance': ({ world, decisions }) => {
    for (const [name, gateway] of world.gateways.entries())
      for (const [index, line] of gateway.ledger.entries()) {
        const before = gateway.ledger[index - 1]?.entry ?? null;
        const rises = exposed(line.entry) > (sameCandidate(before, line.entry) ? exposed(before) : 0);
        if (!rises) continue;
        const decision = decisions.get(line.decisionId.replace(/\/promoted$/, ''));
        const isRebase = line.decisionId.includes('/rebase/');
        if (decision?.verdict !== 'advance' || isRebase)
          return `gateway ${name} exposes ${line.entry.exposure} by ${line.decisionId}, which is ${decision?.verdict ?? 'no decision'}`;
      }
    return null;
  },
  'a step that asks people is left only with their yes': ({ rollouts, decisions }) => {
    for (const { input, desk } of rollouts)
      for (const decision of decisions.values()) {
        if (decision.rolloutId !== input.rolloutId || decision.verdict !== 'advance' || decision.basis === null)
          continue;
        const step = stepLeft(decision, desk.state.brief);
        if (step?.approvals == null) continue;
        const people = new Set(decision.approvals.map(({ by }) => by));
        const allowed = new Set(step.approvals.roles.flatMap((role) => desk.state.brief?.people[role] ?? []));
        if (people.size < step.approvals.quorum)
          return `${decision.decisionId} has ${people.size} of ${step.approvals.quorum} approvals`;
        for (const { by, evidenceDigest, step: of } of decision.approvals) {
          if (!allowed.has(by) || by === desk.state.brief?.author)
            return `${decision.decisionId} counts a yes of ${by}`;
          const asked = [...decisions.values()].some(
            (one) => one.evidenceDigest === evidenceDigest && one.rolloutId === input.rolloutId,
          );
          if (!asked || desk.state.brief?.steps[of] !== step)
            return `${decision.decisionId} counts a yes to something else`;
        }
      }
    return null;
  },
  'nobody is exposed after the way back': ({ world, atZero, rollouts }) => {
    for (const { input } of rollouts) {
      if (!atZero.has(input.rolloutId)) continue;
      for (const [name, gateway] of world.gateways.entries())
        if (coming(gateway, world.now).some((entry) => entry.salt === input.rolloutId && entry.candidate !== null))
          return `gateway ${name} still names ${input.rolloutId} after it was at zero`;
    }
    return null;
  },
  'generations strictly grow': ({ world }) => {
    for (const [name, { ledger }] of world.gateways.entries())
      for (const [index, line] of ledger.entries()) {
        const before = ledger[index - 1];
        if (before === undefined || line.generation > before.generation) continue;
        const postponed = line.generation === before.generation && line.decisionId === before.decisionId;
        if (!postponed) return `gateway ${name} took generation ${line.generation} after ${before.generation}`;
      }
    return null;
  },
  'a decision takes effect once': ({ world }) => {
    for (const [name, { ledger }] of world.gateways.entries()) {
      const generations = new Map<string, Set<number>>();
      for (const line of ledger) {
        const known = generations.get(line.decisionId) ?? new Set();
        generations.set(line.decisionId, known.add(line.generation));
      }
      for (const [decisionId, known] of generations)
        if (known.size > 1 && !decisionId.includes('/back-'))
          return `gateway ${name} carried ${decisionId} out ${known.size} times`;
    }
    return null;
  },
  'assignment is sticky and nested': ({ world, probesIn }) => {
    for (const [index, unit] of PROBES.entries()) {
      const gateway = world.gateways[index % world.gateways.length];
      const entry = gateway?.entry(world.now) ?? null;
      if (gateway === undefined || entry === null || entry.candidate === null) continue;
      const known = probesIn.get(entry.candidate) ?? new Map<string, number>();
      probesIn.set(entry.candidate, known);
      const isIn = world.parts.armOf(gateway, unit, world.now) === 'candidate';
      const since = known.get(unit);
      if (!isIn && since !== undefined && entry.exposure >= since)
        return `${unit} was in at ${since} and is out at ${entry.exposure}`;
      if (isIn) known.set(unit, Math.min(since ?? 1, entry.exposure));
    }
    return null;
  },
  'everyone is answered by a certified stable or the candidate in flight': ({ world, rollouts }) => {
    const promoted = new Set([FALLBACK, ...rollouts.filter(isPromoted).map(({ input }) => input.bundle)]);
    for (const [name, gateway] of world.gateways.entries())
      for (const entry of coming(gateway, world.now)) {
        const full = rollouts.some(({ input }) => input.bundle === entry.stable);
        if (!promoted.has(entry.stable) && !full) return `gateway ${name} serves ${entry.stable.slice(0, 8)} as stable`;
        if (entry.exposure < 0 || entry.exposure > 1) return `gateway ${name} exposes ${entry.exposure}`;
      }
    return null;
  },
  'a verdict rests on evidence that is there': ({ decisions, world }) => {
    for (const { decisionId, look, basis, verdict, watermark, candidate } of decisions.values()) {
      // Where a candidate answers nothing, no unit could have entered: counting none is no guess.
      if (basis === null || world.qualities.get(candidate) === 'crashes') continue;
      const record = look as { readonly cohort: number; readonly prefixes?: Readonly<Record<string, number>> };
      const judged = record.prefixes?.['loss'] ?? record.cohort;
      if (verdict === 'advance' && judged < record.cohort - LABEL_LAG)
        return `${decisionId} advances on labels through cohort ${judged} of ${record.cohort}`;
      for (const batch of basis.batches) {
        const [, cohort] = /\/loss\/(\d+)$/.exec(batch) ?? [];
        // A cohort that another split has served whole holds no unit of the rollout: there, too, counting none is no guess.
        const isEmpty = Number(cohort) === basis.cohort && basis.assigned.control + basis.assigned.candidate === 0;
        if (isEmpty) continue;
        if (cohort !== undefined && world.labelsKnownAt(Number(cohort)) > epochMs(watermark ?? ''))
          return `${decisionId} counts labels of cohort ${cohort} that had not arrived`;
      }
    }
    return null;
  },
  'what was pushed is judged once, and before anybody waits on': ({ decisions, rollouts, world }) => {
    if (!world.isPushed) return null;
    for (const { input, desk, foundNothing } of rollouts) {
      const looks = [...decisions.values()].filter(({ rolloutId, basis }) => rolloutId === input.rolloutId && basis);
      const batches = looks.flatMap(({ basis }) => basis?.batches ?? []);
      if (new Set(batches).size < batches.length) return `${input.rolloutId} judges a batch twice`;
      const { run, last } = desk.state;
      const runStart = looks.find((look) => look.run === run)?.basis?.runStart;
      if (foundNothing === null || last === null || runStart === undefined) continue;
      let next = runStart;
      while (batches.includes(`${input.rolloutId}/${run}/refunds/${next}`)) next += 1;
      if (next + PUSHED_LAG <= last.cohort && foundNothing.has(next))
        return `${input.rolloutId} waits after cohort ${last.cohort}, and the counts of ${next} are there`;
    }
    return null;
  },
  'a unit counts once': ({ decisions, world }) => {
    for (const { decisionId, basis } of decisions.values()) {
      if (basis === null) continue;
      const counted = basis.assigned.control + basis.assigned.candidate;
      if (counted > UNITS_OF_A_COHORT)
        return `${decisionId} counts ${counted} units of ${UNITS_OF_A_COHORT} (${world.parts.requestsOfAUnit} requests each)`;
    }
    return null;
  },
  'a candidate is judged against what is really served, and one at a time': ({ rollouts, world }) => {
    const open = rollouts.filter(({ desk }) => desk.state.brief !== null && desk.state.decision === null);
    if (open.length > 1) return `${open.length} rollouts are in flight`;
    const [only] = open;
    if (only === undefined || only.desk.state.touched) return null;
    const served = world.gateways.map((gateway) => gateway.schedule.entries.at(-1)?.stable);
    return served.every((stable) => stable === only.desk.state.brief?.stable)
      ? null
      : `${only.input.rolloutId} is judged against ${only.desk.state.brief?.stable.slice(0, 8)}`;
  },
  'an order is carried out once': ({ carriedOut }) => {
    const twice = carriedOut.find((id, index) => carriedOut.indexOf(id) !== index);
    return twice === undefined ? null : `${twice} was carried out again`;
  },
  'a yes counts once, and for the evidence it was given to': ({ rollouts }) => {
    for (const { input, desk } of rollouts) {
      const people = desk.state.request?.approvals.map(({ by }) => by) ?? [];
      if (new Set(people).size !== people.length) return `${input.rolloutId} counts ${people.join(', ')}`;
      const { request } = desk.state;
      const stale = request?.approvals.find(({ evidenceDigest }) => evidenceDigest !== request.evidenceDigest);
      if (stale !== undefined) return `${input.rolloutId} counts a yes of ${stale.by} to other evidence`;
    }
    return null;
  },
};

const LABEL_LAG = 1;
const PUSHED_LAG = 1;
const UNITS_OF_A_COHORT = 32;

const exposed = (entry: { readonly candidate: string | null; readonly exposure: number } | null): number =>
  entry === null || entry.candidate === null ? 0 : entry.exposure;

function sameCandidate(
  before: { readonly candidate: string | null; readonly salt: string } | null,
  next: { readonly candidate: string | null; readonly salt: string },
): boolean {
  return before !== null && before.candidate === next.candidate && before.salt === next.salt;
}

function coming(gateway: ModelGateway, now: number): ModelGateway['schedule']['entries'] {
  const present = gateway.entry(now);
  const { entries } = gateway.schedule;
  return present === null ? entries : entries.slice(entries.indexOf(present));
}

const isPromoted = ({ desk }: Interpreter): boolean => desk.state.decision?.outcome === 'promoted';

/** The step that an advance left: of the shadow run the shadow, of the canary run the canary that its look counts. */
function stepLeft(decision: DecisionRecord, brief: RolloutBrief | null): RolloutBrief['steps'][number] | null {
  const ofRun = brief?.steps.filter(({ run }) => run === decision.run) ?? [];
  const look = decision.look as { readonly step: number } | null;
  return ofRun[look?.step ?? -1] ?? null;
}

/** All decisions on record. */
export async function decisionsOf(world: World): Promise<Map<string, DecisionRecord>> {
  const list = await world.records.transaction(MODEL, (tx) => tx.list('decision'));
  return new Map(list.map(({ key, body }) => [key, body]));
}
