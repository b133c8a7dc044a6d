/** Layers start in this order, each when the one before it serves, and stop in the reverse. */
export const LAYERS = ['server', 'service', 'load'] as const;

/** What it takes to run one process of the platform, and nothing about how it is watched. */
export interface ChildSpec {
  readonly name: string;
  readonly layer: (typeof LAYERS)[number];
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the supervisor's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** The signal that this program understands as "finish what you have begun and end". */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to finish before it is killed. */
  readonly stopPatienceMs: number;
  /** Where it listens: an answer counts only when it is this program that listens there. */
  readonly port?: number;
  /** Is it serving? Asked again and again after each start; a rejection counts as no. */
  ready(): Promise<boolean>;
  /** How long after its start it may answer no. */
  readonly readyPatienceMs: number;
  /** Runs before every start, also before a restart: clears what a crash has left. */
  beforeStart?(): Promise<void>;
  /** Is there nothing left to do when it ends with exit code 0? Otherwise every end is a death. */
  readonly mayFinish?: boolean;
}
