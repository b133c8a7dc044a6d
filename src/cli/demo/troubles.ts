/** What a watcher breaks with a key and heals with the same: state, and the hands that do it. */
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { GatewayDrill } from '../../contracts/serving.ts';
import { isoInstant, MINUTE_MS } from '../../domain/time.ts';
import { TROUBLE_KEYS } from '../../pages/trouble.ts';
import type { Trouble, TroubleKey, TroubleKind } from '../../pages/trouble.ts';
import type { Platform } from '../../platform/platform.ts';

export interface TroubleHands {
  readonly platform: Pick<Platform, 'takeAway' | 'bringBack'>;
  readonly declaration: Pick<ModelDeclaration, 'rollout'>;
  /** Tells the gateway at once; need not succeed, for it is told again at every boundary. */
  readonly tellGateway: (drill: GatewayDrill) => Promise<void>;
  /** Event time ÷ wall time of the show. */
  readonly speed: number;
}

export const isTroubleKey = (key: string): key is TroubleKey => Object.hasOwn(TROUBLE_KEYS, key);

/** Batches of traffic are a quarter of an hour at most. */
const BATCH_MS = 15 * MINUTE_MS;
/** How long what was healed is still spoken of, wall milliseconds. */
const HEALED_SHOWN_MS = 20_000;

interface Kept {
  readonly trouble: Trouble;
  readonly healedWallMs: number | null;
}

export class Troubles {
  /** Read by the traffic at each batch. */
  readonly faults: { labelsStopped: boolean; runsOnMs: number | null } = { labelsStopped: false, runsOnMs: null };
  /** The slice that key s breaks: the first that one input tells. */
  readonly slice: string | null;
  readonly #where: GatewayDrill['candidateWrongWhere'];
  readonly #hands: TroubleHands;
  readonly #kept = new Map<TroubleKind, Kept>();
  #toldGateway = false;
  #frozenByDrill = false;

  constructor(hands: TroubleHands) {
    this.#hands = hands;
    const breakable = hands.declaration.rollout.slices.flatMap(({ id, where }) => {
      const lists = Object.entries(where).flatMap(([input, values]) =>
        Array.isArray(values) ? [[input, values]] : [],
      );
      const isWhole = lists.length > 0 && lists.length === Object.keys(where).length;
      return isWhole ? [{ id, where: Object.fromEntries(lists) as Record<string, Array<string | number>> }] : [];
    });
    this.slice = breakable[0]?.id ?? null;
    this.#where = breakable[0]?.where ?? null;
  }

  /** What is broken now or was until a moment ago, in the order in which it broke. */
  get present(): Trouble[] {
    const now = Date.now();
    return [...this.#kept.values()]
      .filter(({ healedWallMs }) => healedWallMs === null || now - healedWallMs < HEALED_SHOWN_MS)
      .map(({ trouble }) => trouble);
  }

  /**
   * Breaks what a key stands for, or heals it.
   * @param at Event time, epoch milliseconds
   */
  async toggle(key: TroubleKey, at: number): Promise<void> {
    const kind = TROUBLE_KEYS[key];
    if (kind === 'slice' && this.slice === null) return;
    const known = this.#kept.get(kind)?.trouble;
    const breaks = known === undefined || known.healedAt !== null;
    // A process that is just being restarted cannot be killed: nothing has changed then.
    if (kind === 'worker' && !this.#moveWorker(breaks)) return;
    this.#kept.delete(kind);
    const trouble = breaks
      ? { kind, since: isoInstant(at), healedAt: null }
      : { kind, since: known.since, healedAt: isoInstant(at) };
    this.#kept.set(kind, { trouble, healedWallMs: breaks ? null : Date.now() });
    if (kind === 'labels') this.faults.labelsStopped = breaks;
    else if (kind !== 'worker') {
      this.#toldGateway = true;
      await this.#hands.tellGateway(this.#gatewayDrill());
    }
  }

  /** The drill of a whole run, beside the keys; the gateway hears of it when it is told again. */
  freeze(frozen: boolean): void {
    this.#frozenByDrill = frozen;
    this.#toldGateway = true;
  }

  /** At every boundary: a gateway that was started anew meanwhile knows nothing of what is broken. */
  async tellAgain(tell: (drill: GatewayDrill) => Promise<void>): Promise<void> {
    if (this.#toldGateway) await tell(this.#gatewayDrill());
  }

  #moveWorker(breaks: boolean): boolean {
    const { platform, speed } = this.#hands;
    try {
      if (breaks) platform.takeAway('worker');
      else platform.bringBack('worker');
    } catch {
      return false;
    }
    // Users go on asking although nobody archives or decides.
    this.faults.runsOnMs = breaks ? BATCH_MS / speed : null;
    return true;
  }

  #gatewayDrill(): GatewayDrill {
    return {
      frozenFeatures: this.#frozenByDrill || this.#isBroken('features'),
      candidateFails: this.#isBroken('candidate'),
      candidateWrongWhere: this.#isBroken('slice') ? this.#where : null,
    };
  }

  #isBroken(kind: TroubleKind): boolean {
    const kept = this.#kept.get(kind);
    return kept !== undefined && kept.trouble.healedAt === null;
  }
}
