import type { TrainProgress, TrainRequest, TrainResult } from './port.ts';

export interface ToThread {
  request: TrainRequest;
  resumeFrom: unknown;
  progressEveryMs: number;
}

export type FromThread =
  | { kind: 'progress'; progress: TrainProgress }
  | { kind: 'result'; result: TrainResult }
  | { kind: 'refused'; message: string; field: string };
