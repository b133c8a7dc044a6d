/**
 * What is wrong with the shape of a model file, in the words of the format instead of the validator's.
 */
import { z } from 'zod';
import { closestName } from '../domain/closest-name.ts';
import { DURATION_PATTERN, NAME_PATTERN } from './model-scalars.ts';
import { choices, valueAt, valueInWords } from './model-fault.ts';
import type { FaultPath, ModelFault } from './model-fault.ts';
import { modelNameSchema } from './serving.ts';

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** Patterns of the format and their meaning; other patterns are explained by the field's description. */
const FORMS = new Map<string, string>([
  [String(DURATION_PATTERN), 'an ISO 8601 duration of weeks, days, hours, minutes, for example PT3H or P7D'],
  [patternOf(modelNameSchema) ?? '', 'a lower-case letter, then lower-case letters, digits or "-", 63 at most'],
  [String(NAME_PATTERN), 'a letter, then letters, digits, "_" or "-", 63 at most'],
]);

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** What an issue is told of but does not carry along: the schema that found it. */
interface Finding {
  readonly root: unknown;
  readonly schemas: readonly (Schema | undefined)[];
}

/**
 * Parses a value and says everything that is wrong with its shape.
 * @returns the parsed value with defaults filled in, or the faults in the order of the schema.
 */
export function parseShape<S extends z.ZodType>(
  schema: S,
  root: unknown,
): { value: z.infer<S>; faults: null } | { value: null; faults: ModelFault[] } {
  const schemas: (Schema | undefined)[] = [];
  const parsed = schema.safeParse(root, {
    // Issues lose the schema that raised them when they are finished; its index travels in their message.
    error: (raw) => {
      const owner = raw.schema ?? raw.inst;
      return String(schemas.push(owner !== undefined && '_zod' in owner ? (owner as Schema) : undefined) - 1);
    },
  });
  if (parsed.success) return { value: parsed.data, faults: null };
  const finding = { root, schemas };
  return { value: null, faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, [], finding)) };
}

function faultsOf(issue: Issue, prefix: FaultPath, finding: Finding): ModelFault[] {
  const path = [...prefix, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue, path, key, finding));
  if (issue.code === 'invalid_union') return unionFaults(issue, path, finding);
  const got = valueAt(finding.root, path);
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => wrongName(inner, path, finding));
  if (got === undefined) return [missing(issue, path, finding)];
  return [{ path, at: 'value', got: valueInWords(got), ...complaint(issue, got, finding) }];
}

type Complaint = Pick<ModelFault, 'problem' | 'allowed' | 'remedy'>;

function complaint(issue: Issue, got: unknown, finding: Finding): Complaint {
  switch (issue.code) {
    case 'invalid_type':
      return { problem: `must be ${typeInWords(issue.expected)}`, allowed: null, remedy: meaning(issue, finding) };
    case 'invalid_value':
      return { problem: 'is not one of the choices', allowed: choices(issue.values), remedy: meant(got, issue.values) };
    case 'invalid_format':
      return { problem: 'is not of the right form', allowed: formInWords(issue, finding), remedy: null };
    case 'too_small':
    case 'too_big':
      return bounds(issue);
    default:
      return { problem: 'is not valid', allowed: null, remedy: meaning(issue, finding) };
  }
}

function bounds(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): Complaint {
  const small = issue.code === 'too_small';
  const limit = String(small ? issue.minimum : issue.maximum);
  if (issue.origin === 'string') {
    if (small) return { problem: 'is empty', allowed: `at least ${limit} character${plural(limit)}`, remedy: null };
    return { problem: 'is too long', allowed: `at most ${limit} characters`, remedy: null };
  }
  const inclusive = issue.inclusive !== false;
  if (issue.origin === 'number' || issue.origin === 'int') {
    const side = small ? (inclusive ? 'or more' : 'more than') : inclusive ? 'or less' : 'less than';
    const allowed = inclusive ? `${limit} ${side}` : `${side} ${limit}`;
    return { problem: small ? 'is too small' : 'is too large', allowed, remedy: null };
  }
  const entries = `${small ? 'at least' : 'at most'} ${limit} ${limit === '1' ? 'entry' : 'entries'}`;
  return { problem: small ? 'has too few entries' : 'has too many entries', allowed: entries, remedy: null };
}

