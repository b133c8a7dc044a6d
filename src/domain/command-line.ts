/** Of a digest that a person pastes: enough to tell one evidence from another. */
const EVIDENCE_SHOWN = 16;

/** Orders that the command line knows by other words than their message. */
const WORDS: Readonly<Record<string, string>> = {
  acceptCase: 'case accept',
  declineCase: 'case decline',
  answerLabelTask: 'label answer',
  adjudicateLabelTask: 'label adjudicate',
};

/** The command line that gives an order to a process, with the words a person replaces. @param order Name of the message */
export function commandLine(
  processId: string,
  order: string,
  body: Readonly<Record<string, string | number | null>>,
): string {
  const evidence =
    'evidenceDigest' in body ? ` --evidence ${String(body['evidenceDigest']).slice(0, EVIDENCE_SHOWN)}` : '';
  const duration = 'duration' in body ? ` --by ${String(body['duration'])}` : '';
  const task = 'task' in body ? ` ${String(body['task'])} LABEL` : '';
  // Only an answer to a task needs no reason.
  const reason = order === 'answerLabelTask' ? '' : ' --reason "…"';
  return `npx holdfast ${WORDS[order] ?? order} ${processId}${task}${evidence}${duration} --as NAME${reason}`;
}
