/** The models of one gateway, opened from its state folder and kept in order while it runs. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';
import type { GatewayCounters, GatewayDrill, ModelRegistration } from '../contracts/serving.ts';
import { ModelPlane } from './model-plane.ts';
import type { ModelPlaneOptions } from './model-plane.ts';

export interface Readiness {
  readonly ready: boolean;
  /** What is still to be done, in words. */
  readonly waitingFor: readonly string[];
}

export type Report = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface ModelPlanes {
  readonly gateway: string;
  /** @throws GATEWAY_NOT_READY, MODEL_UNKNOWN */
  plane(model: string): ModelPlane;
  /** Idempotent and durable. @throws BUNDLE_NOT_LOADABLE, GATEWAY_NOT_READY */
  register(model: string, registration: ModelRegistration): Promise<void>;
  /** @throws DRILLS_DISABLED */
  drill(model: string, drill: GatewayDrill): Promise<void>;
  readiness(): Readiness;
  counters(): Readonly<Record<string, GatewayCounters>>;
  /** Opens every registered model. @throws LEDGER_BROKEN, LOG_UNAVAILABLE, BUNDLE_NOT_LOADABLE */
  recover(): Promise<void>;
  /** Closes segments that are due and looks for bundles that were away. Called about once a second. */
  tend(): Promise<void>;
  close(): Promise<void>;
}

export function createModelPlanes(
  options: Omit<ModelPlaneOptions, 'model'>,
  drills: boolean,
  report: Report,
): ModelPlanes {
  return new Planes(options, drills, report);
}

class Planes implements ModelPlanes {
  readonly gateway: string;
  readonly #options: Omit<ModelPlaneOptions, 'model'>;
  readonly #drills: boolean;
  readonly #report: Report;
  readonly #planes = new Map<string, ModelPlane>();
  #recovered = false;
  #missing: readonly string[] = [];
  #registering: Promise<void> = Promise.resolve();

  constructor(options: Omit<ModelPlaneOptions, 'model'>, drills: boolean, report: Report) {
    this.gateway = options.gateway;
    this.#options = options;
    this.#drills = drills;
    this.#report = report;
  }

  plane(model: string): ModelPlane {
    this.#checkReady();
    const found = this.#planes.get(model);
    if (found !== undefined) return found;
    throw new HoldfastError('MODEL_UNKNOWN', `model ${model} is not registered at gateway ${this.gateway}`);
  }

  async register(model: string, registration: ModelRegistration): Promise<void> {
    this.#checkReady();
    // One at a time: two registrations of a new model would open the same log twice.
    const turn = this.#registering.then(() => this.#registerNow(model, registration));
    this.#registering = turn.catch(() => undefined);
    await turn;
  }

  async drill(model: string, drill: GatewayDrill): Promise<void> {
    if (!this.#drills) {
      throw new HoldfastError('DRILLS_DISABLED', `gateway ${this.gateway} was started without drills`);
    }
    await this.plane(model).drill(drill);
    this.#report('warn', 'Drill', { model, ...drill });
  }

  readiness(): Readiness {
    const state = this.#recovered ? [] : ['state from the log'];
    const waitingFor = [...state, ...this.#missing.map((digest) => `bundle ${digest}`)];
    return { ready: waitingFor.length === 0, waitingFor };
  }

  counters(): Readonly<Record<string, GatewayCounters>> {
    return Object.fromEntries([...this.#planes].map(([model, plane]) => [model, plane.counters()]));
  }

  async recover(): Promise<void> {
    for (const model of await registeredModels(this.#options.stateDir)) {
      this.#open(model, await ModelPlane.open({ ...this.#options, model }));
    }
    await this.#lookForBundles();
    this.#recovered = true;
  }

  async tend(): Promise<void> {
    await this.#lookForBundles();
    for (const [model, plane] of this.#planes) {
      try {
        await plane.tend();
      } catch (error) {
        this.#report('error', 'A log segment could not be closed', { model, error: String(error) });
      }
    }
  }

  async close(): Promise<void> {
    await this.#registering;
    for (const plane of this.#planes.values()) await plane.close();
  }

  #checkReady(): void {
    if (this.#recovered) return;
    throw new HoldfastError('GATEWAY_NOT_READY', `gateway ${this.gateway} is rebuilding its state`);
  }

  #open(model: string, plane: ModelPlane): void {
    if (plane.tornAtOpen !== null) this.#report('warn', 'The log had a torn tail', { model, torn: plane.tornAtOpen });
    this.#planes.set(model, plane);
  }

  async #registerNow(model: string, registration: ModelRegistration): Promise<void> {
    const present = this.#planes.get(model);
    if (present !== undefined) return present.register(registration);
    this.#open(model, await ModelPlane.create({ ...this.#options, model }, registration));
    this.#report('info', 'Model registered', { model });
  }

  async #lookForBundles(): Promise<void> {
    const missing: string[] = [];
    for (const plane of this.#planes.values()) missing.push(...(await plane.loadMissingBundles()));
    this.#missing = missing;
  }
}

async function registeredModels(stateDir: string): Promise<string[]> {
  const folder = join(stateDir, 'models');
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}
