import type { Partition } from '../adapters/data-source/port.ts';
import type { RecordTransaction } from '../adapters/record-store/port.ts';
import { HoldfastError } from '../contracts/errors.ts';
import type { CampaignSpan } from '../contracts/label-campaign.ts';
import type { ModelDeclaration } from '../contracts/model.ts';
import { collectionId, experimentationId } from '../contracts/names.ts';
import type { PartitionRecord } from '../contracts/records.ts';
import type { CollectionActivities, CollectionWork } from '../contracts/workflows.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { sha256Hex } from '../domain/sha256.ts';
import { durationMs, epochMs, isoInstant } from '../domain/time.ts';
import { counted } from '../pages/gate/numbers.ts';
import { repeatableAnswer } from './answers.ts';
import { keepAlive } from './keep-alive.ts';
import { dueCampaign } from './labeling.ts';
import { archivePosition, recordTakenOver, takeOver } from './log-archive.ts';
import { modelContext } from './model-context.ts';
import type { ActivityPorts } from './ports.ts';
import { sayStage } from './stage-records.ts';
import { waitForWork } from './waiting.ts';

/** One piece of work; each day costs the workflow's history six events. */
const DAYS_PER_CALL_MAX = 31;
/** News from the gateways does not come through the records: this is how late it may be noticed. */
const LOOK_AGAIN_MS = 100;

type CollectionPorts = Pick<ActivityPorts, 'records' | 'gatewayLog' | 'requestLog' | 'dataSource'>;

export function createCollectionActivities(ports: CollectionPorts): CollectionActivities {
  return {
    collectNext: (input) => collectNext(ports, input.model, input.sequence),
    landPartition: (input) => landPartition(ports, input.model, input.day),
  };
}

async function collectNext(ports: CollectionPorts, model: string, sequence: number): Promise<CollectionWork> {
  const { records } = ports;
  const workflowId = collectionId(model);
  const { declaration, calendar, position, landed } = await records.transaction(model, async (tx) => ({
    ...(await modelContext(tx)),
    position: await archivePosition(tx),
    landed: new Set((await tx.list('partition')).map(({ key }) => key)),
  }));
  const source = await attempt('the source', async () => (await ports.dataSource(model)).partitions());
  const partitions = source.result ?? [];
  let standing = position;
  let trouble = source.trouble;
  let taken: Awaited<ReturnType<typeof takeOver>> | null = null;
  return waitForWork(
    records,
    model,
    workflowId,
    async (tx) => {
      if (taken !== null) await recordTakenOver(tx, taken);
      const watermark = await tx.watermark();
      const answer = await repeatableAnswer(tx, workflowId, sequence, async () =>
        dueWork(declaration, partitions, landed, watermark, await dueCampaign(tx, declaration, calendar, watermark)),
      );
      await sayCollection(tx, declaration, wordsFor(answer, trouble, nextDay(partitions, landed)));
      return answer;
    },
    {
      before: async () => {
        const log = await attempt('the gateways’ log', () => takeOver(ports, model, standing));
        taken = log.result;
        standing = taken?.position ?? standing;
        trouble = source.trouble ?? log.trouble;
      },
      lookAgainMs: LOOK_AGAIN_MS,
    },
  );
}

/** What cannot be read now is said, and tried again; what can be read goes on being collected. */
async function attempt<T>(
  what: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T | null; readonly trouble: string | null }> {
  try {
    return { result: await keepAlive(work), trouble: null };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { result: null, trouble: `${what} cannot be read: ${error.message}` };
  }
}

/** Days before the first traffic are due at once, the others when their partition has closed. */
function dueWork(
  declaration: ModelDeclaration,
  partitions: readonly Partition[],
  landed: ReadonlySet<string>,
  watermark: number | null,
  campaign: CampaignSpan | null,
): CollectionWork | null {
  const due = partitions.filter(
    ({ day, closesAt }) =>
      !landed.has(day) && (day < declaration.source.backfillUntil || (watermark !== null && closesAt <= watermark)),
  );
  if (due.length === 0 && campaign === null) return null;
  const matured = watermark === null ? null : watermark - durationMs(declaration.label.attributionWindow);
  return {
    days: due.slice(0, DAYS_PER_CALL_MAX).map(({ day }) => day),
    through: watermark === null ? null : isoInstant(watermark),
    maturedThrough: matured === null ? null : isoInstant(matured),
    ...(campaign === null ? {} : { campaign }),
  };
}

function nextDay(partitions: readonly Partition[], landed: ReadonlySet<string>): Partition | undefined {
  return partitions.find(({ day }) => !landed.has(day));
}

/** What collection does now, and what it waits for. */
function wordsFor(
  work: CollectionWork | null,
  trouble: string | null,
  next: Partition | undefined,
): readonly [inWords: string, waitingFor: string] {
  if (work !== null && work.days.length === 0)
    return [`drawing tasks for ${work.campaign?.campaignId ?? ''}`, 'nothing'];
  if (work !== null)
    return [`landing ${counted(work.days.length, 'complete day')} from ${work.days[0] ?? ''}`, 'nothing'];
  if (trouble !== null) return [trouble, 'a person, or its coming back'];
  if (next === undefined) return ['every day of the source has landed', 'new days in the source'];
  return [`every complete day before ${next.day} has landed`, `${next.day}, complete at ${isoInstant(next.closesAt)}`];
}

async function sayCollection(
  tx: RecordTransaction,
  { model, source }: ModelDeclaration,
  [inWords, waitingFor]: readonly [string, string],
): Promise<void> {
  const said = { workflowId: collectionId(model), stage: 'collection', inWords, waitingFor } as const;
  await sayStage(tx, said, epochMs(source.backfillUntil));
}

async function landPartition(ports: CollectionPorts, model: string, day: string): Promise<PartitionRecord> {
  const known = await ports.records.transaction(model, (tx) => tx.get('partition', day));
  if (known !== null) return known;
  const landing = await keepAlive(async () => landDay(ports, model, day));
  return ports.records.transaction(model, async (tx) => {
    const standing = await tx.get('partition', day);
    if (standing !== null) return standing;
    const { calendar } = await modelContext(tx);
    const landedAt = isoInstant((await tx.watermark()) ?? calendar.origin);
    const record: PartitionRecord = { ...landing, landedAt };
    await tx.put('partition', day, record);
    // New data may be what the next idea waits for.
    await tx.unsettle(experimentationId(model));
    return record;
  });
}

async function landDay(ports: CollectionPorts, model: string, day: string): Promise<Omit<PartitionRecord, 'landedAt'>> {
  try {
    const landed = await (await ports.dataSource(model)).landPartition(day);
    return {
      day,
      verdict: landed.blocked === null ? 'accepted' : 'blocked',
      rows: landed.rows,
      accepted: landed.blocked === null ? landed.accepted : 0,
      quarantined: landed.quarantined,
      blockedBy: landed.blocked,
      digest: landed.digest,
    };
  } catch (error) {
    return unreadableDay(day, error);
  }
}

/** A day that is missing or damaged blocks itself and nothing else. @throws whatever another attempt may mend */
function unreadableDay(day: string, error: unknown): Omit<PartitionRecord, 'landedAt'> {
  if (!(error instanceof HoldfastError) || error.kind !== 'terminal') throw error;
  const blockedBy = { checkId: error.code, reason: error.message };
  return {
    day,
    verdict: 'blocked',
    rows: 0,
    accepted: 0,
    quarantined: [],
    blockedBy,
    digest: sha256Hex(canonicalJson({ day, blockedBy })),
  };
}
