import type { AllActivities } from '../contracts/workflows.ts';
import { createCollectionActivities } from './collection.ts';
import { createExperimentationActivities } from './experimentation.ts';
import { withCodedFailures } from './failures.ts';
import { createLabelingActivities } from './labeling.ts';
import { createLifecycleActivities } from './lifecycle.ts';
import { createMonitoringActivities } from './monitoring.ts';
import { createNotificationActivities } from './notifications.ts';
import type { ActivityPorts } from './ports.ts';
import { createPromotionActivities } from './promotion.ts';
import { createRolloutActivities } from './rollout.ts';

/** All activities of a worker, over one set of ports. */
export function createActivities(ports: ActivityPorts): AllActivities {
  return withCodedFailures({
    ...createLifecycleActivities(ports),
    ...createCollectionActivities(ports),
    ...createLabelingActivities(ports),
    ...createExperimentationActivities(ports),
    ...createRolloutActivities(ports),
    ...createPromotionActivities(ports),
    ...createMonitoringActivities(ports),
    ...createNotificationActivities(ports),
  });
}
