import type { GatewayDrill } from '../../contracts/serving.ts';

const ANSWER_MS_MAX = 2_000;

/** Tells a gateway what of it is broken on purpose, once: a gateway that does not answer is told at the next boundary. */
export async function tellGateway(gatewayUrl: string, model: string, drill: GatewayDrill): Promise<void> {
  try {
    await fetch(`${gatewayUrl}/v1/models/${model}/drill`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(drill),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  } catch {
    // Said again at the next boundary.
  }
}
