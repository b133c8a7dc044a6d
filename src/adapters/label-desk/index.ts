import { createHttpLabelDesk, httpLabelDeskSchema } from './http.ts';
import type { HttpLabelDeskOptions } from './http.ts';
import type { LabelDesk } from './port.ts';

export const labelDeskSchema = httpLabelDeskSchema;

/** The desk that labels by people are handed in at; the options are checked by `labelDeskSchema` before. */
export function createLabelDesk(options: HttpLabelDeskOptions): LabelDesk {
  return createHttpLabelDesk(options);
}
