/** Workflow ids read like nouns; they are built and parsed here and nowhere else. */

export type WorkflowKind =
  | 'lifecycle'
  | 'collection'
  | 'campaign'
  | 'experimentation'
  | 'experiment'
  | 'promotion'
  | 'rollout'
  | 'monitoring'
  | 'incident';

export const TASK_QUEUES = { control: 'control', data: 'data', training: 'training' } as const;

export const lifecycleId = (model: string): string => `lifecycle/${model}`;
export const collectionId = (model: string): string => `collection/${model}`;
export const experimentationId = (model: string): string => `experimentation/${model}`;
export const promotionId = (model: string): string => `promotion/${model}`;
export const monitoringId = (model: string): string => `monitoring/${model}`;

/** `experiment/flight-delay/fresh-features-1`: the idea and the how-manieth time it is tried. */
export const experimentId = (model: string, idea: string, attempt: number): string =>
  `experiment/${model}/${idea}-${attempt}`;

/** `rollout/flight-delay/9f3a2c41-1`: the candidate's bundle and the how-manieth rollout of it. */
export const rolloutId = (model: string, bundle: string, attempt: number): string =>
  `rollout/${model}/${bundle.slice(0, 8)}-${attempt}`;

/** `campaign/flight-delay/2001-02-25-1`: the event day through which it asks and its number on that day. */
export const campaignId = (model: string, day: string, ordinal: number): string =>
  `campaign/${model}/${day}-${ordinal}`;

/** `incident/flight-delay/2001-02-25-1`: the event day it opened on and its number on that day. */
export const incidentId = (model: string, day: string, ordinal: number): string =>
  `incident/${model}/${day}-${ordinal}`;

/**
 * Parts of a workflow id.
 * @returns null when the id is not one of Holdfast's.
 */
export function parseWorkflowId(id: string): { kind: WorkflowKind; model: string; key: string | null } | null {
  const match =
    /^(lifecycle|collection|campaign|experimentation|experiment|promotion|rollout|monitoring|incident)\/([a-z0-9-]+)(?:\/(.+))?$/.exec(
      id,
    );
  if (match === null) return null;
  return { kind: match[1] as WorkflowKind, model: match[2] ?? '', key: match[3] ?? null };
}
