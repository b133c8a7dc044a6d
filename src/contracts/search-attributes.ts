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
  {
    name: 'HoldfastDeadline',
    type: 'Keyword',
    meaning: 'Deadline of the present step, or of a word: none, running, passed',
  },
  { name: 'HoldfastOwner', type: 'Keyword', meaning: 'Who answers for the model' },
  { name: 'HoldfastIncident', type: 'Keyword', meaning: 'Open incident' },
  { name: 'HoldfastNeedsHuman', type: 'Bool', meaning: 'Whether a person must act' },
  { name: 'HoldfastExposure', type: 'Double', meaning: 'Desired exposure of the candidate, 0 to 1' },
] as const;

export type SearchAttributeName = (typeof SEARCH_ATTRIBUTES)[number]['name'];
export type SearchAttributeValues = Partial<Record<SearchAttributeName, string | number | boolean>>;

/** Views of the workflow list that people keep: filters know no present time, so each asks for a word that a workflow has written. */
export const SAVED_VIEWS = [
  {
    name: 'Waiting for a person',
    filter: 'HoldfastNeedsHuman=true AND ExecutionStatus="Running"',
    meaning:
      'Rollouts that ask for an approval, are paused or past their deadline; incidents that are a person’s to answer, or whose case is; campaigns that ask for labels',
  },
  {
    name: 'Rolling out',
    filter: 'WorkflowType="rollout" AND ExecutionStatus="Running"',
    meaning: 'Candidates under judgement',
  },
  {
    name: 'In incident',
    filter: 'WorkflowType="incident" AND HoldfastPhase="degraded" AND ExecutionStatus="Running"',
    meaning: 'Broken objectives whose response is under way',
  },
  {
    name: 'Past deadline',
    filter: 'HoldfastDeadline="passed" AND ExecutionStatus="Running"',
    meaning: 'Steps whose deadline passed without a verdict; the exposure stays where it is',
  },
  {
    name: 'Wedged',
    // The server writes this attribute itself, after several failed tasks in a row, and takes it back.
    filter:
      'TemporalReportedProblems IN ("category=WorkflowTaskFailed", "category=WorkflowTaskTimedOut") AND ExecutionStatus="Running"',
    meaning: 'Runs whose code fails at every try: they look as if they waited, and do nothing',
  },
  {
    name: 'Rolled back',
    filter: 'HoldfastWaitingFor="nothing: rolled back"',
    meaning: 'Candidates that were exposed and are no longer',
  },
] as const;
