/** What a run shows of itself in the web UI. Written only when it changed: every upsert is an event of the history. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import { setCurrentDetails, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { lifecycleId } from '../contracts/names.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { SearchAttributeName, SearchAttributeValues } from '../contracts/search-attributes.ts';
import { fact, workflowLink } from '../domain/markdown.ts';
import { isoInstant } from '../domain/time.ts';
import { workflowNow } from './workflow-time.ts';

/** Keywords of a server on SQL hold 255 characters. */
const KEYWORD_CHARACTERS_MAX = 250;
/** The server takes 400 bytes. */
const SUMMARY_CHARACTERS_MAX = 180;

/** A column that has nothing to say says so: filters find it, and a person need not guess. */
const NOTHING_TO_SAY: SearchAttributeValues = {
  HoldfastPhase: 'progressing',
  HoldfastCandidate: 'none',
  HoldfastDeadline: 'none',
  HoldfastIncident: 'none',
  HoldfastNeedsHuman: false,
};

const KEYS = {
  Keyword: (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
  Bool: (name: string) => defineSearchAttributeKey(name, SearchAttributeType.BOOL),
  Double: (name: string) => defineSearchAttributeKey(name, SearchAttributeType.DOUBLE),
} as const;

export interface Shown {
  /** Markdown for the tab of user metadata; costs no history, and nothing is seen of it while no worker runs. */
  readonly details: string;
  readonly attributes: SearchAttributeValues;
  /** One line that says where the run stands. With `next`, and since when a person is needed, it is the memo: seen also while no worker runs. */
  readonly line: string;
  /** What a person may do now, as the forms of the web UI take it; null when nothing waits for a person. */
  readonly next?: Readonly<Record<string, unknown>> | null;
  /** The gate's table in the memo, line by line: as it stood when line or next changed last. */
  readonly gate?: readonly string[];
}

export interface Display {
  show(shown: Shown): void;
  /** Workflow time since when a person is needed; carried by continue-as-new, which drops what was added to the memo. */
  readonly waitsSince: string | null;
}

/** A run's display; one for each run. @param carried `waitsSince` of the run before */
export function createDisplay(carried: string | null = null): Display {
  let waitsSince = carried;
  let attributesShown = '';
  let memoShown = '';
  return {
    get waitsSince() {
      return waitsSince;
    },
    show({ details, attributes, line, next = null, gate = [] }) {
      setCurrentDetails(details);
      const full = { ...NOTHING_TO_SAY, ...attributes };
      if (JSON.stringify(full) !== attributesShown) upsertSearchAttributes(pairsOf(full));
      attributesShown = JSON.stringify(full);
      waitsSince = full.HoldfastNeedsHuman === true ? (waitsSince ?? isoInstant(workflowNow())) : null;
      const memo = { state: line, next, waitsSince };
      if (JSON.stringify(memo) !== memoShown) upsertMemo(gate.length === 0 ? memo : { ...memo, gate });
      memoShown = JSON.stringify(memo);
    },
  };
}

export interface ShownFromStart {
  readonly staticSummary: string;
  readonly staticDetails: string;
  readonly memo: Record<string, unknown>;
  readonly typedSearchAttributes: SearchAttributePair[];
}

/** What a child shows before its first task is done. The line stays in its memo: continue-as-new drops summary and details. */
export function shownFromStart(about: string, details: string, attributes: SearchAttributeValues): ShownFromStart {
  const inherited: SearchAttributeValues = {};
  for (const name of ['HoldfastModel', 'HoldfastOwner'] as const) {
    const value = workflowInfo().typedSearchAttributes.get(KEYS.Keyword(name));
    if (value !== undefined) inherited[name] = value;
  }
  return {
    staticSummary: about.slice(0, SUMMARY_CHARACTERS_MAX),
    staticDetails: details,
    memo: { about },
    typedSearchAttributes: pairsOf({ ...inherited, ...NOTHING_TO_SAY, ...attributes }),
  };
}

/** The line this run was started with; empty when it was started without. */
export function aboutThisRun(): string {
  const about = workflowInfo().memo?.['about'];
  return typeof about === 'string' ? about : '';
}

/** Where to go from a stage. @param page Of evidence, where there is one of it */
export function seeAlso(model: string, page: string | null = null): string {
  const links = [workflowLink('the whole life cycle', lifecycleId(model)), ...(page === null ? [] : [page])];
  return fact('See also', links.join(', '));
}

function pairsOf(attributes: SearchAttributeValues): SearchAttributePair[] {
  return SEARCH_ATTRIBUTES.flatMap(({ name, type }) => {
    const value = attributes[name satisfies SearchAttributeName];
    return value === undefined ? [] : [{ key: KEYS[type](name), value: cut(value) } as SearchAttributePair];
  });
}

function cut(value: string | number | boolean): string | number | boolean {
  return typeof value === 'string' ? value.slice(0, KEYWORD_CHARACTERS_MAX) : value;
}
