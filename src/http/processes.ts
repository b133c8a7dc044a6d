import { incidents } from './incident.ts';
import { campaigns } from './labeling.ts';
import type { OrderedProcess } from './orders.ts';
import { rollouts } from './rollout.ts';

/** What takes orders over HTTP, by its place in the path: `POST /v1/<place>/{id}/{command}`. */
export const PROCESSES: Readonly<Record<string, OrderedProcess>> = { rollouts, incidents, campaigns };
