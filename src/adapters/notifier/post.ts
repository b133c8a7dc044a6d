/** One POST to a receiver of messages, its failure in our words. */
import { HoldfastError } from '../../contracts/errors.ts';

const DEADLINE_MS = 10_000;
/** A receiver that asks for patience; every other 4xx stays what it is. */
const PASSING_STATUS = new Set([408, 425, 429]);
const REASON_MAX = 200;

/**
 * @param what The receiver for people; its address may be a secret and is never said
 * @throws NOTIFIER_UNAVAILABLE, NOTIFIER_REFUSED
 */
export async function post(
  what: string,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch (cause) {
    throw new HoldfastError('NOTIFIER_UNAVAILABLE', `${what} does not answer: ${reasonOf(cause)}`, { cause });
  }
  const said = (await response.text().catch(() => '')).slice(0, REASON_MAX);
  if (response.ok) return;
  const passes = response.status >= 500 || PASSING_STATUS.has(response.status);
  throw new HoldfastError(
    passes ? 'NOTIFIER_UNAVAILABLE' : 'NOTIFIER_REFUSED',
    `${what} answered ${response.status}${said === '' ? '' : `: ${said}`}`,
  );
}

function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  return cause?.code ?? (error as Error).name;
}
