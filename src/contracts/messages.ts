/**
 * Messages to workflows: commands are updates (five of them with a signal twin), facts are signals, questions are queries.
 * This module is preloaded once for all workflows, so every schema must be built completely while it loads: the SDK freezes
 * preloaded modules, and zod builds parts of a schema at its first use. `defineMessage` sees to that.
 */
import { z } from 'zod';
import { DURATION_PATTERN } from './model-scalars.ts';
import { evidenceBatchSchema } from './evidence.ts';
import { exposureSchema } from './serving.ts';

export type MessageSchema = z.ZodType;
/** Of a message that orders something: who says so, and the key under which it is carried out once. */
export type OrderSchema = z.ZodType<{ readonly by: string; readonly commandId?: string | undefined }>;
export type MessageBody<Schema extends MessageSchema> = z.infer<Schema>;
export type MessageInput<Schema extends MessageSchema> = z.input<Schema>;

export interface MessageDefinition<Name extends string, Schema extends z.ZodType> {
  readonly name: Name;
  readonly description: string;
  readonly schema: Schema;
  /** A valid example, shown to people as JSON to paste. */
  readonly sample: z.input<Schema>;
}

function defineMessage<Name extends string, Schema extends z.ZodType>(
  name: Name,
  description: string,
  schema: Schema,
  sample: z.input<Schema>,
  /** Further valid examples, for parts of the schema that the first does not touch. */
  ...others: readonly z.input<Schema>[]
): MessageDefinition<Name, Schema> {
  for (const valid of [sample, ...others]) warmUp(schema, valid);
  return { name, description, schema, sample };
}

/** Runs every path of a schema once: valid, wrong type, missing, extra key, and each field with a wrong type. */
function warmUp(schema: z.ZodType, sample: unknown): void {
  const fields = Object.keys(schema instanceof z.ZodObject ? schema.shape : (sample as object));
  const wrong = [0, 'x', null, [], {}, { ...(sample as object), unexpected: 1 }];
  const perField = fields.flatMap((field) =>
    [0, 'x', '', null, [], {}, -1].map((value) => ({ ...(sample as object), [field]: value })),
  );
  if (!schema.safeParse(sample).success)
    throw new TypeError(`the sample of a message must be valid: ${JSON.stringify(sample)}`);
  // Each method of a schema is built at its first use, too.
  schema.parse(sample);
  for (const value of [...wrong, ...perField]) schema.safeParse(value).error?.issues.map((issue) => issue.message);
}

// Functions instead of the patterns of serving.ts: zod resets a pattern's `lastIndex` at each use, and the SDK has frozen it by then.
const digestSchema = z
  .string()
  .refine((text) => /^[0-9a-f]{64}$/.test(text), 'must be a SHA-256 in lower-case hex')
  .describe('SHA-256, lower-case hex');
const instantSchema = z
  .string()
  .refine((text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text), 'must be an ISO 8601 UTC instant')
  .describe('ISO 8601 UTC instant');

const nameSchema = z.string().min(1).max(100);
const idSchema = z
  .string()
  .min(1)
  .max(200)
  // No database holds it in a key: whatever is to be written down under such an id would be tried for good.
  .refine((text) => !text.includes('\0'), 'must not contain U+0000')
  .describe(
    'Idempotency key: the same id is carried out once. Without it, the id of the update; without either, each message counts',
  );
const reasonSchema = z.string().min(1).max(1000).describe('Why, in words; it is kept');

const commandSchema = z.strictObject({
  commandId: idSchema.optional(),
  by: nameSchema.describe('Name of the person or program'),
  reason: reasonSchema,
  channel: z.enum(['cli', 'client', 'http', 'ui']).default('ui').describe('How the command came'),
});

const SAMPLE_COMMAND = { by: 'ana', reason: 'evidence reviewed' };
const SAMPLE_DIGEST = '0'.repeat(64);

export const approveMessage = defineMessage(
  'approve',
  'Say yes to leaving the present step. Bound to step, candidate and evidence digest; a stale one is refused.',
  commandSchema.extend({
    step: z.int().min(0).describe('Index of the step that is left'),
    candidate: digestSchema,
    evidenceDigest: digestSchema.describe('Digest of the evidence the yes is based on'),
    role: nameSchema,
  }),
  { ...SAMPLE_COMMAND, step: 4, candidate: SAMPLE_DIGEST, evidenceDigest: SAMPLE_DIGEST, role: 'approver' },
);

