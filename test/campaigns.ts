/** Labelling campaigns on a real Temporal server: one model whose collection begins them, over a small world without outcomes. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { createActivities } from '../src/activities/index.ts';
import { createInMemoryLabelDesk } from '../src/adapters/label-desk/in-memory.ts';
import { createInMemoryNotifier } from '../src/adapters/notifier/in-memory.ts';
import type { Message } from '../src/adapters/notifier/port.ts';
import { HoldfastError } from '../src/contracts/errors.ts';
import type { CampaignStatus } from '../src/contracts/label-campaign.ts';
import type { LabelTaskRecord } from '../src/contracts/label-records.ts';
import type { Labeling } from '../src/contracts/labeling.ts';
import { campaignId, collectionId } from '../src/contracts/names.ts';
import { epochMs, HOUR_MS, isoDay } from '../src/domain/time.ts';
import { labelingModel } from './activities/labeling-model.ts';
import { CONSTANT, MODEL, smallWorld, START, traffic } from './activities/small-world.ts';
import type { SmallWorld } from './activities/small-world.ts';
import { eventually, startStageRun } from './workflows/stage-run.ts';
import type { StageRun } from './workflows/stage-run.ts';

const SPAN_MS = 6 * HOUR_MS;
/** What every message is called at the newest channel of the model. */
const CHANNEL = { kind: 'slack', id: 'team', urlFrom: 'HOLDFAST_SECRET_TEAM', onlyUnanswered: false } as const;

export interface Campaign {
  readonly id: string;
  readonly handle: WorkflowHandle;
  status(): Promise<CampaignStatus>;
  until(wanted: (status: CampaignStatus) => boolean): Promise<CampaignStatus>;
  /** Resolves when a task stands so. */
  stands(task: string, wanted: string): Promise<CampaignStatus>;
  answer(task: string, by: string, label: number, commandId?: string): Promise<unknown>;
  /** Its tasks on record. */
  recorded(): Promise<LabelTaskRecord[]>;
}

export interface Campaigns {
  readonly client: Client;
  readonly run: StageRun;
  readonly world: SmallWorld;
  /** What people were told. */
  readonly told: readonly Message[];
  /** How often labels were delivered; the first time fails. */
  deliveries(): number;
  /** Labels that have come to the gateways since this was asked last. */
  sent(): readonly number[];
  /** The next span of traffic, at whose end a campaign is due that asks as declared. */
  begin(labeling: Partial<Labeling>, units?: number): Promise<Campaign>;
  /** A span without traffic. */
  pass(labeling: Partial<Labeling>, spans: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startCampaigns({ withUi = false } = {}): Promise<Campaigns> {
  const world = await smallWorld({
    store: 'in-memory',
    declare: (declaration) => ({ ...labelingModel()(declaration), notifications: { channels: [CHANNEL] } }),
  });
  const desk = createInMemoryLabelDesk();
  const notifier = createInMemoryNotifier();
  let deliveries = 0;
  const labelDesk: typeof desk = {
    ...desk,
    deliver: (model, labels) => {
      deliveries += 1;
      if (deliveries === 1) throw new HoldfastError('GATEWAY_UNREACHABLE', 'gateway-1 does not answer');
      return desk.deliver(model, labels);
    },
  };
  const activities = createActivities({ ...world.ports, notifier: async () => notifier, labelDesk });
  const run = await startStageRun(activities, { withUi });
  await run.start('collection', collectionId(MODEL), { model: MODEL });
  let spans = 0;
  let counted = 0;
  return {
    client: run.client,
    run,
    world,
    told: notifier.sent,
    deliveries: () => deliveries,
    sent() {
      const labels = (desk.taken.get(MODEL) ?? []).map(({ label }) => label);
      return labels.slice(counted, (counted = labels.length));
    },
    async begin(labeling, units = 60) {
      await declare(world, labeling);
      const from = START + spans * SPAN_MS;
      spans += 1;
      const through = from + SPAN_MS;
      const span = { from, to: through, bundle: CONSTANT, prediction: 0.2 };
      world.gateways[0]!.close(through + HOUR_MS, [
        ...traffic({ ...span, to: from + 4 * HOUR_MS, units: 20, positive: 0.5 }),
        ...traffic({ ...span, units, positive: null, shop: 'south' }),
      ]);
      const day = isoDay(through);
      const begun = campaignOf(world, run, campaignId(MODEL, day, 1 + (through - epochMs(day)) / SPAN_MS));
      await eventually(
        () => begun.status().catch(() => null),
        (known) => known !== null && known.tasks.length > 0,
      );
      return begun;
    },
    async pass(labeling, more) {
      await declare(world, labeling);
      spans += more;
      world.gateways[0]!.close(START + spans * SPAN_MS + HOUR_MS, []);
    },
    async stop() {
      await run.stop();
      await world.close();
    },
  };
}

/** What is declared is read when a campaign is drawn. */
function declare({ records }: SmallWorld, labeling: Partial<Labeling>): Promise<void> {
  return records.transaction(MODEL, async (tx) => {
    const known = (await tx.get('model', 'declaration'))!;
    await tx.put('model', 'declaration', { ...known, declaration: labelingModel(labeling)(known.declaration) });
  });
}

function campaignOf({ records }: SmallWorld, { client }: StageRun, id: string): Campaign {
  const handle = client.workflow.getHandle(id);
  const status = (): Promise<CampaignStatus> => handle.query<CampaignStatus>('status');
  const until: Campaign['until'] = (wanted) => eventually(status, wanted);
  return {
    id,
    handle,
    status,
    until,
    stands: (task, wanted) => until(({ tasks }) => tasks.some((one) => one.task === task && one.stands === wanted)),
    answer: (task, by, label, commandId) =>
      handle.executeUpdate<unknown, [object]>('answerLabelTask', {
        args: [{ task, by, label, ...(commandId === undefined ? {} : { commandId }) }],
      }),
    recorded: () =>
      records.transaction(MODEL, async (tx) =>
        (await tx.list('labelTask', { prefix: `${id}/` })).map(({ body }) => body),
      ),
  };
}
