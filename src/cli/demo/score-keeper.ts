/** Keeps the scoreboard while a show runs: reads each day of a comparison from the archive once, when its labels have matured. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { composeRequestLog } from '../../compose.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { CandidateRecord } from '../../contracts/records.ts';
import { namedLoss } from '../../domain/rollout/measure.ts';
import { compareArms, scoreRules } from '../../domain/rollout/scoreboard.ts';
import type { ComparedCandidate, Comparison, Scoreboard } from '../../domain/rollout/scoreboard.ts';
import { DAY_MS, durationMs, epochMs } from '../../domain/time.ts';
import type { Records } from './records.ts';

type RequestLog = Awaited<ReturnType<typeof composeRequestLog>>;

interface Kept {
  readonly days: Comparison[];
  /** Where the day begins that is read next, epoch milliseconds. */
  next: number;
  firstLook: Comparison | null;
}

export class ScoreKeeper {
  readonly #records: Records;
  readonly #log: Pick<RequestLog, 'readUnits'>;
  readonly #declaration: ModelDeclaration;
  readonly #kept = new Map<string, Kept>();
  #board: Scoreboard | null = null;

  constructor(records: Records, log: Pick<RequestLog, 'readUnits'>, declaration: ModelDeclaration) {
    this.#records = records;
    this.#log = log;
    this.#declaration = declaration;
  }

  /** Null before the first day of a comparison has matured, and where a shadow's label cannot be compared. */
  get board(): Scoreboard | null {
    return this.#board;
  }

  /** Reads one day, if one is due. @returns whether another one may be */
  async readNext(): Promise<boolean> {
    const { model, label, rollout } = this.#declaration;
    // Who was not served has no outcome to compare by.
    if (label.affectsLabel) return false;
    const { candidates, watermark } = await this.#records.transaction(model, async (tx) => ({
      candidates: (await tx.list('candidate')).map(({ body }) => body),
      watermark: await tx.watermark(),
    }));
    const maturedThrough = (watermark ?? 0) - durationMs(label.attributionWindow) - durationMs(label.ingestionLag);
    const due = candidates.find((candidate) => this.#dayOf(candidate, maturedThrough) !== null);
    if (due !== undefined) await this.#read(due, maturedThrough);
    this.#board = scoreRules(this.#compared(candidates), rollout.marginPerThousand / 1000);
    if (this.#board.days === 0) this.#board = null;
    return due !== undefined;
  }

  /** The next day of a candidate whose labels have matured; its last one ends with the rollout. */
  #dayOf(candidate: CandidateRecord, maturedThrough: number): { from: number; to: number } | null {
    const begins = candidate.exposureHistory[0]?.eventTime;
    if (begins === undefined) return null;
    const from = this.#kept.get(candidate.bundle)?.next ?? epochMs(begins);
    const end = candidate.decidedAt === null ? Number.POSITIVE_INFINITY : epochMs(candidate.decidedAt);
    const to = Math.min(from + DAY_MS, end);
    return to > from && to <= maturedThrough ? { from, to } : null;
  }

  async #read(candidate: CandidateRecord, maturedThrough: number): Promise<void> {
    const day = this.#dayOf(candidate, maturedThrough);
    if (day === null) return;
    const { label } = this.#declaration;
    const kept = this.#kept.get(candidate.bundle) ?? { days: [], next: day.from, firstLook: null };
    const maturity = durationMs(label.attributionWindow) + durationMs(label.ingestionLag);
    kept.firstLook ??= await this.#compare(candidate, day, day.to);
    kept.days.push(await this.#compare(candidate, day, day.to + maturity));
    kept.next = day.to;
    this.#kept.set(candidate.bundle, kept);
  }

  async #compare(
    { bundle }: CandidateRecord,
    span: { readonly from: number; readonly to: number },
    asOf: number,
  ): Promise<Comparison> {
    const { model, label, rollout } = this.#declaration;
    const units = await this.#log.readUnits({ model, ...span, asOf });
    const ofCandidate = units.filter(({ candidateBundle }) => candidateBundle === bundle);
    return compareArms(ofCandidate, namedLoss(rollout.loss, rollout.lossRange), label.absence);
  }

  #compared(candidates: readonly CandidateRecord[]): ComparedCandidate[] {
    return candidates.flatMap(({ bundle, claim, outcome }) => {
      const kept = this.#kept.get(bundle);
      return kept === undefined ? [] : [{ claim, outcome: standing(outcome), ...kept }];
    });
  }
}

/** What people withdrew or a newer one replaced was not turned away by the gate. */
function standing(outcome: CandidateRecord['outcome']): ComparedCandidate['outcome'] {
  if (outcome === 'promoted') return 'taken';
  return outcome === 'refused' || outcome === 'rolled_back' ? 'refused' : 'open';
}

const LOOK_AGAIN_MS = 2_000;

/** Reads what is due, day by day, until aborted. Records or an archive that are away are looked at again later. */
export async function keepScore(keeper: Pick<ScoreKeeper, 'readNext'>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const more = await keeper.readNext().catch(() => false);
    // Between two days, too: the score is the least of what this process has to do.
    await sleep(more ? LOOK_AGAIN_MS / 10 : LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}
