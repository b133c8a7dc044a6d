/** What writes the page of evidence of a process, as typed in a terminal. */
export const pageCommand = (workflowId: string): string => `npx holdfast report ${workflowId}`;
