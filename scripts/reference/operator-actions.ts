/** Everything a person may do to a rollout, and how each of the five ways names it. The page is written from it, and the test drives it. */
export interface OperatorAction {
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
  /** Last part of the path: `POST /v1/rollouts/{id}/…`. */
  readonly http: string;
}

export const OPERATOR_ACTIONS: readonly OperatorAction[] = [
  same('approve', 'say yes to leaving a step, bound to candidate and evidence'),
  same('reject', 'withdraw the candidate; its exposure returns to 0'),
  same('pause', 'keep the exposure where it is; harm still rolls back'),
  same('resume', 'end a pause'),
  same('rollback', 'return the exposure to 0 at once and for good'),
  same('extend', 'give the present step more event time before its deadline'),
  {
    action: 'rebase',
    effect: 'go on under another recorded policy; exposure may shrink and never grows',
    update: 'rebasePolicy',
    signal: 'rebasePolicy',
    cli: 'rebase',
    client: 'rebasePolicy',
    http: 'rebasePolicy',
  },
  {
    action: 'add evidence',
    effect: 'record counts that somebody else has measured; the same batch counts once',
    update: 'recordEvidence',
    signal: null,
    withoutSignal: 'a signal could not say whether the batch was recorded or refused',
    cli: 'evidence push',
    client: 'recordEvidence',
    http: 'evidence',
  },
];

function same(name: string, effect: string): OperatorAction {
  return { action: name, effect, update: name, signal: name, cli: name, client: name, http: name };
}