export const rejectMessage = defineMessage(
  'reject',
  'Say no: the candidate is withdrawn and its exposure returns to 0.',
  commandSchema,
  SAMPLE_COMMAND,
);
export const pauseMessage = defineMessage(
  'pause',
  'Keep the exposure where it is; harm still rolls back.',
  commandSchema,
  SAMPLE_COMMAND,
);
export const resumeMessage = defineMessage('resume', 'End a pause.', commandSchema, SAMPLE_COMMAND);
export const rollbackMessage = defineMessage(
  'rollback',
  'Return the exposure to 0 at once and for good.',
  commandSchema,
  SAMPLE_COMMAND,
);

const durationSchema = z
  .string()
  .refine((text) => new RegExp(DURATION_PATTERN.source).test(text), 'must be an ISO 8601 duration, for example P3D');

export const extendMessage = defineMessage(
  'extend',
  'Give the present step more event time before its deadline; it widens nothing.',
  commandSchema.extend({ step: z.int().min(0).describe('Index of the step'), duration: durationSchema }),
  { ...SAMPLE_COMMAND, step: 2, duration: 'P3D' },
);

export const rebasePolicyMessage = defineMessage(
  'rebasePolicy',
  'Go on under another recorded policy: recorded evidence is judged again, exposure may shrink and never grows.',
  commandSchema.extend({
    policyDigest: digestSchema.describe('Digest of the new policy, recorded before'),
    from: digestSchema.describe('Digest of the present policy: a command based on another one is refused'),
  }),
  { ...SAMPLE_COMMAND, policyDigest: SAMPLE_DIGEST, from: SAMPLE_DIGEST },
);

const evidenceCommandSchema = commandSchema.omit({ reason: true }).extend(evidenceBatchSchema.shape);
const SAMPLE_BATCH = {
  commandId: 'evidence-1',
  by: 'metrics-job',
  batchId: 'refunds-2001-02-01T00',
  metric: 'refunds',
  cohortStart: '2001-02-01T00:00:00Z',
};

/** Small batches by hand; larger ones go over HTTP or the command line, which record first and then signal. */
export const recordEvidenceMessage = defineMessage(
  'recordEvidence',
  'Record counts of one metric and cohort that somebody else has measured; the same batch id counts once.',
  evidenceCommandSchema,
  { ...SAMPLE_BATCH, counts: { candidateEvents: 1, events: 20, candidateExposures: 50, exposures: 1000 } },
  { ...SAMPLE_BATCH, differences: [[-25, 40]] },
);

/** Commands that are also signals of the same name, for the web UI and for senders that only retry. */
export const COMMANDS = [
  approveMessage,
  rejectMessage,
  pauseMessage,
  resumeMessage,
  rollbackMessage,
  extendMessage,
  rebasePolicyMessage,
] as const;
export type CommandName = (typeof COMMANDS)[number]['name'];
export type ApproveCommand = z.infer<typeof approveMessage.schema>;
export type ExtendCommand = z.infer<typeof extendMessage.schema>;
export type RebaseCommand = z.infer<typeof rebasePolicyMessage.schema>;
export type Command = z.infer<typeof commandSchema>;

export const acceptCaseMessage = defineMessage(
  'acceptCase',
  'Take the case that an incident proposes into the validation suite, for good: every later candidate has to pass it.',
  commandSchema.extend({
    maxRegressionPerThousand: z
      .number()
      .min(0)
      .max(1000)
      .optional()
      .describe('Tolerated extra mean loss per 1,000 units, instead of the one proposed'),
    minUnits: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe('Fewest units the case can be judged on, instead of those proposed'),
  }),
  SAMPLE_COMMAND,
  { ...SAMPLE_COMMAND, maxRegressionPerThousand: 5, minUnits: 500 },
);
export const declineCaseMessage = defineMessage(
  'declineCase',
  'Leave the case that an incident proposes out of the validation suite; the reason is kept.',
  commandSchema,
  SAMPLE_COMMAND,
);

/** Words on a proposed case; each is also a signal of the same name. */
export const CASE_COMMANDS = [acceptCaseMessage, declineCaseMessage] as const;
export type AcceptCaseCommand = z.infer<typeof acceptCaseMessage.schema>;

/** What a word on a case is answered with. */
export interface CaseAnswer {
  readonly accepted: boolean;
  readonly message: string;
  /** Where the incident stands. */
  readonly inWords: string;
}

/** What a command is answered with: whether it was taken, why not, and where the rollout stands now. */
export interface CommandAnswer {
  readonly accepted: boolean;
  readonly message: string;
  readonly step: string;
  readonly exposure: number;
  readonly phase: string;
  readonly evidenceDigest: string | null;
}

const labelTaskSchema = z.string().min(1).max(20).describe('Task, as the campaign names it');
const labelValueSchema = z.number().describe('The label; the campaign says what is allowed, and what each means');

