/** What goes wrong with traffic on purpose. Read anew at each batch: whoever holds the object breaks and heals while traffic runs. */
export interface TrafficFaults {
  /** Outcomes are withheld while this is true, and come late, all at once, when it is over. */
  readonly labelsStopped: boolean;
  /** Wall milliseconds a batch while event time waits for nobody, as the world's would; null: it keeps its clock. */
  readonly runsOnMs: number | null;
}

export const NO_FAULTS: TrafficFaults = { labelsStopped: false, runsOnMs: null };
