import type { IncidentResponse } from '../contracts/workflows.ts';
import type { CaseDesk } from '../domain/monitoring/case-desk.ts';

/** What a run of an incident keeps at hand. */
export interface IncidentDesk {
  /** Looks at the recovery so far. */
  sequence: number;
  response: IncidentResponse | null;
  newCase: CaseDesk;
  inWords: string;
  phase: 'degraded' | 'healthy';
}
