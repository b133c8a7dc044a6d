/**
 * In a thread of its own, since what is frozen stays frozen for whoever comes after in the same process: every message's schema frozen as
 * the workflow SDK freezes preloaded modules, and what it says then.
 */
import { parentPort } from 'node:worker_threads';
import * as contracts from '../../src/contracts/messages.ts';

export interface FrozenVerdict {
  readonly name: string;
  readonly takesSample: boolean;
  /** Of each body that is not of its shape: whether it is refused, with words for every issue. */
  readonly refusals: readonly boolean[];
}

interface Message {
  readonly name: string;
  readonly sample: object;
  readonly schema: {
    safeParse(body: unknown): {
      readonly success: boolean;
      readonly error?: { readonly issues: ReadonlyArray<{ readonly message: string }> } | undefined;
    };
  };
}

const MESSAGES: readonly Message[] = Object.values(contracts).flatMap((value) =>
  typeof value === 'object' && 'schema' in value ? [value as Message] : [],
);
const MISSHAPEN_FIELDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  [contracts.candidateReadySignal.name]: {
    bundle: ['', 'A'.repeat(64), '0'.repeat(63), `${'0'.repeat(63)}g`],
  },
  [contracts.stageChangedSignal.name]: { eventTime: ['2001-02-25T06:00:00+01:00', 'yesterday'] },
};

function deepFreeze(value: unknown, seen = new Set<unknown>()): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property !== undefined && 'value' in property) deepFreeze(property.value, seen);
  }
}

function verdictOf({ name, sample, schema }: Message): FrozenVerdict {
  const broken: unknown[] = [undefined, null, 0, 'text', [], {}, { ...sample, unexpected: 1 }];
  for (const field of Object.keys(sample)) broken.push({ ...sample, [field]: { nested: true } });
  for (const [field, values] of Object.entries(MISSHAPEN_FIELDS[name] ?? {}))
    for (const value of values) broken.push({ ...sample, [field]: value });
  const refusals = broken.map((body) => {
    const { success, error } = schema.safeParse(body);
    return !success && (error?.issues ?? []).every(({ message }) => message.length > 0);
  });
  return { name, takesSample: schema.safeParse(sample).success, refusals };
}

for (const { schema } of MESSAGES) deepFreeze(schema);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(MESSAGES.map(verdictOf));
