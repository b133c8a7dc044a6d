/** Reports made from what is on record, each filed under its own digest, so that the page of a digest stays what it was. */
import type { ReportSubject } from '../../contracts/report-subject.ts';
import { datasetReport } from '../../domain/report/dataset-report.ts';
import { experimentReport } from '../../domain/report/experiment-report.ts';
import { incidentReport, monitoringReport } from '../../domain/report/monitoring-report.ts';
import { reportDigest } from '../../domain/report/report-digest.ts';
import type { Report } from '../../domain/report/report.ts';
import { decisionReport, rolloutReport } from '../../domain/report/rollout-report.ts';
import { DAY_MS, epochMs, isoDay } from '../../domain/time.ts';
import type { RecordStore, RecordTransaction, Reports } from './port.ts';
import {
  readDatasetMaterial,
  readExperimentMaterial,
  readIncidentMaterial,
  readMonitoringMaterial,
  readRolloutMaterial,
} from './report-material.ts';

/** A period of monitoring unless days are asked for. */
const PERIOD_DAYS = 28;

type Make = () => Report | null;

/**
 * Records are read in one transaction and the report is made after it: a rollout's own work waits for nobody who reads. Reports that are
 * made of the same records are the same, so filing one twice changes nothing.
 */
export function createReports(records: RecordStore): Reports {
  const filed = async (model: string, make: Make): Promise<Report | null> => {
    const report = make();
    if (report === null) return null;
    await records.transaction(model, async (tx) => void (await tx.insert('report', reportDigest(report), report)));
    return report;
  };
  return {
    reportOn: async (subject) =>
      filed(subject.model, await records.transaction(subject.model, (tx) => newestReport(tx, subject))),
    async reportNamed(digest) {
      for (const model of await records.models()) {
        const known = await records.transaction(model, (tx) => tx.get('report', digest));
        if (known !== null) return known;
        const make = await records.transaction(model, (tx) => named(tx, digest));
        const report = await filed(model, make);
        if (report !== null) return report;
      }
      return null;
    },
    decisionsNamed: (model, rolloutId, beginning) =>
      records.transaction(model, async (tx) =>
        (await tx.chain('decision', rolloutId))
          .map(({ digest }) => digest)
          .filter((digest) => digest.startsWith(beginning)),
      ),
  };
}

/** From what was read to the report; null where nothing was. */
const from =
  <Material>(material: Material | null, make: (material: Material) => Report | null): Make =>
  () =>
    material === null ? null : make(material);

async function newestReport(tx: RecordTransaction, subject: ReportSubject): Promise<Make> {
  switch (subject.kind) {
    case 'rollout':
      return from(await readRolloutMaterial(tx, subject.id), rolloutReport);
    case 'experiment':
      return from(await readExperimentMaterial(tx, subject.id), experimentReport);
    case 'incident':
      return from(await readIncidentMaterial(tx, subject.id), ({ around, incident }) =>
        incidentReport(around, incident),
      );
    case 'dataset':
      return from(await readDatasetMaterial(tx, subject.digest), datasetReport);
    case 'monitoring':
      return periodReport(tx, subject);
    default:
      return subject satisfies never;
  }
}

async function periodReport(
  tx: RecordTransaction,
  { from: first, to }: Extract<ReportSubject, { kind: 'monitoring' }>,
): Promise<Make> {
  const last = (await tx.list('performance', { descending: true, limit: 1 }))[0]?.key;
  const end = to ?? last;
  if (end === undefined) return () => null;
  const begin = first ?? isoDay(epochMs(end) - (PERIOD_DAYS - 1) * DAY_MS);
  return from(await readMonitoringMaterial(tx, begin, end), monitoringReport);
}

/** The report of a decision, or that of a dataset version. */
async function named(tx: RecordTransaction, digest: string): Promise<Make> {
  const rolloutId = await tx.chainWith('decision', digest);
  if (rolloutId !== null)
    return from(await readRolloutMaterial(tx, rolloutId), (material) => decisionReport(material, digest));
  return from(await readDatasetMaterial(tx, digest), datasetReport);
}
