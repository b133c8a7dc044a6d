/** Ports that tell what is written through them, when, and by which activity. */
import { createEvidenceIntake } from '../../../src/adapters/record-store/evidence-intake.ts';
import type { Notifier } from '../../../src/adapters/notifier/port.ts';
import type { RecordStore, RecordTransaction } from '../../../src/adapters/record-store/port.ts';
import type { TrafficRouter } from '../../../src/adapters/traffic-router/port.ts';
import type { ActivityPorts } from '../../../src/activities/ports.ts';
import type { PutTraffic } from '../../../src/contracts/serving.ts';

/** Called beside every write, with the labels of what is written. */
export interface Watch {
  /** Everything is ready to be committed, or sent. */
  before(labels: readonly string[]): Promise<void>;
  /** It is committed, or every gateway has acknowledged it. */
  after(labels: readonly string[]): Promise<void>;
  /** Between one gateway and the next. */
  between(labels: readonly string[]): Promise<void>;
}

const WRITES = new Set<string | symbol>([
  'put',
  'insert',
  'append',
  'remove',
  'advanceWatermark',
  'join',
  'settle',
  'unsettle',
  'leave',
  'handOff',
  'acknowledge',
]);

/** @param perGateway One router to each gateway alone, in their order */
export function watchedPorts(ports: ActivityPorts, perGateway: readonly TrafficRouter[], watch: Watch): ActivityPorts {
  const records = watchedRecords(ports.records, watch);
  return {
    ...ports,
    records,
    evidenceIntake: createEvidenceIntake(records),
    trafficRouter: watchedRouter(ports.trafficRouter, perGateway, watch),
    notifier: async (channel) => watchedNotifier(await ports.notifier(channel), watch),
  };
}

function watchedRecords(records: RecordStore, watch: Watch): RecordStore {
  return {
    migrate: () => records.migrate(),
    models: () => records.models(),
    waitForChange: (model, timeoutMs) => records.waitForChange(model, timeoutMs),
    close: () => records.close(),
    async transaction(model, work) {
      let labels: string[] = [];
      const result = await records.transaction(model, async (tx) => {
        labels = [];
        const found = await work(watchedTransaction(tx, labels));
        if (labels.length > 0) await watch.before(labels);
        return found;
      });
      if (labels.length > 0) await watch.after(labels);
      return result;
    },
  };
}

function watchedTransaction(tx: RecordTransaction, labels: string[]): RecordTransaction {
  return new Proxy(tx, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...given: unknown[]): unknown => {
        if (WRITES.has(name)) labels.push(...labelsOf(String(name), given));
        return Reflect.apply(method, target, given) as unknown;
      };
    },
  });
}

/** What a person would call it: the kind of record, with what tells one of its kind from another. */
function labelsOf(method: string, [kind, key, ...rest]: readonly unknown[]): string[] {
  if (method === 'remove') return [`${String(kind)} removed`];
  if (method !== 'put' && method !== 'insert' && method !== 'append') return [method];
  const body = rest.at(-1) as { readonly outcome?: string; readonly verdict?: string };
  if (kind === 'candidate') return [`candidate ${body.outcome ?? ''}`];
  if (kind === 'decision') return [`decision ${body.verdict ?? ''}`];
  if (kind === 'memory' && String(key).endsWith('/turn')) return ['turn'];
  if (kind === 'memory' && String(key).startsWith('notice/')) return ['notice'];
  return [String(kind)];
}

function watchedRouter(router: TrafficRouter, perGateway: readonly TrafficRouter[], watch: Watch): TrafficRouter {
  return {
    ...router,
    async apply(model, put) {
      const labels = [splitLabel(put)];
      await watch.before(labels);
      await perGateway[0]?.apply(model, put);
      await watch.between(labels);
      await router.apply(model, put);
      await watch.after(labels);
    },
  };
}

function watchedNotifier(notifier: Notifier, watch: Watch): Notifier {
  return {
    async send(message) {
      await watch.before(['message']);
      await notifier.send(message);
      await watch.after(['message']);
    },
  };
}

function splitLabel({ decisionId, entry: { candidate, exposure } }: PutTraffic): string {
  if (candidate !== null) return `split at ${exposure}`;
  return decisionId.endsWith('/promoted') ? 'split of the promoted' : 'split back';
}
