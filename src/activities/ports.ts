import type { DataSource } from '../adapters/data-source/port.ts';
import type { GatewayLog } from '../adapters/gateway-log/port.ts';
import type { LabelDesk } from '../adapters/label-desk/port.ts';
import type { MetricSource } from '../adapters/metric-source/port.ts';
import type { ObjectStore } from '../adapters/object-store/port.ts';
import type { EvidenceIntake, RecordStore } from '../adapters/record-store/port.ts';
import type { ServingCheck } from '../adapters/serving-check/port.ts';
import type { RequestLog } from '../adapters/request-log/port.ts';
import type { Notifier } from '../adapters/notifier/port.ts';
import type { TrafficRouter } from '../adapters/traffic-router/port.ts';
import type { Trainer } from '../adapters/trainer/port.ts';
import type { Channel } from '../contracts/notifications.ts';

/** Everything of the world that activities may touch. One object per worker process. */
export interface ActivityPorts {
  readonly records: RecordStore;
  readonly evidenceIntake: EvidenceIntake;
  readonly servingCheck: ServingCheck;
  readonly objectStore: ObjectStore;
  readonly gatewayLog: GatewayLog;
  readonly labelDesk: LabelDesk;
  readonly requestLog: RequestLog;
  readonly metricSource: MetricSource;
  readonly trafficRouter: TrafficRouter;
  readonly trainer: Trainer;
  /** Where people reach the HTTP edge; absent where nobody told. */
  readonly edgeUrl?: string;
  /** The model's source, opened once per process. */
  readonly dataSource: (model: string) => Promise<DataSource>;
  /** What sends to a channel that a model declares. @throws NOTIFIER_SECRET_MISSING */
  readonly notifier: (channel: Channel) => Promise<Notifier>;
  /** Address of the web UI as people reach it, for links; null where none is known. */
  readonly uiUrl: string | null;
}
