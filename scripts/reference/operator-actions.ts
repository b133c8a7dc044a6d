/** Everything a person may do, and how each of the five ways names it. The page is written from it, and the test drives it. */
import type { WorkflowKind } from '../../src/contracts/names.ts';

export interface OperatorAction {
  /** The kind of process that it is done to. */
  readonly process: WorkflowKind;
  readonly action: string;
  readonly effect: string;
  /** Name of the update in the web UI. */
  readonly update: string;
  /** Name of the signal in the web UI; null with the reason where there is none. */
  readonly signal: string | null;
  readonly withoutSignal?: string;
  /** Words of the command line. */
  readonly cli: string;
  /** Function of the client. */
  readonly client: string;
  /** Last part of the path: `POST /v1/<place of the process>/{id}/…`. */
  readonly http: string;
}

export const OPERATOR_ACTIONS: readonly OperatorAction[] = [
  same('rollout', 'approve', 'say yes to leaving a step, bound to candidate and evidence'),
  same('rollout', 'reject', 'withdraw the candidate; its exposure returns to 0'),
  same('rollout', 'pause', 'keep the exposure where it is; harm still rolls back'),
  same('rollout', 'resume', 'end a pause'),
  same('rollout', 'rollback', 'return the exposure to 0 at once and for good'),
  same('rollout', 'extend', 'give the present step more event time before its deadline'),
  {
    process: 'rollout',
    action: 'rebase',
    effect: 'go on under another recorded policy; exposure may shrink and never grows',
    update: 'rebasePolicy',
    signal: 'rebasePolicy',
    cli: 'rebase',
    client: 'rebasePolicy',
    http: 'rebasePolicy',
  },
  {
    process: 'rollout',
    action: 'add evidence',
    effect: 'record counts that somebody else has measured; the same batch counts once',
    update: 'recordEvidence',
    signal: null,
    withoutSignal: 'a signal could not say whether the batch was recorded or refused',
    cli: 'evidence push',
    client: 'recordEvidence',
    http: 'evidence',
  },
  word('accept', 'take the case it proposes into the validation suite, for good'),
  label('answer', 'answer a label task', 'say what the outcome of a request was; one answer a person and task'),
  label('adjudicate', 'adjudicate a label task', 'settle a task on which people disagree'),
  word('decline', 'leave the case it proposes out of the validation suite; the reason is kept'),
];

function same(process: WorkflowKind, name: string, effect: string): OperatorAction {
  return { process, action: name, effect, update: name, signal: name, cli: name, client: name, http: name };
}

function word(verb: 'accept' | 'decline', effect: string): OperatorAction {
  const name = `${verb}Case`;
  const action = `${verb} a case`;
  return {
    process: 'incident',
    action,
    effect,
    update: name,
    signal: name,
    cli: `case ${verb}`,
    client: name,
    http: name,
  };
}

function label(verb: 'answer' | 'adjudicate', action: string, effect: string): OperatorAction {
  const name = `${verb}LabelTask`;
  return {
    process: 'campaign',
    action,
    effect,
    update: name,
    signal: name,
    cli: `label ${verb}`,
    client: name,
    http: name,
  };
}
