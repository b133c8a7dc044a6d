import { log, proxyActivities } from '@temporalio/workflow';

interface EchoActivities {
  echo(text: string): Promise<string>;
}

/** The smallest workflow that passes through everything a worker sets up. */
export async function echoTwice(text: string): Promise<string> {
  const { echo } = proxyActivities<EchoActivities>({ startToCloseTimeout: '20s', retry: { maximumAttempts: 1 } });
  log.info('echoing', { text });
  return (await echo(text)) + (await echo(text));
}
