import type { RecordStore } from '../adapters/record-store/port.ts';

/** Everything of the world that activities may touch. One object per worker process. */
export interface ActivityPorts {
  readonly records: RecordStore;
}
