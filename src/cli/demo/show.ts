import type { ModelDeclaration } from '../../contracts/model.ts';
import type { ApprovalRequestRecord } from '../../contracts/records.ts';
import { isoInstant } from '../../domain/time.ts';
import type { LiveView } from '../../pages/live.ts';
import { drillPhase, DRILL_WORDS } from './drill.ts';
import type { DrillName, DrillPhase } from './drill.ts';
import { readView } from './records.ts';
import type { RecordedView, Records } from './records.ts';
import type { ScoreKeeper } from './score-keeper.ts';
import type { Screen } from './screen.ts';
import type { Troubles } from './troubles.ts';

/** How far the replay has come, as it reports itself. */
export interface Progress {
  readonly next: number | null;
  readonly since: number | null;
  readonly predictions: number;
  readonly outcomes: number;
}

interface ShowOptions {
  readonly records: Records;
  readonly declaration: ModelDeclaration;
  readonly screen: Screen;
  readonly uiUrl: string | null;
  readonly untilDay: string | null;
  /** Null where no score is kept. */
  readonly score: Pick<ScoreKeeper, 'board'> | null;
  /** What the watcher breaks by keys; null without keys. */
  readonly troubles: Pick<Troubles, 'present' | 'slice'> | null;
}

/** A calm screen: redrawn at most this often, and the records are read no more often. */
const DRAW_EVERY_MS = 300;
const RATE_OVER_MS = 2_000;

/** Joins what the replay says with what the records say, and keeps the screen up to date. */
export class Show {
  readonly #options: ShowOptions;
  #progress: Progress = { next: null, since: null, predictions: 0, outcomes: 0 };
  #waitingFor: readonly string[] = [];
  #waitingSince = Date.now();
  #trouble: string | null = null;
  #recordsTrouble: string | null = null;
  #drill: DrillPhase = 'waiting';
  #ended = false;
  #recorded: RecordedView | null = null;
  #rate: { readonly at: number; readonly predictions: number; readonly perSecond: number | null };
  #closing = false;
  #drawing: Promise<void> = Promise.resolve();
  /** Wall milliseconds event time stood still, by the first name waited for. */
  readonly waitedMs = new Map<string, number>();

  constructor(options: ShowOptions) {
    this.#options = options;
    this.#rate = { at: Date.now(), predictions: 0, perSecond: null };
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** @param approve Answers open requests while the show runs; null where people or the clock do. */
  begin(approve: ((request: ApprovalRequestRecord) => Promise<void>) | null): void {
    this.#drawing = this.#drawRegularly(approve);
  }

  progressed(progress: Progress): void {
    this.#progress = progress;
  }

  waits(names: readonly string[]): void {
    const now = Date.now();
    const [first] = this.#waitingFor;
    if (first !== undefined) {
      const kind = first.startsWith('the archive') ? 'archive' : (first.split('/')[0] ?? first);
      this.waitedMs.set(kind, (this.waitedMs.get(kind) ?? 0) + now - this.#waitingSince);
    }
    this.#waitingFor = names;
    this.#waitingSince = now;
  }

  inTrouble(trouble: string | null): void {
    this.#trouble = trouble;
  }

  ended(): void {
    this.#ended = true;
  }

  /** Breaks and heals what the drill says, at the boundary it falls on. */
  async boundary(through: number, drill: DrillName | null, freeze: (frozen: boolean) => void): Promise<void> {
    if (drill === null) return;
    const { records, declaration } = this.#options;
    const stables = await records.transaction(declaration.model, (tx) => tx.list('stable'));
    const phase = drillPhase(
      stables.map(({ body }) => body),
      through,
    );
    if (phase === 'frozen') freeze(true);
    else if (phase === 'healed' && this.#drill !== 'healed') freeze(false);
    this.#drill = phase;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#drawing;
  }

  async #drawRegularly(approve: ((request: ApprovalRequestRecord) => Promise<void>) | null): Promise<void> {
    const { records, declaration, screen } = this.#options;
    for (;;) {
      const closing = this.#closing;
      const next = new Promise((resolve) => setTimeout(resolve, closing ? 0 : DRAW_EVERY_MS));
      try {
        this.#recorded = await readView(records, declaration);
        this.#recordsTrouble = null;
        screen.show(this.#view(this.#recorded));
        for (const request of this.#recorded.requests) {
          if (request.approvals.length < request.quorum) await approve?.(request);
        }
      } catch (error) {
        // The records may be away for a moment; the show goes on with what it knows, and says so.
        this.#recordsTrouble = `the records cannot be read: ${(error as Error).message}`;
        if (this.#recorded !== null) screen.show(this.#view(this.#recorded));
      }
      if (closing) return;
      await next;
    }
  }

  #view(recorded: RecordedView): LiveView {
    const { declaration, uiUrl, untilDay, troubles, score } = this.#options;
    const { next, predictions, outcomes } = this.#progress;
    return {
      model: declaration.model,
      title: declaration.title,
      eventTime: next === null ? null : isoInstant(next),
      untilDay,
      predictions,
      outcomes,
      perSecond: this.#perSecond(predictions),
      waitingFor: this.#waitingFor,
      trouble: this.#trouble ?? this.#recordsTrouble,
      drill: DRILL_WORDS[this.#drill],
      ended: this.#ended,
      uiUrl,
      scoreboard: score?.board ?? null,
      keys: troubles === null ? null : { troubles: troubles.present, slice: troubles.slice },
      steps: declaration.rollout.steps,
      ...recorded,
    };
  }

  #perSecond(predictions: number): number | null {
    const now = Date.now();
    const { at, predictions: before, perSecond } = this.#rate;
    if (now - at < RATE_OVER_MS) return perSecond;
    this.#rate = { at: now, predictions, perSecond: ((predictions - before) / (now - at)) * 1000 };
    return this.#rate.perSecond;
  }
}
