import type { TrafficFaults } from './faults.ts';
import type { Pace } from './replay.ts';
import { pauseFor } from './sender.ts';

/** A pace that waits for nobody while the faults say so: users go on asking when the control plane is away. */
export function runningOn(pace: Pace, faults: TrafficFaults, signal: AbortSignal): Pace {
  return {
    beforeBatch: (start) => (faults.runsOnMs === null ? pace.beforeBatch(start) : pauseFor(faults.runsOnMs, signal)),
    atBoundary: async (through) => {
      if (faults.runsOnMs === null) await pace.atBoundary(through);
    },
  };
}
