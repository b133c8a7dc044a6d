/** What the show reads from the records, in one transaction a look. */
import type { composeRecords } from '../../compose.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { CandidateRecord } from '../../contracts/records.ts';
import type { LiveView } from '../../pages/live.ts';

export type Records = Awaited<ReturnType<typeof composeRecords>>;
type Transaction = Parameters<Parameters<Records['transaction']>[1]>[0];

export type RecordedView = Pick<
  LiveView,
  | 'stable'
  | 'candidate'
  | 'decided'
  | 'queued'
  | 'stages'
  | 'decisions'
  | 'incidents'
  | 'performance'
  | 'requests'
  | 'proposedCases'
>;

const DECISIONS_READ = 20;
const STAGE_ORDER = ['collection', 'experimentation', 'experiment', 'promotion', 'rollout', 'monitoring', 'incident'];

/** A look at everything the screen shows. */
export function readView(records: Records, { model }: ModelDeclaration): Promise<RecordedView> {
  return records.transaction(model, async (tx) => {
    const candidates = (await tx.list('candidate')).map(({ body }) => body);
    const candidate = candidates.find(({ outcome }) => outcome === 'in_progress') ?? null;
    const [stable] = await tx.list('stable', { descending: true, limit: 1 });
    const [performance] = await tx.list('performance', { descending: true, limit: 1 });
    const stages = (await tx.list('stage')).map(({ body }) => body);
    return {
      stable: stable?.body ?? null,
      candidate,
      decided: lastDecided(candidates),
      queued: candidates.filter(({ outcome }) => outcome === 'queued').map(({ idea, attempt }) => `${idea} ${attempt}`),
      stages: stages.toSorted((a, b) => stageRank(a.workflowId) - stageRank(b.workflowId)),
      decisions: await lastDecisions(tx),
      incidents: (await tx.list('incident')).map(({ body }) => body),
      performance: performance?.body ?? null,
      requests: (await tx.list('approvalRequest')).map(({ body }) => body).filter(({ open }) => open),
      proposedCases: (await tx.list('proposedCase')).map(({ body }) => body).filter(({ word }) => word === null),
    };
  });
}

function lastDecided(candidates: readonly CandidateRecord[]): CandidateRecord | null {
  const decided = candidates.filter(({ decidedAt }) => decidedAt !== null);
  return decided.toSorted((a, b) => ((a.decidedAt ?? '') < (b.decidedAt ?? '') ? -1 : 1)).at(-1) ?? null;
}

async function lastDecisions(tx: Transaction): Promise<LiveView['decisions']> {
  return (await tx.list('decision'))
    .map(({ body }) => body)
    .filter(({ verdict }) => verdict !== 'continue')
    .toSorted((a, b) => (a.eventTime < b.eventTime ? -1 : a.eventTime > b.eventTime ? 1 : 0))
    .slice(-DECISIONS_READ);
}

const stageRank = (workflowId: string): number => STAGE_ORDER.indexOf(workflowId.split('/')[0] ?? '');
