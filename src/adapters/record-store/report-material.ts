/** What is on record for pages of evidence, read in one transaction each; null where there is nothing of the kind. */
import type { ExperimentMaterial } from '../../domain/report/experiment-report.ts';
import type { DatasetMaterial } from '../../domain/report/dataset-report.ts';
import type { RolloutMaterial, ToldOrder } from '../../domain/report/material.ts';
import { caseInWords } from '../../domain/monitoring/case-words.ts';
import type { MonitoringMaterial, WholeIncident } from '../../domain/report/monitoring-report.ts';
import { DAY_MS, durationMs, epochMs, isoDay, isoInstant } from '../../domain/time.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import type { CommandRecord, IncidentRecord } from '../../contracts/records.ts';
import type { RecordTransaction } from './port.ts';
import { readRecordedRollout } from './recorded-rollout.ts';

/** Everything a page about a rollout tells; null where nothing of it has been decided. */
export async function readRolloutMaterial(tx: RecordTransaction, rolloutId: string): Promise<RolloutMaterial | null> {
  const recorded = await readRecordedRollout(tx, rolloutId);
  const declaration = await declarationOf(tx);
  const candidate = (await tx.list('candidate')).find(({ body }) => body.rolloutId === rolloutId)?.body;
  if (declaration === null || candidate === undefined || recorded.chain.length === 0) return null;
  const scores = await tx.list('scores', { prefix: `${rolloutId}/` });
  const timings = await tx.list('timings', { prefix: `${rolloutId}/` });
  const commands = (await tx.list('command')).filter(({ body }) => body.target === rolloutId);
  const { idea, claim, outcome, reason, decidedAt, exposureHistory } = candidate;
  return {
    model: declaration.model,
    recorded,
    idea,
    claim,
    outcome,
    reason,
    decidedAt,
    exposures: exposureHistory,
    scores: scores.map(({ body }) => body),
    timings: timings.map(({ body }) => body),
    incidents: await incidentsOpenIn(tx, candidate.readyAt, decidedAt),
    orders: commands.map(({ body }) => orderOf(body)),
    servingCheck: ((await tx.get('memory', `${rolloutId}/infra`))?.value as RolloutMaterial['servingCheck']) ?? null,
    unit: declaration.unit.name,
    calendar: { origin: epochMs(declaration.source.backfillUntil), lengthMs: durationMs(declaration.cohort) },
  };
}

function orderOf({ commandId, command, by, channel, body, eventTime }: CommandRecord): ToldOrder {
  const { reason } = (body ?? {}) as { readonly reason?: unknown };
  const said = typeof reason === 'string' && reason !== '' ? reason : null;
  return { commandId, command, by, channel, reason: said, eventTime: eventTime ?? null };
}

async function declarationOf(tx: RecordTransaction): Promise<ModelDeclaration | null> {
  return (await tx.get('model', 'declaration'))?.declaration ?? null;
}

/** Alerts that were open at some time of a span; `to` null: until now. */
async function incidentsOpenIn(tx: RecordTransaction, from: string, to: string | null): Promise<IncidentRecord[]> {
  const incidents = await tx.list('incident');
  return incidents
    .map(({ body }) => body)
    .filter(
      ({ openedAt, closedAt }) =>
        (to === null || epochMs(openedAt) <= epochMs(to)) && (closedAt === null || epochMs(closedAt) >= epochMs(from)),
    );
}

/** An incident with the case that it has proposed, where people judge new cases. */
async function withCase(tx: RecordTransaction, incident: IncidentRecord): Promise<WholeIncident> {
  const proposed = await tx.get('proposedCase', incident.id);
  if (proposed === null) return incident;
  const { suiteCase, role, word } = proposed;
  return { ...incident, newCase: { caseId: suiteCase.id, inWords: caseInWords(suiteCase), role, word } };
}

async function withCases(tx: RecordTransaction, incidents: readonly IncidentRecord[]): Promise<WholeIncident[]> {
  const whole: WholeIncident[] = [];
  for (const one of incidents) whole.push(await withCase(tx, one));
  return whole;
}

export async function readDatasetMaterial(tx: RecordTransaction, digest: string): Promise<DatasetMaterial | null> {
  const version = await tx.get('datasetVersion', digest);
  const declaration = await declarationOf(tx);
  if (version === null || declaration === null) return null;
  const days = new Set(version.partitions.map(({ day }) => day));
  const landed = await tx.list('partition');
  const { attributionWindow, ingestionLag } = declaration.label;
  return {
    model: declaration.model,
    version,
    partitions: new Map(landed.filter(({ key }) => days.has(key)).map(({ key, body }) => [key, body])),
    maturityMs: durationMs(attributionWindow) + durationMs(ingestionLag),
    unit: declaration.unit.name,
    bundles: (await tx.list('bundle'))
      .filter(({ body }) => body.datasetVersion === digest)
      .map(({ key, body }) => ({ bundle: key, idea: body.idea })),
  };
}

