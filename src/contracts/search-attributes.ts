/**
 * What the workflow list of the web UI can show and filter by; the same for every type. At most ten keywords and three of any
 * other type fit into one namespace of a server on SQL.
 */
export const SEARCH_ATTRIBUTES = [
  { name: 'HoldfastModel', type: 'Keyword', meaning: 'Model' },
  { name: 'HoldfastStage', type: 'Keyword', meaning: 'Stage of the life cycle' },
  { name: 'HoldfastPhase', type: 'Keyword', meaning: 'Phase: progressing, paused, healthy, degraded' },
  {
    name: 'HoldfastWaitingFor',
    type: 'Keyword',
    meaning: 'What the process waits for, in words; of a rollout that is over, its outcome',
  },
  { name: 'HoldfastCandidate', type: 'Keyword', meaning: 'Idea and bundle under judgement' },
  { name: 'HoldfastDeadline', type: 'Keyword', meaning: 'Deadline of the present step: none, running, passed' },
  { name: 'HoldfastOwner', type: 'Keyword', meaning: 'Who answers for the model' },
  { name: 'HoldfastIncident', type: 'Keyword', meaning: 'Open incident' },
  { name: 'HoldfastNeedsHuman', type: 'Bool', meaning: 'Whether a person must act' },
  { name: 'HoldfastExposure', type: 'Double', meaning: 'Desired exposure of the candidate, 0 to 1' },
] as const;

export type SearchAttributeName = (typeof SEARCH_ATTRIBUTES)[number]['name'];
export type SearchAttributeValues = Partial<Record<SearchAttributeName, string | number | boolean>>;
