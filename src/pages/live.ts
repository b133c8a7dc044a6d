/** What runs, on one screen: event time and traffic, who serves, where the candidate stands, what each stage waits for. Pure. */
import type {
  CandidateRecord,
  DecisionRecord,
  IncidentRecord,
  PerformanceRecord,
  StableRecord,
} from '../contracts/records.ts';
import type { ApprovalRequestRecord, ProposedCaseRecord, StageRecord } from '../contracts/records.ts';
import type { LadderStep } from '../contracts/rollout-policy.ts';
import { grouped } from '../domain/aligned-table.ts';
import { commandLine } from '../domain/command-line.ts';
import type { Scoreboard } from '../domain/rollout/scoreboard.ts';
import { exposureInWords } from '../domain/rollout/words.ts';
import { scoreboardTable } from './scoreboard.ts';
import { fitted, shellLines, wrapped } from './screen.ts';
import type { Block } from './screen.ts';
import { keysLine, troubleLine } from './trouble.ts';
import type { Trouble } from './trouble.ts';

export interface LiveView {
  readonly model: string;
  readonly title: string;
  /** Event time traffic has come to, ISO 8601; null before the first. */
  readonly eventTime: string | null;
  readonly untilDay: string | null;
  readonly predictions: number;
  readonly outcomes: number;
  /** Predictions per wall second; null while nothing moves. */
  readonly perSecond: number | null;
  /** What event time waits for; empty while it runs. */
  readonly waitingFor: readonly string[];
  /** What is wrong, in words; null when nothing is. */
  readonly trouble: string | null;
  readonly drill: string | null;
  readonly ended: boolean;
  readonly uiUrl: string | null;
  readonly steps: readonly LadderStep[];
  readonly stable: StableRecord | null;
  readonly candidate: CandidateRecord | null;
  readonly queued: readonly string[];
  readonly stages: readonly StageRecord[];
  readonly decisions: readonly DecisionRecord[];
  readonly incidents: readonly IncidentRecord[];
  readonly performance: PerformanceRecord | null;
  readonly requests: readonly ApprovalRequestRecord[];
  /** Cases that wait for a word. */
  readonly proposedCases: readonly ProposedCaseRecord[];
  /** The candidate decided last; null before the first. */
  readonly decided: CandidateRecord | null;
  /** What simpler rules would have done on the same stream; null before anything can be compared. */
  readonly scoreboard: Scoreboard | null;
  /** What the watcher has broken by a key; null where there are no keys. */
  readonly keys: { readonly troubles: readonly Trouble[]; readonly slice: string | null } | null;
}

