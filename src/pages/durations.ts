import { durationMs, lengthInWords } from '../domain/time.ts';

/** An ISO 8601 duration as people say it. @throws RangeError when it is not one. */
export const durationInWords = (iso: string): string => lengthInWords(durationMs(iso));
