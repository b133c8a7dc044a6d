/** A rollout that is watched, at one glance: its ladder, exposure, gate, people and last decisions. Pure. */
import { alignedTable, grouped } from '../domain/aligned-table.ts';
import { claimInWords, exposureInWords, needsPerson, whatToType, waitingForInWords } from '../domain/rollout/words.ts';
import type { Rollout } from '../domain/rollout/words.ts';
import type { RolloutState, Step, StreamProgress } from '../domain/rollout/states.ts';
import { HOUR_MS, lengthInWords } from '../domain/time.ts';
import type { Paint } from './live.ts';
import { packed, shellLines, wrapped } from './screen.ts';
import type { Block } from './screen.ts';

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

/** What gives way first where a terminal is low, the highest first; the words of a model stand between, in the caller's hands. */
const YIELDS = { gate: 1, unmet: 2, decisions: 10 } as const;
const INDENT = '  ';
const BAR_CELLS = 20;
const DECISIONS_SHOWN = 4;
const LABEL_WIDTH = 10;
const DIGEST_SHOWN = 8;

/**
 * The screen in blocks: what a person has to do never gives way; decisions go first, then what is unmet, then the gate.
 * @param columns Sentences are wrapped to; the rest the caller cuts
 */
export function watchBlocks({ rollout, state, decisions }: WatchView, columns: number, paint: Paint): Block[] {
  const { idea, bundle, claim, rolloutId } = rollout;
  const subject = `${idea} ${bundle.slice(0, DIGEST_SHOWN)}, which ${claimInWords(claim)}`;
  const [first = '', ...rest] = wrapped(`${rolloutId}  `, subject, columns);
  return [
    { lines: [first.replace(rolloutId, paint.heading(rolloutId)), ...rest.map((line) => line.trimStart())], yields: 0 },
    {
      lines: [
        ...phaseLines(state, columns, paint),
        ...packed(labelled('Steps', ''), stepsOf(state), STEP_GAP, columns),
        ...wrapped(labelled('Exposure', ''), exposureLine(state), columns),
        ...wrapped(labelled('Waits for', ''), waitingForInWords(state), columns),
      ],
      yields: 0,
    },
    ...gateBlocks(state, columns, paint),
    { lines: peopleLines(rollout, state, columns, paint), yields: 0 },
    ...decisionBlocks(decisions, columns, paint),
  ];
}

function phaseLines({ phase, decision, escalated }: RolloutState, columns: number, paint: Paint): string[] {
  const lines = (text: string, tone: (text: string) => string): string[] => {
    const label = labelled('Phase', '');
    return wrapped(label, text, columns).map(
      (line) => `${line.slice(0, label.length)}${tone(line.slice(label.length))}`,
    );
  };
  if (decision !== null) {
    const { outcome, reason } = decision;
    return lines(`${outcome.replace('_', ' ')} — ${reason}`, outcome === 'promoted' ? paint.good : paint.bad);
  }
  if (phase === 'paused') return lines('paused', paint.urgent);
  return escalated ? lines(`${phase}, past the deadline of the step`, paint.urgent) : lines(phase, (text) => text);
}

const STEP_GAP = '   ';

/** `✓ offline`, `✓ shadow`, `> 5 %`, `. 25 % (1 to approve)`, `. full`. */
function stepsOf({ brief, step, decision }: RolloutState): string[] {
  if (brief === null) return ['not known yet'];
  const isPromoted = decision?.outcome === 'promoted';
  return brief.steps.map((each, index) => {
    const mark = isPromoted || index < step ? '✓' : index > step ? '.' : decision === null ? '>' : 'x';
    const wants = each.approvals === null ? '' : ` (${each.approvals.quorum} to approve)`;
    return `${mark} ${stepName(each)}${wants}`;
  });
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

function gateBlocks({ last, decision }: RolloutState, columns: number, paint: Paint): Block[] {
  if (last === null) return [];
  const { cohort, eventTime, verdict, progress, unmet } = last;
  const rows = progress === undefined ? last.table.split('\n') : progressTable(progress).split('\n');
  const conditions = decision === null ? unmet.flatMap((condition) => wrapped('  - ', condition, columns)) : [];
  const head = `${paint.heading('Gate')} after cohort ${cohort}, ${eventTime}: ${verdictPainted(verdict, paint)}`;
  return [
    { lines: [head, ...rows.map((row) => `  ${row}`)], yields: YIELDS.gate },
    { lines: conditions, yields: YIELDS.unmet, follows: true },
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
  if (safe === null || assessment === 'failed') return '';
  if (leftMs === null) return 'not to be said yet';
  if (leftMs === 0) return assessment === 'successful' ? 'nothing' : '';
  return `about ${lengthInWords(leftMs < HOUR_MS ? leftMs : Math.ceil(leftMs / HOUR_MS) * HOUR_MS)}`;
}

function verdictPainted(verdict: string, paint: Paint): string {
  if (verdict === 'advance') return paint.good(verdict);
  if (verdict === 'rollback') return paint.bad(verdict);
  return verdict === 'continue' ? verdict : paint.urgent(verdict);
}

function peopleLines(rollout: Rollout, state: RolloutState, columns: number, paint: Paint): string[] {
  if (!needsPerson(state)) return [];
  const words = whatToType(rollout, state).flatMap((line) => shellLines(line, columns - INDENT.length));
  return [paint.urgent('A person is needed'), ...words.map((line) => `${INDENT}${line}`)];
}

/** Under their heading; the oldest give way first. */
function decisionBlocks(decisions: readonly DecisionSeen[], columns: number, paint: Paint): Block[] {
  if (decisions.length === 0) return [];
  const shown = decisions.slice(-DECISIONS_SHOWN).map(({ eventTime, verdict, inWords }, index) => ({
    lines: wrapped(`${INDENT}${eventTime}  `, `${verdict}: ${inWords}`, columns),
    yields: YIELDS.decisions + DECISIONS_SHOWN - index,
    whole: true,
    follows: true,
  }));
  return [{ lines: [paint.heading('Last decisions')], yields: YIELDS.decisions, heads: true }, ...shown];
}

const labelled = (label: string, text: string): string => `${label.padEnd(LABEL_WIDTH)} ${text}`;