/** Colours by meaning; the identity where a terminal has none. */
export interface Paint {
  readonly heading: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly urgent: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** What gives way first where a terminal is low, the highest first. */
const YIELDS = { incidents: 1, serving: 2, stages: 3, score: 4, decisions: 10 } as const;
const DECISIONS_SHOWN = 5;
const DIGEST_SHOWN = 8;
const BAR_CELLS = 20;
const LABEL_WIDTH = 16;

/** Lines of the screen, none wider than `columns`, and no more than `rows`: what a person has to do and the foot give way last. */
export function liveScreen(view: LiveView, columns: number, paint: Paint, rows = Number.POSITIVE_INFINITY): string[] {
  const stages = view.stages.map((stage) =>
    labelled(stageName(stage), `${stage.inWords}; waits for ${stage.waitingFor}`),
  );
  const top = [paint.heading(`Holdfast — ${view.model}: ${view.title}`), ...clockLines(view, paint)];
  const blocks: Block[] = [
    { lines: [...top, ...troubleLines(view, columns, paint)], yields: 0 },
    { lines: servingLines(view, paint), yields: YIELDS.serving },
    { lines: scoreLines(view, paint), yields: YIELDS.score, whole: true },
    { lines: stages, yields: YIELDS.stages },
    ...decisionBlocks(view, paint),
    { lines: incidentLines(view, paint), yields: YIELDS.incidents },
    { lines: requestLines(view, columns, paint), yields: 0 },
    { lines: footerLines(view, paint), yields: 0 },
  ];
  return fitted(blocks, rows)
    .slice(-rows)
    .map((line) => cut(line, columns));
}

/** Beside what happened, what would have happened. */
function scoreLines({ scoreboard }: LiveView, paint: Paint): string[] {
  if (scoreboard === null) return [];
  const [head = '', ...rows] = scoreboardTable(scoreboard);
  return [paint.heading(head), ...rows.map((row) => `  ${row}`)];
}

/** What the watcher has broken, since when, and what is done about it. */
function troubleLines(view: LiveView, columns: number, paint: Paint): string[] {
  const { keys, decisions, incidents, candidate, decided } = view;
  if (keys === null) return [];
  const { slice, troubles } = keys;
  return troubles.flatMap((trouble) => {
    const words = troubleLine(trouble, { candidate, decided, decisions, incidents, slice });
    const tone = trouble.healedAt === null ? paint.urgent : paint.faint;
    const label = trouble.healedAt === null ? 'Broken' : 'Healed';
    return wrapped(labelled(label, ''), words, columns - 1).map(tone);
  });
}

/** What has changed for people since the last view, one line each: for logs and for terminals that cannot redraw. */
export function liveNews(before: LiveView | null, now: LiveView): string[] {
  const at = now.eventTime ?? 'before traffic';
  const news: string[] = [];
  const day = now.eventTime?.slice(0, 10);
  if (day !== undefined && day !== before?.eventTime?.slice(0, 10)) news.push(dayInWords(now, day));
  if (now.stable !== null && now.stable.bundle !== before?.stable?.bundle) {
    news.push(`stable is ${now.stable.idea} ${short(now.stable.bundle)} from ${now.stable.since}`);
  }
  // Later the stages change their words at every cohort; before the first traffic they are all there is to see.
  if (now.eventTime === null) {
    news.push(
      ...newOf(before?.stages, now.stages, ({ workflowId, inWords }) => `${workflowId} ${inWords}`).map(stageInWords),
    );
  }
  const stood = before?.candidate ?? null;
  const stands = now.candidate;
  if (stands !== null && (stands.bundle !== stood?.bundle || stands.step !== stood.step)) {
    news.push(`candidate ${stands.idea} ${short(stands.bundle)} is at ${positionInWords(stands)}`);
  }
  news.push(
    ...newOf(before?.decisions, now.decisions, (decision) => decision.decisionId)
      .filter(isNews)
      .map(decisionInWords),
  );
  news.push(
    ...newOf(before?.incidents, now.incidents, ({ id, closedAt }) => `${id} ${closedAt ?? ''}`).map(incidentInWords),
  );
  news.push(
    ...newOf(before?.requests, now.requests, requestKey).map((request) => `needs a person: ${approveCommand(request)}`),
    ...newOf(before?.proposedCases, now.proposedCases, ({ suiteCase }) => suiteCase.id).map(
      (proposed) => `needs a person: ${acceptCommand(proposed)}`,
    ),
  );
  if (now.drill !== (before?.drill ?? null)) news.push(now.drill === null ? 'drill is over' : `drill: ${now.drill}`);
  if (now.trouble !== (before?.trouble ?? null)) news.push(now.trouble ?? 'trouble is over');
  if (now.ended && before?.ended !== true) news.push('end of the data: no more traffic, everything goes on serving');
  return news.map((line) => `${at}  ${line}`);
}

/** The command that answers a request, as it can be typed in the project's folder. */
export function approveCommand(request: ApprovalRequestRecord): string {
  const evidence = request.evidenceDigest.slice(0, 16);
  return `npx holdfast approve ${request.rolloutId} --evidence ${evidence} --as NAME --reason "…"`;
}

/** The command that takes a proposed case, likewise. */
function acceptCommand({ suiteCase }: ProposedCaseRecord): string {
  return commandLine(suiteCase.incidentId ?? '', 'acceptCase', {});
}

function clockLines(view: LiveView, paint: Paint): string[] {
  const speed = view.perSecond === null ? '' : `, ${Math.round(view.perSecond)} a second`;
  const until = view.untilDay === null ? '' : ` (until ${view.untilDay})`;
  const lines = [
    labelled('Event time', `${view.eventTime ?? 'before the first traffic'}${until}`),
    labelled('Traffic', `${grouped(view.predictions)} predictions${speed}; ${grouped(view.outcomes)} outcomes`),
  ];
  if (view.waitingFor.length > 0) lines.push(paint.faint(labelled('Clock waits', view.waitingFor.join(', '))));
  if (view.trouble !== null) lines.push(paint.bad(labelled('Trouble', view.trouble)));
  if (view.drill !== null) lines.push(paint.urgent(labelled('Drill', view.drill)));
  return lines;
}

function servingLines({ stable, candidate, queued, steps, performance }: LiveView, paint: Paint): string[] {
  const lines = [
    labelled(
      'Stable',
      stable === null ? 'none yet' : paint.good(`${stable.idea} ${short(stable.bundle)} since ${stable.since}`),
    ),
    labelled('Candidate', candidate === null ? 'none' : `${candidate.idea} ${short(candidate.bundle)}`),
  ];
  if (candidate !== null) lines.push(labelled('Exposure', exposureBar(candidate, steps)));
  if (queued.length > 0) lines.push(labelled('In the queue', queued.join(', ')));
  if (performance !== null && performance.loss !== null) {
    const { day, loss, fallbackLoss, labelled: units } = performance;
    const against = fallbackLoss === null ? '' : `, the fallback ${fallbackLoss.toFixed(4)}`;
    lines.push(labelled('Last full day', `${day}: loss ${loss.toFixed(4)}${against}, ${grouped(units)} labelled`));
  }
  return lines;
}

/** `[####……………] 25 %   offline ✓  shadow ✓  1 %  5 %  ▸25 %  full`. */
function exposureBar(candidate: CandidateRecord, steps: readonly LadderStep[]): string {
  const exposure = candidate.exposureHistory.at(-1)?.exposure ?? 0;
  const filled = exposure === 0 ? 0 : Math.max(1, Math.round(exposure * BAR_CELLS));
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]`;
  const reached = Math.max(0, ...steps.map((step, index) => (isAt(candidate, step) ? index : 0)));
  const ladder = steps.map((step, index) => `${index === reached ? '>' : ''}${stepName(step)}`);
  return `${bar} ${exposureInWords(exposure)}   ${ladder.join('  ')}`;
}

function isAt({ step, exposureHistory }: CandidateRecord, ladderStep: LadderStep): boolean {
  if (step !== ladderStep.mode) return false;
  return ladderStep.mode !== 'canary' || exposureHistory.at(-1)?.exposure === ladderStep.exposure;
}

const stepName = (step: LadderStep): string => (step.mode === 'canary' ? exposureInWords(step.exposure) : step.mode);

/** The oldest give way first. */
function decisionBlocks({ decisions }: LiveView, paint: Paint): Block[] {
  const shown = decisions.slice(-DECISIONS_SHOWN).map((decision, index) => ({
    lines: [`  ${decision.eventTime}  ${decisionInWords(decision)}`],
    yields: YIELDS.decisions + DECISIONS_SHOWN - index,
    follows: true,
  }));
  return [{ lines: [paint.heading('Last decisions')], yields: YIELDS.decisions, heads: true }, ...shown];
}

function incidentLines({ incidents }: LiveView, paint: Paint): string[] {
  const open = incidents.filter(({ closedAt }) => closedAt === null);
  if (open.length === 0) return [];
  return [paint.heading('Incidents'), ...open.map((incident) => paint.bad(`  ${incidentInWords(incident)}`))];
}

function requestLines({ requests, proposedCases }: LiveView, columns: number, paint: Paint): string[] {
  const shown = (command: string): string[] => shellLines(command, columns - 2).map((line) => `  ${line}`);
  const waiting = requests.filter(({ approvals, quorum }) => approvals.length < quorum);
  const lines = [
    ...waiting.flatMap((request) => [
      `  ${request.idea} waits for approval by ${request.roles.join(' or ')} since ${request.since}:`,
      ...shown(approveCommand(request)),
    ]),
    ...proposedCases.flatMap((proposed) => [
      `  ${proposed.suiteCase.id} waits for a word of ${proposed.role}, whether the suite takes it:`,
      ...shown(acceptCommand(proposed)),
    ]),
  ];
  return lines.length === 0 ? [] : [paint.urgent('A person is needed'), ...lines];
}

function footerLines({ uiUrl, ended, keys }: LiveView, paint: Paint): string[] {
  const where = uiUrl === null ? '' : `Web UI ${uiUrl} — `;
  const state = ended ? 'end of the data, still serving; ' : '';
  const lines = [paint.faint(`${where}${state}Ctrl-C stops everything, npm start goes on from here`)];
  return keys === null ? lines : [...lines, keysLine(keys.troubles, keys.slice)];
}

function dayInWords({ predictions, outcomes }: LiveView, day: string): string {
  return `${day} begins: ${grouped(predictions)} predictions, ${grouped(outcomes)} outcomes so far`;
}

function positionInWords({ step, exposureHistory }: CandidateRecord): string {
  const exposure = exposureHistory.at(-1)?.exposure ?? 0;
  return exposure === 0 ? (step ?? 'the queue') : `${step ?? ''} with exposure ${exposureInWords(exposure)}`;
}

const decisionInWords = ({ verdict, step, inWords }: DecisionRecord): string => `${verdict} (${step}): ${inWords}`;
const incidentInWords = ({ id, symptom, response, closedAt }: IncidentRecord): string =>
  closedAt === null ? `incident ${id}: ${symptom}; response: ${response}` : `incident ${id} closed`;
/** Waiting is the usual verdict and would drown the rest. */
const isNews = ({ verdict }: DecisionRecord): boolean => verdict !== 'continue';
const requestKey = ({ rolloutId, step, evidenceDigest }: ApprovalRequestRecord): string =>
  `${rolloutId} ${step} ${evidenceDigest}`;

function newOf<T>(before: readonly T[] | undefined, now: readonly T[], key: (element: T) => string): T[] {
  const known = new Set((before ?? []).map(key));
  return now.filter((element) => !known.has(key(element)));
}

const stageInWords = (stage: StageRecord): string => `${stageName(stage)}: ${stage.inWords}`;
const stageName = ({ stage, workflowId }: StageRecord): string =>
  workflowId.startsWith(`${stage}/`) && stage !== 'rollout'
    ? capital(stage)
    : capital(workflowId.split('/')[0] ?? stage);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const labelled = (label: string, text: string): string => `${label.padEnd(LABEL_WIDTH)} ${text}`;
const short = (digest: string): string => digest.slice(0, DIGEST_SHOWN);

// The escape sequences of colours take no room on the screen.
// oxlint-disable-next-line no-control-regex
const SEQUENCE = /\u001b\[[0-9;]*m/y;

// oxlint-disable-next-line no-control-regex
const isEmpty = (rest: string): boolean => rest.replaceAll(/\u001b\[[0-9;]*m/g, '') === '';

/** Cut to a width; escape sequences take no room and are kept. */
export function cut(line: string, columns: number): string {
  let width = 0;
  let text = '';
  for (let at = 0; at < line.length;) {
    SEQUENCE.lastIndex = at;
    const sequence = SEQUENCE.exec(line)?.[0];
    if (sequence !== undefined) {
      text += sequence;
      at += sequence.length;
      continue;
    }
    if (width < columns - 1) text += line.charAt(at);
    else if (width === columns - 1) text += isEmpty(line.slice(at + 1)) ? line.charAt(at) : '…';
    width += 1;
    at += 1;
  }
  return text;
}
