/** What monitoring remembers between its activities, by key. */
import type { RecordTransaction } from '../../adapters/record-store/port.ts';
import type { Objective } from '../../contracts/model.ts';
import type { IncidentRecord } from '../../contracts/records.ts';
import type { BundleManifest } from '../../contracts/serving.ts';
import type { IncidentResponse } from '../../contracts/workflows.ts';
import type { LossReference } from '../../domain/monitoring/loss-shift.ts';
import type { DayMeasure } from '../../domain/monitoring/objectives.ts';
import type { Override } from '../../domain/monitoring/fallback-choice.ts';

/** How far monitoring has looked. */
export interface MonitoringProgress {
  readonly cohort: number;
  /** Last measured event day; null before the first. */
  readonly day: string | null;
  /** Last day whose objectives have been judged. */
  readonly judged: string | null;
}

/** What an incident rests on, beside its record. */
export interface IncidentFacts {
  readonly objective: Objective;
  /** Epoch milliseconds, as in the record. */
  readonly openedAt: number;
  /** Last cohort of the finding; null for findings over days. */
  readonly cohort: number | null;
  /** Affected event days, in order. */
  readonly days: readonly string[];
  /** Rows of the future validation case. */
  readonly where: string;
}

export interface RecoveryProgress {
  readonly cohort: number;
  readonly freshInARow: number;
  /** Last day looked at, and the judged days since the response. */
  readonly day: string | null;
  readonly history: readonly DayMeasure[];
  readonly recoveredAt: number | null;
  readonly because: string | null;
}

/** One order to the traffic router, decided once. */
export interface FallbackOrder {
  readonly generation: number;
  readonly decisionId: string;
  readonly bundle: string | null;
}

interface Memories {
  'monitoring/progress': MonitoringProgress;
  'monitoring/overrides': { readonly generation: number; readonly overrides: readonly Override[] };
  /** What the stable bundle was certified with. */
  'monitoring/reference': LossReference;
  /** The override in effect, for every stage to read. */
  'monitoring/fallback': Override;
}
type IncidentMemories = {
  facts: IncidentFacts;
  recovery: RecoveryProgress;
  respond: { readonly order: FallbackOrder | null; readonly response: IncidentResponse };
  close: FallbackOrder | null;
};

export async function recall<K extends keyof Memories>(tx: RecordTransaction, key: K): Promise<Memories[K] | null> {
  return ((await tx.get('memory', key))?.value as Memories[K] | undefined) ?? null;
}

export async function remember<K extends keyof Memories>(
  tx: RecordTransaction,
  key: K,
  value: Memories[K],
): Promise<void> {
  await tx.put('memory', key, { value });
}

/** @returns undefined when nothing was remembered; null may have been. */
export async function recallOf<K extends keyof IncidentMemories>(
  tx: RecordTransaction,
  incidentId: string,
  key: K,
): Promise<IncidentMemories[K] | undefined> {
  return (await tx.get('memory', `${incidentId}/${key}`))?.value as IncidentMemories[K] | undefined;
}

export async function rememberOf<K extends keyof IncidentMemories>(
  tx: RecordTransaction,
  incidentId: string,
  key: K,
  value: IncidentMemories[K],
): Promise<void> {
  await tx.put('memory', `${incidentId}/${key}`, { value });
}

/** The incident and its facts. @throws when it was never opened: only monitoring opens incidents. */
export async function incidentOf(
  tx: RecordTransaction,
  incidentId: string,
): Promise<{ incident: IncidentRecord; facts: IncidentFacts }> {
  const incident = await tx.get('incident', incidentId);
  const facts = await recallOf(tx, incidentId, 'facts');
  if (incident === null || facts === undefined) throw new Error(`there is no incident ${incidentId}`);
  return { incident, facts };
}

/** Outcome-rate features a bundle reads when serving; none for one without a manifest. */
export function outcomeFeatures(manifest: BundleManifest | null): string[] {
  const features = manifest?.features.map(({ feature }) => feature) ?? [];
  return features.flatMap((feature) => (feature.kind === 'outcomeRate' ? [feature.name] : []));
}

/** A bundle whose recipe is this answers the declared constant. */
export const CONSTANT_RECIPE = 'constant';

/** Whether any of the bundles was trained: objectives say nothing of the declared constant. */
export async function anyTrained(tx: RecordTransaction, bundles: readonly string[]): Promise<boolean> {
  for (const bundle of bundles) {
    const manifest = await tx.get('bundle', bundle);
    if (manifest !== null && manifest.recipe !== CONSTANT_RECIPE) return true;
  }
  return false;
}
