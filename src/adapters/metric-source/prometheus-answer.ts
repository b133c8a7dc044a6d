/** What an answer to a range query says of a span: the sum of a whole series, or in words why there is none. Nothing is filled in. */
import { z } from 'zod';
import { isoInstant } from '../../domain/time.ts';
import type { EpochMs } from '../../domain/time.ts';

/** Every point of (from, to] at multiples of the step from `from`: a range vector of one step at each covers the span exactly once. */
export interface Grid {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly stepMs: number;
}

export type Sum =
  | { readonly kind: 'sum'; readonly sum: number }
  | { readonly kind: 'missing'; readonly reason: string };

const WORDS_MAX = 300;
const answerSchema = z.looseObject({
  status: z.string(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).nullish(),
  data: z.unknown().optional(),
});
const matrixSchema = z.looseObject({
  resultType: z.literal('matrix'),
  result: z.array(z.looseObject({ values: z.array(z.tuple([z.number(), z.string()])).default([]) })),
});

const missing = (reason: string): Sum => ({ kind: 'missing', reason });
const shorten = (text: string): string => (text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX)}…` : text);

/** Reads the body of an answer, whatever it is. */
export function readAnswer(status: number, body: string, grid: Grid): Sum {
  const answer = answerSchema.safeParse(parseJson(body));
  if (!answer.success) return missing(`answered ${status}, and not as Prometheus does: ${shorten(body) || 'nothing'}`);
  const { errorType, error, warnings, data } = answer.data;
  if (answer.data.status !== 'success' || status !== 200)
    return missing(`answered ${status}, ${errorType ?? 'an error'}: ${shorten(error ?? 'without a word why')}`);
  if (warnings !== null && warnings !== undefined && warnings.length > 0)
    return missing(`warns that the answer may be partial: ${shorten(warnings.join('; '))}`);
  const matrix = matrixSchema.safeParse(data);
  if (!matrix.success) return missing('answered without the matrix of a range query');
  const [series, ...others] = matrix.data.result;
  if (series === undefined || (others.length === 0 && series.values.length === 0))
    return missing('answered with no series; if that means none of them, add "or vector(0)" to the query');
  if (others.length > 0)
    return missing(`answered with ${others.length + 1} series where one is expected; put sum(…) around the query`);
  return sumOf(series.values, grid);
}

function sumOf(values: ReadonlyArray<readonly [number, string]>, { from, to, stepMs }: Grid): Sum {
  const points = new Map(values.map(([seconds, value]) => [Math.round(seconds * 1000), value]));
  let sum = 0;
  const absent: EpochMs[] = [];
  for (let at = from + stepMs; at <= to; at += stepMs) {
    const text = points.get(at);
    if (text === undefined) absent.push(at);
    else {
      const value = Number(text);
      if (!Number.isFinite(value)) return missing(`is ${text} at ${isoInstant(at)}, which is no number of anything`);
      if (value < 0) return missing(`is ${text} at ${isoInstant(at)}: a count is never negative`);
      sum += value;
    }
  }
  const [first] = absent;
  if (first !== undefined) {
    const expected = Math.round((to - from) / stepMs);
    const isStale = first === to - (absent.length - 1) * stepMs;
    return missing(
      isStale
        ? `has nothing from ${isoInstant(first)} on: the last ${absent.length} of ${expected} points are missing`
        : `is partial: ${absent.length} of ${expected} points are missing, the first at ${isoInstant(first)}`,
    );
  }
  const rounded = Math.round(sum);
  if (!Number.isSafeInteger(rounded)) return missing(`adds up to ${sum}, too much to be counted exactly`);
  return { kind: 'sum', sum: rounded };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
