import { createHttpLog, httpLogSchema } from './http.ts';
import type { HttpLogOptions } from './http.ts';
import type { GatewayLog } from './port.ts';

export const gatewayLogSchema = httpLogSchema;
export type GatewayLogOptions = HttpLogOptions;

/** The log of the gateways; the options are checked by `gatewayLogSchema` before. */
export function createGatewayLog(options: GatewayLogOptions): GatewayLog {
  return createHttpLog(options);
}
