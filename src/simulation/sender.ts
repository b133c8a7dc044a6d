/** Sends to a gateway as its callers would: keep-alive connections, batches within limits, again after a failure that may pass. */
import { HoldfastError } from '../contracts/errors.ts';
import type { GatewayDrill } from '../contracts/serving.ts';

export interface SenderOptions {
  /** Base address of the gateway, for example http://127.0.0.1:8080. */
  readonly gateway: string;
  readonly model: string;
  readonly signal: AbortSignal;
  /** Told while the gateway does not answer, in words; null when it answers again. */
  readonly onTrouble: (trouble: string | null) => void;
}

export interface Sender {
  /** @returns how many were taken, duplicates included. */
  outcomes(texts: readonly string[]): Promise<void>;
  predictions(texts: readonly string[]): Promise<void>;
  watermark(through: string): Promise<void>;
  /** What of the gateway is broken on purpose; what is not named is healed. */
  drill(drill: Partial<GatewayDrill>): Promise<void>;
}

const REQUESTS_PER_CALL_MAX = 1000;
const TRY_AGAIN_MS = 250;
/** The model is registered with the gateway by a workflow; the first calls may come before. */
const MODEL_UNKNOWN = 404;

/** @throws REPLAY_REFUSED when the gateway says no for good; whatever may pass is tried again until aborted. */
export function createSender(options: SenderOptions): Sender {
  const { gateway, model, signal, onTrouble } = options;
  const post = async (path: string, body: string): Promise<void> => {
    let troubled = false;
    for (;;) {
      const trouble = await attempt(`${gateway}/v1/models/${model}/${path}`, body, signal);
      if (trouble === null) {
        if (troubled) onTrouble(null);
        return;
      }
      troubled = true;
      onTrouble(trouble);
      await pauseFor(TRY_AGAIN_MS, signal);
    }
  };
  const inParts = async (path: string, field: string, texts: readonly string[]): Promise<void> => {
    for (let from = 0; from < texts.length; from += REQUESTS_PER_CALL_MAX) {
      await post(path, `{"${field}":[${texts.slice(from, from + REQUESTS_PER_CALL_MAX).join(',')}]}`);
    }
  };
  return {
    outcomes: (texts) => inParts('outcomes', 'outcomes', texts),
    predictions: (texts) => inParts('predictions', 'requests', texts),
    watermark: (through) => post('watermark', JSON.stringify({ through })),
    drill: (drill) => post('drill', JSON.stringify(drill)),
  };
}

/** Null when the gateway has taken everything, else what is in the way for now. @throws REPLAY_REFUSED */
async function attempt(url: string, body: string, signal: AbortSignal): Promise<string | null> {
  let response: Response;
  let text: string;
  try {
    const headers = { 'content-type': 'application/json' };
    response = await fetch(url, { method: 'POST', body, headers, signal });
    text = await response.text();
  } catch (error) {
    signal.throwIfAborted();
    return `the gateway does not answer at ${url}: ${String((error as Error).cause ?? error)}`;
  }
  if (response.status >= 500 || response.status === MODEL_UNKNOWN) {
    return `the gateway answers ${response.status}: ${text.slice(0, 300)}`;
  }
  const refused = response.ok ? rejectedOf(text) : text;
  if (refused === null) return null;
  throw new HoldfastError('REPLAY_REFUSED', `POST ${url}: ${response.status} ${refused.slice(0, 500)}`);
}

function rejectedOf(text: string): string | null {
  // Answers are long and hardly ever have a rejected item: look for one before parsing.
  if (!text.includes('"rejected":[{')) return null;
  const { rejected } = JSON.parse(text) as { rejected: readonly unknown[] };
  return `${rejected.length} of the batch rejected, the first: ${JSON.stringify(rejected[0])}`;
}

/** Waits, unless aborted. @throws the signal's reason */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      // The reason is an Error unless someone aborts with something else on purpose.
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