export const answerLabelTaskMessage = defineMessage(
  'answerLabelTask',
  'Answer a task of a labelling campaign. One answer a person and task; it stands.',
  commandSchema.extend({
    task: labelTaskSchema,
    label: labelValueSchema,
    reason: reasonSchema.optional().describe('A remark on it, in words; it is kept'),
  }),
  { by: 'ana', task: 't01', label: 1 },
  { ...SAMPLE_COMMAND, task: 't01', label: 0 },
);
export const adjudicateLabelTaskMessage = defineMessage(
  'adjudicateLabelTask',
  'Settle a task of a labelling campaign on which people disagree.',
  commandSchema.extend({ task: labelTaskSchema, label: labelValueSchema }),
  { ...SAMPLE_COMMAND, task: 't01', label: 1 },
);
export type AnswerLabelTaskCommand = z.infer<typeof answerLabelTaskMessage.schema>;
export type AdjudicateLabelTaskCommand = z.infer<typeof adjudicateLabelTaskMessage.schema>;

/** Schema of whatever gives a task a label. */
export type LabelTaskSchema = z.ZodType<AnswerLabelTaskCommand>;

/** What an answer or an adjudication is answered with. */
export interface LabelTaskAnswer {
  readonly accepted: boolean;
  readonly message: string;
  /** Tasks that have their label, and all. */
  readonly settled: number;
  readonly tasks: number;
}

export const evidenceArrivedSignal = defineMessage(
  'evidenceArrived',
  'Evidence has been recorded. The wait for it has heard so from the records; the history says when it was told.',
  z.strictObject({ batchId: z.string().min(1).max(300) }),
  { batchId: 'batch-1' },
);
export const candidateReadySignal = defineMessage(
  'candidateReady',
  'A candidate bundle has been registered and waits for its rollout.',
  z.strictObject({ bundle: digestSchema, handoffId: z.string().min(1).max(300) }),
  { bundle: SAMPLE_DIGEST, handoffId: 'handoff-1' },
);
export const queueAskedSignal = defineMessage(
  'queueAsked',
  'The promotion queue asks whether this rollout still runs; nothing changes by it.',
  z.strictObject({ by: z.string().min(1).max(200) }),
  { by: 'promotion/model' },
);
export const rolloutFinishedSignal = defineMessage(
  'rolloutFinished',
  'A rollout has reached its outcome.',
  z.strictObject({
    rolloutId: z.string().min(1).max(200),
    outcome: z.string().min(1).max(40),
    handoffId: z.string().min(1).max(300),
  }),
  { rolloutId: 'rollout/model/00000000-1', outcome: 'promoted', handoffId: 'handoff-1' },
);
export const suiteGrewSignal = defineMessage(
  'suiteGrew',
  'The validation suite has a new case.',
  z.strictObject({ caseId: z.string().min(1).max(200), handoffId: z.string().min(1).max(300) }),
  { caseId: 'case-1', handoffId: 'handoff-1' },
);
export const retrainOrderedSignal = defineMessage(
  'retrainOrdered',
  'Monitoring asks for a retrain now instead of at its next date.',
  z.strictObject({ incidentId: z.string().min(1).max(200), handoffId: z.string().min(1).max(300) }),
  { incidentId: 'incident/model/2001-02-25-1', handoffId: 'handoff-1' },
);
export const incidentClosedSignal = defineMessage(
  'incidentClosed',
  'An incident was closed with its written reason.',
  z.strictObject({ incidentId: z.string().min(1).max(200) }),
  { incidentId: 'incident/model/2001-02-25-1' },
);
export const campaignOvertakenSignal = defineMessage(
  'campaignOvertaken',
  'The next labelling campaign has begun: the labels of this one could not count any more.',
  z.strictObject({ by: z.string().min(1).max(200) }),
  { by: 'campaign/model/2001-02-25-2' },
);
export const campaignClosedSignal = defineMessage(
  'campaignClosed',
  'A labelling campaign has closed, and its labels are with the gateways.',
  z.strictObject({ campaignId: z.string().min(1).max(200), inWords: z.string().max(500) }),
  { campaignId: 'campaign/model/2001-02-25-1', inWords: '18 of 20 tasks have their label' },
);
export const stageChangedSignal = defineMessage(
  'stageChanged',
  'A stage says what it does now, for the overview of the life cycle.',
  z.strictObject({
    stage: z.enum(['collection', 'experimentation', 'rollout', 'monitoring']),
    inWords: z.string().max(500),
    eventTime: instantSchema.nullable(),
    exposure: exposureSchema.optional(),
  }),
  { stage: 'rollout', inWords: 'waiting for labels', eventTime: '2001-02-01T00:00:00Z', exposure: 0.05 },
);

/** Type of the failure by which a run refuses an update that it has not looked at: the same one sent again is taken. */
export const SEND_AGAIN = 'SEND_AGAIN';

export const STATUS_QUERY = 'status';
export const EXPLAIN_QUERY = 'explain';
