/** What a run shows of itself in the web UI. Written only when it changed: every upsert is an event of the history. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { SearchAttributeValues } from '../contracts/search-attributes.ts';

/** Keywords of a server on SQL hold 255 characters. */
const KEYWORD_CHARACTERS_MAX = 250;

const KEYS = {
  Keyword: (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
  Bool: (name: string) => defineSearchAttributeKey(name, SearchAttributeType.BOOL),
  Double: (name: string) => defineSearchAttributeKey(name, SearchAttributeType.DOUBLE),
} as const;

export interface Display {
  /** Details cost no history; attributes and the memo line are upserted when they differ from the last ones. */
  show(details: string, attributes: SearchAttributeValues, line: string): void;
}

/** A run's display; one for each run. */
export function createDisplay(): Display {
  let shown = '';
  return {
    show(details, attributes, line) {
      setCurrentDetails(details);
      const next = JSON.stringify([attributes, line]);
      if (next === shown) return;
      shown = next;
      upsertSearchAttributes(
        SEARCH_ATTRIBUTES.flatMap(({ name, type }) => {
          const value = attributes[name];
          return value === undefined ? [] : [{ key: KEYS[type](name), value: cut(value) } as never];
        }),
      );
      upsertMemo({ state: line });
    },
  };
}

function cut(value: string | number | boolean): string | number | boolean {
  return typeof value === 'string' ? value.slice(0, KEYWORD_CHARACTERS_MAX) : value;
}
