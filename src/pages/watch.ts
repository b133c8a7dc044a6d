/** A rollout that is watched, at one glance: its ladder, exposure, gate, people and last decisions. Pure. */
import { alignedTable, grouped } from '../domain/aligned-table.ts';
import { claimInWords, exposureInWords, needsPerson, whatToType, waitingForInWords } from '../domain/rollout/words.ts';
import type { Rollout } from '../domain/rollout/words.ts';
import type { RolloutState, Step, StreamProgress } from '../domain/rollout/states.ts';
import { HOUR_MS, lengthInWords } from '../domain/time.ts';
import type { Paint } from './live.ts';

/** One decision, as the list of the last ones shows it. */
export interface DecisionSeen {
  readonly decisionId: string;
  readonly eventTime: string;
  readonly verdict: string;
  readonly inWords: string;
}

export interface WatchView {
  readonly rollout: Rollout;
  readonly state: RolloutState;
  /** Oldest first. */
  readonly decisions: readonly DecisionSeen[];
}

const BAR_CELLS = 20;
const DECISIONS_SHOWN = 4;
const LABEL_WIDTH = 10;
const DIGEST_SHOWN = 8;

/** Lines of the screen. @param columns Sentences are wrapped to; the rest the caller cuts */
export function watchScreen({ rollout, state, decisions }: WatchView, columns: number, paint: Paint): string[] {
  const { idea, bundle, claim, rolloutId } = rollout;
  return [
    `${paint.heading(rolloutId)}  ${idea} ${bundle.slice(0, DIGEST_SHOWN)}, which ${claimInWords(claim)}`,
    '',
    labelled('Phase', phaseInWords(state, paint)),
    labelled('Steps', stepsInALine(state)),
    labelled('Exposure', exposureLine(state)),
    labelled('Waits for', waitingForInWords(state)),
    ...gateLines(state, columns, paint),
    ...peopleLines(rollout, state, paint),
    ...decisionLines(decisions, columns, paint),
  ];
}

function phaseInWords({ phase, decision, escalated }: RolloutState, paint: Paint): string {
  if (decision !== null) {
    const shown = decision.outcome === 'promoted' ? paint.good : paint.bad;
    return shown(`${decision.outcome.replace('_', ' ')} — ${decision.reason}`);
  }
  if (phase === 'paused') return paint.urgent('paused');
  return escalated ? paint.urgent(`${phase}, past the deadline of the step`) : phase;
}

/** `✓ offline  ✓ shadow  > 5 %  . 25 % (1 approval)  . full`. */
function stepsInALine({ brief, step, decision }: RolloutState): string {
  if (brief === null) return 'not known yet';
  const isPromoted = decision?.outcome === 'promoted';
  return brief.steps
    .map((each, index) => {
      const mark = isPromoted || index < step ? '✓' : index > step ? '.' : decision === null ? '>' : 'x';
      const wants = each.approvals === null ? '' : ` (${each.approvals.quorum} to approve)`;
      return `${mark} ${stepName(each)}${wants}`;
    })
    .join('   ');
}

const stepName = ({ mode, exposure }: Step): string => (mode === 'canary' ? exposureInWords(exposure) : mode);

function exposureLine({ exposure, last }: RolloutState): string {
  const measured = last?.measured ?? null;
  const seen =
    measured === null
      ? ''
      : `, ${exposureInWords(measured.share)} measured of ${grouped(measured.units)} units of cohort ${last?.cohort}`;
  return `${bar(exposure)} ${exposureInWords(exposure)} desired${seen}`;
}

/** At least one cell of anything above nothing. */
function bar(share: number, cells = BAR_CELLS): string {
  const filled = share === 0 ? 0 : Math.max(1, Math.floor(share * cells));
  return `[${'#'.repeat(filled)}${'.'.repeat(cells - filled)}]`;
}

function gateLines({ last, decision }: RolloutState, columns: number, paint: Paint): string[] {
  if (last === null) return [];
  const { cohort, eventTime, verdict, progress, unmet } = last;
  const rows = progress === undefined ? last.table.split('\n') : progressTable(progress).split('\n');
  return [
    '',
    `${paint.heading('Gate')} after cohort ${cohort}, ${eventTime}: ${verdictPainted(verdict, paint)}`,
    ...rows.map((row) => `  ${row}`),
    ...(decision === null ? unmet.flatMap((condition) => wrapped('  - ', condition, columns)) : []),
  ];
}

/** A row a metric: how near it is to the certificate of safety, and to that of harm. */
function progressTable(rows: readonly StreamProgress[]): string {
  const cells = rows.map(({ stream, assessment, safe, harm, units, unitsMin, leftMs }) => [
    stream,
    safe === null ? '' : `${bar(safe, BAR_CELLS / 2)} ${percent(safe)}`,
    unitsMin === null ? grouped(units) : `${grouped(units)}/${grouped(unitsMin)}`,
    harm < 0.005 ? 'none' : percent(harm),
    assessment,
    leftInWords(assessment, leftMs, safe),
  ]);
  return alignedTable([['metric', 'certified safe', 'units', 'harm', 'assessment', 'left'], ...cells], 'llrrll');
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;

function leftInWords(assessment: string, leftMs: number | null, safe: number | null): string {
  if (safe === null) return '';
  if (leftMs === null) return 'not to be said yet';
  if (leftMs === 0) return assessment === 'successful' ? 'nothing' : '';
  return `about ${lengthInWords(leftMs < HOUR_MS ? leftMs : Math.ceil(leftMs / HOUR_MS) * HOUR_MS)}`;
}

function verdictPainted(verdict: string, paint: Paint): string {
  if (verdict === 'advance') return paint.good(verdict);
  if (verdict === 'rollback') return paint.bad(verdict);
  return verdict === 'continue' ? verdict : paint.urgent(verdict);
}

function peopleLines(rollout: Rollout, state: RolloutState, paint: Paint): string[] {
  if (!needsPerson(state)) return [];
  return ['', paint.urgent('A person is needed'), ...whatToType(rollout, state).map((line) => `  ${line}`)];
}

function decisionLines(decisions: readonly DecisionSeen[], columns: number, paint: Paint): string[] {
  if (decisions.length === 0) return [];
  const shown = decisions.slice(-DECISIONS_SHOWN);
  return [
    '',
    paint.heading('Last decisions'),
    ...shown.flatMap(({ eventTime, verdict, inWords }) =>
      wrapped(`  ${eventTime}  `, `${verdict}: ${inWords}`, columns),
    ),
  ];
}

/** A sentence behind a head; what does not fit goes on below, under its beginning. */
function wrapped(head: string, sentence: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && head.length + last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => `${index === 0 ? head : ' '.repeat(head.length)}${line}`);
}

const labelled = (label: string, text: string): string => `${label.padEnd(LABEL_WIDTH)} ${text}`;
