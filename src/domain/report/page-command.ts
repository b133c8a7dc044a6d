/** What writes the page of evidence of a process, as typed in a terminal. */
export const pageCommand = (workflowId: string): string => `npx holdfast report ${workflowId}`;

/**
 * Where the page of evidence of a process is, in Markdown: an address at the HTTP edge; where nobody told the edge's own, the command.
 * @param name By which the edge finds it: an id leads on to the page the process has now, a digest to that page for good
 */
export function pageLink(workflowId: string, edgeUrl: string | undefined, name: string = workflowId): string {
  return edgeUrl === undefined
    ? `the page of evidence: \`${pageCommand(workflowId)}\``
    : `[the page of evidence](${edgeUrl.replace(/\/+$/, '')}/reports/${name})`;
}
