/** Workflow time now, epoch milliseconds: the clock of people's deadlines. The SDK replays it, so it is the same at every replay. */
export function workflowNow(): number {
  // oxlint-disable-next-line no-restricted-globals -- inside a workflow this is Temporal's clock, not the machine's
  return Date.now();
}
