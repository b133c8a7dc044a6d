import type { OutcomeRateFeature, PutFallback, PutTraffic, TrafficState } from '../../contracts/serving.ts';

/** What every gateway must know of a model before it can serve it. */
export interface ModelRegistration {
  readonly freshFeatures: readonly OutcomeRateFeature[];
  /** Bundle that answers when no other is healthy. */
  readonly fallback: string;
}

/**
 * Whoever splits traffic between bundles. A change is *applied* when every gateway has acknowledged it; until then it may be in effect at
 * some and not at others, and the same call again completes it.
 * Every method may fail with GATEWAY_UNREACHABLE (retryable); all but `register` with MODEL_UNKNOWN (terminal) before it. A change is offered to
 * every gateway whatever the others say: an order to expose less reaches all that can be reached.
 */
export interface TrafficRouter {
  /** Makes a model known; idempotent, the last registration counts. */
  register(model: string, registration: ModelRegistration): Promise<void>;
  /**
   * Puts a split in force. Idempotent by generation and content. The same decision with a later effectiveFrom, before the earlier one
   * has come, postpones it: so a change that one gateway took and another found too late can be completed.
   * @throws GENERATION_STALE (terminal) when a gateway has another split of this or a later generation,
   *   EFFECTIVE_FROM_PASSED (retryable with a later time) when a rise would take effect in the past of a gateway's event clock,
   *   BUNDLE_NOT_LOADABLE (terminal) when a named bundle does not load
   */
  apply(model: string, put: PutTraffic): Promise<void>;
  /** Sets or lifts the overriding fallback; fenced by a generation of its own. @throws GENERATION_STALE, BUNDLE_NOT_LOADABLE (terminal) */
  fallback(model: string, put: PutFallback): Promise<void>;
  /** What each gateway really does now, in the order of configuration. */
  observe(model: string): Promise<TrafficState[]>;
}
