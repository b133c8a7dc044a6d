/**
 * Watches the processes of one machine: starts them layer by layer, restarts what dies, stops all in order. Children lead process groups of
 * their own, so Ctrl-C reaches only the supervisor and the order of the stop is ours.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '../contracts/errors.ts';
import { LAYERS } from './child.ts';
import type { ChildSpec } from './child.ts';
import { PlatformLock } from './lock.ts';
import { WatchedChild } from './watched-child.ts';
import type { ChildStatus } from './watched-child.ts';

interface SupervisorEvents {
  /** One sentence for people: a death, a restart, what an earlier start had left. */
  notice: [text: string];
  /** A child that keeps dying was given up; the platform cannot do its work. */
  failed: [error: HoldfastError];
}

export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly #logsDir: string;
  readonly #lock: PlatformLock;
  readonly #children: WatchedChild[] = [];
  #stopping: Promise<void> | null = null;

  private constructor(stateDir: string, lock: PlatformLock) {
    super();
    this.#logsDir = join(stateDir, 'logs');
    this.#lock = lock;
    mkdirSync(this.#logsDir, { recursive: true });
  }

  /**
   * Takes the state directory; what a killed supervisor left running is ended first.
   * @throws PLATFORM_RUNNING
   */
  static async open(stateDir: string, onNotice?: (text: string) => void): Promise<Supervisor> {
    const { lock, ended } = await PlatformLock.take(stateDir);
    const supervisor = new Supervisor(stateDir, lock);
    if (onNotice !== undefined) supervisor.on('notice', onNotice);
    if (ended.length > 0)
      supervisor.emit('notice', `ended what an earlier start had left running: ${ended.join(', ')}`);
    return supervisor;
  }

  /**
   * Starts children, layer by layer, and returns when all serve.
   * @throws PLATFORM_START_FAILED naming the child and the last lines of its log; what was started goes on until `stop`.
   */
  async start(specs: readonly ChildSpec[]): Promise<void> {
    for (const layer of LAYERS) {
      this.#refuseWhenStopping();
      const started = specs
        .filter((spec) => spec.layer === layer)
        .map((spec) => new WatchedChild(spec, this.#logsDir, this.#lock));
      this.#children.push(...started);
      for (const child of started) {
        child.on('notice', (text) => this.emit('notice', text));
        child.on('failed', (error) => this.emit('failed', error));
      }
      await Promise.all(started.map((child) => child.start()));
    }
    this.#refuseWhenStopping();
  }

  /** What is started after the stop has begun would be stopped by nobody. */
  #refuseWhenStopping(): void {
    if (this.#stopping !== null) throw new HoldfastError('PLATFORM_START_FAILED', 'the start was interrupted');
  }

  get children(): ChildStatus[] {
    return this.#children.map((child) => child.status);
  }

  /** Waits until a child that may finish has done so. */
  async finished(name: string): Promise<void> {
    await this.#child(name).finished;
  }

  /** Sends a signal to one child, as a crash would; it is restarted. Returns the process id it was sent to. */
  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): number {
    return this.#child(name).kill(signal);
  }

  /** Kills one child as a crash would and keeps it away until `bringBack`. Returns the process id it was sent to. */
  takeAway(name: string): number {
    return this.#child(name).takeAway();
  }

  /** Lets a child be restarted that was taken away. */
  bringBack(name: string): void {
    this.#child(name).bringBack();
  }

  /** Stops one child for good. */
  async stopChild(name: string): Promise<void> {
    await this.#child(name).stop();
  }

  /** Stops everything, last layer first, and gives the state directory back. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const layer of LAYERS.toReversed()) {
      await Promise.all(this.#children.filter((child) => child.layer === layer).map((child) => child.stop()));
    }
    this.#lock.release();
  }

  #child(name: string): WatchedChild {
    const child = this.#children.find((candidate) => candidate.status.name === name);
    if (child === undefined) {
      throw new Error(`no child is named ${name}; there are ${this.children.map((each) => each.name).join(', ')}`);
    }
    return child;
  }
}
