import type { Summary } from '../contracts/summary.ts';
import { exposureInWords } from '../domain/rollout/words.ts';

/** What an unattended run did, for a person: the same facts as the summary's document, in the order in which they are asked for. */
export function closingReport(summary: Summary): string {
  const { model, eventTime, collection, candidates, stableHistory, incidents, counts, temporal, wall } = summary;
  const quarantined = Object.entries(collection.quarantined).map(([check, rows]) => `${rows} by ${check}`);
  const events = temporal.workflows.reduce((total, { historyEvents }) => total + historyEvents, 0);
  return [
    `${model} from ${eventTime.from ?? 'nowhere'} to ${eventTime.until ?? 'nowhere'}`,
    '',
    `collection: ${collection.partitionsAccepted} days accepted, ${collection.blocked.length} blocked, ${collection.accepted} of ${collection.rows} rows`,
    ...(quarantined.length > 0 ? [`  quarantined: ${quarantined.join(', ')}`] : []),
    ...collection.blocked.map(({ day, reason }) => `  ${day} blocked: ${reason}`),
    '',
    'candidates:',
    ...candidates.flatMap(candidateLines),
    '',
    'served as stable:',
    ...stableHistory.map(({ since, idea, bundle }) => `  ${since}  ${idea} ${bundle.slice(0, 8)}`),
    '',
    incidents.length === 0 ? 'incidents: none' : 'incidents:',
    ...incidents.map(
      ({ id, symptom, closedAt }) => `  ${id}: ${symptom}; ${closedAt === null ? 'open' : `closed ${closedAt}`}`,
    ),
    '',
    `${counts.predictions} predictions, ${counts.outcomes} outcomes, ${counts.decisions} decisions, ${counts.approvals} approvals`,
    `${temporal.workflows.length} workflows with ${events} events of history; ${wall.totalSeconds} s`,
    `story ${summary.storyDigest}`,
  ].join('\n');
}

function candidateLines({
  idea,
  attempt,
  bundle,
  outcome,
  reason,
  exposureHistory,
}: Summary['candidates'][number]): string[] {
  const way = exposureHistory.map(
    ({ mode, exposure, eventTime }) =>
      `${mode === 'canary' ? exposureInWords(exposure) : mode} ${eventTime.slice(0, 13)}h`,
  );
  return [
    `  ${idea} ${attempt} (${bundle.slice(0, 8)}): ${outcome.replace('_', ' ')}${reason === null ? '' : ` — ${reason}`}`,
    ...(way.length > 0 ? [`    ${way.join(' → ')}`] : []),
  ];
}
