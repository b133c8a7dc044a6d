/**
 * The ground a drill is played on: a platform of its own, real traffic of the short slice of the flights, and event time that stands still
 * at every cohort boundary until the script goes on. What is found depends on the data alone, never on how fast this machine is.
 */
import type { Client } from '@temporalio/client';
import { rolloutStatus } from '../../client/rollout.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { GatewayDrill } from '../../contracts/serving.ts';
import type { RolloutStatus } from '../../contracts/workflows.ts';
import { epochMs, HOUR_MS, isoInstant } from '../../domain/time.ts';
import type { DrillFinding, DrillHappening } from '../../pages/drill.ts';
import type { Platform } from '../../platform/platform.ts';
import { createApprover } from '../demo/approver.ts';
import type { Records } from '../demo/records.ts';
import { NotMet } from './not-met.ts';
import { GatewayView, readRecorded } from './recorded.ts';
import type { Recorded } from './recorded.ts';
import { Turnstile } from './turnstile.ts';

export interface RehearsalParts {
  readonly platform: Platform;
  readonly client: Client;
  readonly records: Records;
  readonly declaration: ModelDeclaration;
  readonly stateDir: string;
  readonly told: (happening: DrillHappening) => void;
  readonly began: number;
}

interface GatewaySender {
  drill(drill: Partial<GatewayDrill>): Promise<void>;
}

export class Rehearsal {
  readonly platform: Platform;
  readonly client: Client;
  readonly records: Records;
  readonly declaration: ModelDeclaration;
  readonly stateDir: string;
  readonly gateway: GatewayView;
  readonly findings: DrillFinding[] = [];
  readonly happenings: DrillHappening[] = [];
  /** Read by the traffic at each batch. */
  readonly faults: { labelsStopped: boolean; runsOnMs: number | null } = { labelsStopped: false, runsOnMs: null };
  readonly #parts: RehearsalParts;
  readonly #turnstile = new Turnstile();
  /** Event time → predictions sent before it. */
  readonly #sent = new Map<number, number>();
  #over: Promise<never> = new Promise(() => undefined);
  #at: number | null = null;
  #gatewayDrill: Partial<GatewayDrill> | null = null;
  #sender: GatewaySender | null = null;
  #trouble: string | null = null;

  constructor(parts: RehearsalParts) {
    this.#parts = parts;
    this.platform = parts.platform;
    this.client = parts.client;
    this.records = parts.records;
    this.declaration = parts.declaration;
    this.stateDir = parts.stateDir;
    this.gateway = new GatewayView(parts.platform.gatewayUrl, parts.declaration.model);
  }

  /** Called by the traffic at each settled boundary; resolves when the script goes on. */
  async arrive(through: number, sender: GatewaySender): Promise<void> {
    this.#sender = sender;
    // Said again at every boundary: a gateway that was started anew meanwhile knows nothing of a drill.
    if (this.#gatewayDrill !== null) await sender.drill(this.#gatewayDrill);
    await this.#turnstile.arrive(through);
  }

  progressed({ next, predictions }: { readonly next: number | null; readonly predictions: number }): void {
    if (next !== null) this.#sent.set(next, predictions);
  }

  /** @param over Rejects when traffic or platform end; whatever is waited for then never comes. */
  endsWith(over: Promise<never>): void {
    over.catch(() => undefined);
    this.#over = over;
  }

  /** Event time at which everything stands, ISO 8601. */
  get now(): string {
    return isoInstant(this.#at ?? epochMs(this.declaration.source.backfillUntil));
  }

  /** Lets event time go on to the next boundary at which nothing is left to do. */
  async next(): Promise<Recorded> {
    if (this.#at !== null) this.#turnstile.letPass();
    this.#at = await Promise.race([this.#turnstile.next(), this.#over]);
    return this.look();
  }

  /** Lets event time go on without the script; `next` waits for the first boundary after it keeps its clock again. */
  runOn(): void {
    this.#turnstile.letPass();
  }

  look(): Promise<Recorded> {
    return readRecorded(this.records, this.declaration.model);
  }

  /**
   * Lets event time go on until something is so; looks first.
   * @throws NotMet when it is not within so many hours of event time
   */
  async until(what: string, hours: number, isSo: (recorded: Recorded) => boolean): Promise<Recorded> {
    const latest = epochMs(this.now) + hours * HOUR_MS;
    for (let recorded = this.#at === null ? await this.next() : await this.look(); ; recorded = await this.next()) {
      if (isSo(recorded)) return recorded;
      if (epochMs(this.now) >= latest) throw new NotMet(what, `not within ${hours} hours of event time`);
    }
  }

  /** The same, told and counted as a finding when it comes. */
  async expectWithin(what: string, hours: number, isSo: (recorded: Recorded) => boolean): Promise<Recorded> {
    const since = epochMs(this.now);
    const recorded = await this.until(what, hours, isSo);
    this.expect(what, true, `${(epochMs(this.now) - since) / HOUR_MS} hours of event time later`);
    return recorded;
  }

  /** Waits in wall time, or until everything is over. */
  async wait(ms: number): Promise<void> {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), this.#over]);
  }

  predictionsBefore(at: number): number {
    return this.#sent.get(at) ?? 0;
  }

  /** Event time up to which predictions have been sent. */
  get sentThrough(): number {
    return Math.max(...this.#sent.keys());
  }

  status(rolloutId: string): Promise<RolloutStatus> {
    return rolloutStatus(this.client, rolloutId);
  }

  /** Yes to every open request, in the name of the first person who may. */
  async approveAll(): Promise<void> {
    const approve = createApprover(this.client, this.records, this.declaration);
    for (const request of (await this.look()).requests) await approve(request);
  }

  /** Breaks what is named at the gateway, and heals the rest. */
  async rehearse(drill: Partial<GatewayDrill>): Promise<void> {
    this.#gatewayDrill = drill;
    await this.#sender?.drill(drill);
  }

  happened(what: string): void {
    const happening = { wallSeconds: this.#seconds(), eventTime: this.#at === null ? null : this.now, what };
    this.happenings.push(happening);
    this.#parts.told(happening);
  }

  /** What stays the same while it is tried again is said once. */
  trouble(what: string | null): void {
    if (what === this.#trouble) return;
    this.#trouble = what;
    this.happened(what ?? 'trouble is over');
  }

  /** Writes down whether an expectation is met. */
  expect(expectation: string, met: boolean, found: string): void {
    this.findings.push({ expectation, met, found, eventTime: this.now, wallSeconds: this.#seconds() });
    this.happened(`${met ? 'as expected' : 'NOT AS EXPECTED'}: ${expectation} (${found})`);
  }

  #seconds(): number {
    return Math.round((Date.now() - this.#parts.began) / 100) / 10;
  }
}
