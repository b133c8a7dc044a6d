import { log, proxyActivities, sleep } from '@temporalio/workflow';

interface EchoActivities {
  echo(text: string): Promise<string>;
}

/** The smallest workflow that passes through everything a worker sets up. */
export async function echoTwice(text: string): Promise<string> {
  const { echo } = proxyActivities<EchoActivities>({ startToCloseTimeout: '20s', retry: { maximumAttempts: 1 } });
  log.info('echoing', { text });
  return (await echo(text)) + (await echo(text));
}

/** Sleeps a day at a time; returns how many whole days have passed on the workflow's clock. */
export async function countDays(days: number): Promise<number> {
  const began = Date.now();
  for (let day = 0; day < days; day += 1) await sleep('1 day');
  return Math.floor((Date.now() - began) / 86_400_000);
}