/** One attempt as experimentation remembers it, and what its training left. */
interface Remembered {
  readonly idea: string;
  readonly attempt: number;
  readonly hypothesis?: string;
  readonly asOf: string;
  readonly readyAt: string;
  readonly abandoned: string | null;
  readonly bundle: string | null;
}
type Trained = Pick<NonNullable<ExperimentMaterial['training']>, 'recipe' | 'rows' | 'iterations' | 'trainLoss'> & {
  readonly curve?: NonNullable<ExperimentMaterial['training']>['curve'];
  readonly features: ReadonlyArray<{ readonly name: string }>;
};

export async function readExperimentMaterial(
  tx: RecordTransaction,
  experimentId: string,
): Promise<ExperimentMaterial | null> {
  const remembered = (await tx.get('memory', `experimentation/attempt/${experimentId}`))?.value as
    | Remembered
    | undefined;
  const declaration = await declarationOf(tx);
  if (remembered === undefined || declaration === null) return null;
  const { idea, attempt, asOf, readyAt, abandoned, bundle } = remembered;
  const declared = declaration.ideas.find(({ id }) => id === idea);
  const candidate = bundle === null ? null : await tx.get('candidate', bundle);
  const rolloutId = candidate?.rolloutId ?? null;
  return {
    model: declaration.model,
    experimentId,
    idea,
    attempt,
    hypothesis: remembered.hypothesis ?? declared?.hypothesis ?? '',
    claim: candidate?.claim ?? declared?.claim ?? 'not-worse',
    asOf,
    readyAt,
    unit: declaration.unit.name,
    abandoned,
    bundle,
    training: await trainingOf(tx, experimentId, bundle),
    outcome: candidate?.outcome ?? null,
    reason: candidate?.reason ?? null,
    rollout: rolloutId === null ? null : await readRolloutMaterial(tx, rolloutId),
  };
}

async function trainingOf(
  tx: RecordTransaction,
  experimentId: string,
  bundle: string | null,
): Promise<ExperimentMaterial['training']> {
  const trained = (await tx.get('memory', `${experimentId}/trained`))?.value as Trained | undefined;
  if (trained === undefined) return null;
  const { recipe, rows, iterations, trainLoss, features, curve = [] } = trained;
  const manifest = bundle === null ? null : await tx.get('bundle', bundle);
  const datasetVersion = manifest?.datasetVersion ?? null;
  return { recipe, rows, iterations, trainLoss, curve, features: features.map(({ name }) => name), datasetVersion };
}

/** @param from First and @param to last day, both in; null: the end of what is measured */
export async function readMonitoringMaterial(
  tx: RecordTransaction,
  from: string,
  to: string | null,
): Promise<MonitoringMaterial | null> {
  const declaration = await declarationOf(tx);
  if (declaration === null) return null;
  const measured = (await tx.list('performance')).map(({ body }) => body);
  const last = to ?? measured.at(-1)?.day ?? from;
  const through = await tx.watermark();
  return {
    model: declaration.model,
    unit: declaration.unit.name,
    days: measured.filter(({ day }) => day >= from && day <= last),
    incidents: await withCases(tx, await incidentsOpenIn(tx, from, isoInstant(epochMs(last) + DAY_MS))),
    from,
    to: last,
    through: through === null ? null : isoInstant(through),
  };
}

/** Days around an incident that say how it came and went. */
const DAYS_BEFORE = 14;
const DAYS_AFTER = 7;

/** The days around an incident. */
export async function readIncidentMaterial(
  tx: RecordTransaction,
  incidentId: string,
): Promise<{ readonly around: MonitoringMaterial; readonly incident: MonitoringMaterial['incidents'][number] } | null> {
  const incident = await tx.get('incident', incidentId);
  if (incident === null) return null;
  const { openedAt, closedAt } = incident;
  const from = isoDay(epochMs(openedAt) - DAYS_BEFORE * DAY_MS);
  const to = isoDay(epochMs(closedAt ?? openedAt) + DAYS_AFTER * DAY_MS);
  const around = await readMonitoringMaterial(tx, from, to);
  return around === null ? null : { around, incident: await withCase(tx, incident) };
}
