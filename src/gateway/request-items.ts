/** From a body as sent to items that are known to be good and items that are refused, each with the field and the reason. */
import { z } from 'zod';
import { HoldfastError } from '../contracts/errors.ts';
import type { RejectedItem } from '../contracts/serving.ts';

export interface SortedItems<Item> {
  readonly good: readonly { readonly index: number; readonly item: Item }[];
  readonly rejected: RejectedItem[];
  /** Whether the body was one item instead of a batch. */
  readonly single: boolean;
}

/** Matches `.max` of the batch schemas. */
const ITEMS_MAX = 10_000;

/**
 * Checks a batch `{ [list]: [...] }` item by item, or a body that is one item.
 * @throws REQUEST_INVALID when the body is neither, or the batch is empty or too long.
 */
export function sortItems<Item>(body: unknown, list: string, schema: z.ZodType<Item>): SortedItems<Item> {
  const single = !isObject(body) || !(list in body);
  const items = single ? [body] : batchOf(body, list);
  const good: Array<{ index: number; item: Item }> = [];
  const rejected: RejectedItem[] = [];
  for (const [index, sent] of items.entries()) {
    const parsed = schema.safeParse(sent);
    if (parsed.success) good.push({ index, item: parsed.data });
    else rejected.push(rejectItem(index, sent, 'REQUEST_INVALID', explain(parsed.error, sent)));
  }
  return { good, rejected, single };
}

/** @throws REQUEST_INVALID naming every wrong field. */
export function parseBody<Body>(body: unknown, schema: z.ZodType<Body>): Body {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new HoldfastError('REQUEST_INVALID', explain(parsed.error, body));
}

export function rejectItem(index: number, sent: unknown, code: string, message: string): RejectedItem {
  const requestId = isObject(sent) && typeof sent['requestId'] === 'string' ? sent['requestId'].slice(0, 200) : null;
  return { index, requestId, code, message };
}

function batchOf(body: Record<string, unknown>, list: string): readonly unknown[] {
  const items = body[list];
  const others = Object.keys(body).filter((key) => key !== list);
  if (others.length > 0) {
    throw new HoldfastError('REQUEST_INVALID', `${others[0]} is not a field of a batch; send only ${list}`);
  }
  if (!Array.isArray(items))
    throw new HoldfastError('REQUEST_INVALID', `${list} is ${show(items)}; send a list of items`);
  if (items.length === 0 || items.length > ITEMS_MAX) {
    throw new HoldfastError('REQUEST_INVALID', `${list} has ${items.length} items; send 1 to ${ITEMS_MAX}`);
  }
  return items;
}

function explain(error: z.ZodError, sent: unknown): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => {
      const place = issue.path.length === 0 ? 'the body' : issue.path.join('.');
      return `${place} is ${show(valueAt(sent, issue.path))}: ${issue.message}`;
    })
    .join('; ');
}

function valueAt(sent: unknown, path: readonly PropertyKey[]): unknown {
  let value = sent;
  for (const key of path)
    value = isObject(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  return value;
}

function show(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
