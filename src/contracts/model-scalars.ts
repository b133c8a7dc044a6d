/** The words a model file is written in: durations, days, names, expressions. */
import { z } from 'zod';

export const DURATION_PATTERN = /^P(?=.)(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?$/;
export const NAME_PATTERN = /^[a-zA-Z][a-zA-Z0-9_-]{0,62}$/;

export const durationSchema = z
  .string()
  .regex(DURATION_PATTERN)
  .describe('ISO 8601 duration in weeks, days, hours, minutes: "PT3H", "P7D"');
export const daySchema = z.iso.date().describe('Calendar day, 2001-01-29');
export const sqlSchema = z.string().min(1).max(2000).describe('Expression in DuckDB SQL over the columns of the file');
export const rateSchema = z.number().min(0).max(1);
export const nameSchema = z.string().regex(NAME_PATTERN);
