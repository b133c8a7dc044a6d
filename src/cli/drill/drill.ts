/** What a drill is: trouble made on purpose, what is expected of it, and what was found. */
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { DrillReport } from '../../pages/drill.ts';
import type { Rehearsal } from './rehearsal.ts';

export interface DrillOptions {
  /** How long a server stays away, wall milliseconds. */
  readonly awayMs: number;
}

export interface Drill extends Pick<DrillReport, 'breaks' | 'expects'> {
  /** The short slice of the flights as this drill needs it declared. */
  readonly declare: (slice: ModelDeclaration) => ModelDeclaration;
  /** false: the drill needs no traffic and no model that runs. */
  readonly withTraffic?: boolean;
  /** Breaks, looks, heals; says what it finds to the rehearsal. */
  readonly play: (rehearsal: Rehearsal, options: DrillOptions) => Promise<void>;
}