const plural = (count: string): string => (count === '1' ? '' : 's');

function missing(issue: Issue, path: FaultPath, finding: Finding): ModelFault {
  const base = { path, at: 'value', problem: 'is missing', got: null, remedy: meaning(issue, finding) } as const;
  if (issue.code === 'invalid_value') return { ...base, allowed: choices(issue.values) };
  if (issue.code !== 'invalid_type') return { ...base, allowed: null };
  const schema = schemaOf(issue, finding);
  const pattern = issue.expected === 'string' ? patternOf(schema) : undefined;
  const form = pattern === undefined ? undefined : FORMS.get(pattern);
  return { ...base, allowed: form ?? typeInWords(issue.expected) };
}

/** More field names than these are not listed beside a suggestion. */
const LISTED_MAX = 8;

function unknownKey(issue: Issue, path: FaultPath, key: string, finding: Finding): ModelFault {
  const schema = schemaOf(issue, finding);
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const near = closestName(key, known);
  return {
    path: [...path, key],
    at: 'key',
    problem: 'unknown field',
    got: null,
    // With the name meant at hand, a list that fills lines is noise.
    allowed: known.length === 0 || (near !== null && known.length > LISTED_MAX) ? null : known.join(', '),
    remedy: near === null ? 'remove it' : `did you mean "${near}"?`,
  };
}

function wrongName(issue: Issue, path: FaultPath, finding: Finding): ModelFault {
  const allowed = issue.code === 'invalid_format' ? formInWords(issue, finding) : null;
  const got = valueInWords(path.at(-1));
  return { path, at: 'key', problem: 'is not a name', got, allowed, remedy: 'rename it' };
}

function unionFaults(issue: z.core.$ZodIssueInvalidUnion, path: FaultPath, finding: Finding): ModelFault[] {
  const got = valueAt(finding.root, path);
  const options = 'options' in issue ? issue.options : undefined;
  if (options !== undefined) {
    const problem = got === undefined ? 'is missing' : 'is not one of the choices';
    const shown = got === undefined ? null : valueInWords(got);
    return [{ path, at: 'value', problem, got: shown, allowed: choices(options), remedy: meant(got, options) }];
  }
  // Of several forms, the one meant is the one whose kind of value was written.
  const meantForm = issue.errors.find(
    (errors) => !errors.some((error) => error.code === 'invalid_type' && error.path.length === 0),
  );
  if (meantForm !== undefined) return meantForm.flatMap((error) => faultsOf(error, path, finding));
  const kinds = issue.errors.flatMap((errors) =>
    errors.flatMap((error) => (error.code === 'invalid_type' ? [typeInWords(error.expected)] : [])),
  );
  const allowed = [...new Set(kinds)].join(' or ');
  return [{ path, at: 'value', problem: 'is of the wrong kind', got: valueInWords(got), allowed, remedy: null }];
}

const typeInWords = (expected: string): string => TYPES[expected] ?? expected;

function meant(got: unknown, values: readonly unknown[]): string | null {
  const near =
    typeof got === 'string'
      ? closestName(
          got,
          values.filter((value) => typeof value === 'string'),
        )
      : null;
  return near === null ? null : `did you mean "${near}"?`;
}

function schemaOf(issue: Issue, finding: Finding): Schema | undefined {
  return finding.schemas[Number(issue.message)];
}

function described(issue: Issue, finding: Finding): string | null {
  const schema = schemaOf(issue, finding);
  return (schema === undefined ? undefined : z.globalRegistry.get(schema)?.description) ?? null;
}

function meaning(issue: Issue, finding: Finding): string | null {
  const description = described(issue, finding);
  return description === null ? null : `meaning: ${description}`;
}

/** The pattern a text schema checks, as issues spell it. */
function patternOf(schema: Schema | undefined): string | undefined {
  for (const check of schema?._zod.def.checks ?? []) {
    const { pattern } = check._zod.def as { pattern?: RegExp };
    if (pattern !== undefined) return String(pattern);
  }
  return undefined;
}

function formInWords(issue: z.core.$ZodIssueInvalidStringFormat, finding: Finding): string {
  if (issue.format === 'date') return 'a day of the calendar, for example 2001-01-29';
  const known = issue.pattern === undefined ? undefined : FORMS.get(issue.pattern);
  return known ?? described(issue, finding) ?? issue.format;
}
