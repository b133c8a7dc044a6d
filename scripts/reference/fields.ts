/** A JSON Schema as tables of fields: a section for each mapping, in the order of the file. */

/** The part of JSON Schema (draft 7) that zod writes. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number | boolean)[];
  readonly format?: string;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export const GENERATED = '<!-- Written by `npm run generate`; change the code it is written from. -->';

/** Patterns by what they ask for; one that is not here is an error, so that no table shows a bare pattern. */
const PATTERNS: readonly (readonly [sample: string, other: string, words: string])[] = [
  ['PT3H', 'x', 'duration'],
  ['a-b', 'a_B', 'name in lower case'],
  ['a_B', '9', 'name'],
  ['HOLDFAST_SECRET_A', 'HOME', 'name of a variable'],
  ['ana@example.org', 'ana', 'mail address'],
];

/** Sections of the whole file, from the top down. */
export function fieldsPage(schema: JsonSchema): string {
  return ['## The file', ...sectionsOf('', schema)].join('\n\n');
}

function sectionsOf(place: string, schema: JsonSchema): string[] {
  const fields = Object.entries(schema.properties ?? {});
  const rows = fields.map(([name, field]) => {
    const required = schema.required?.includes(name) === true;
    const missing = required
      ? '**required**'
      : field.default === undefined
        ? ''
        : `\`${JSON.stringify(field.default)}\``;
    return `| \`${name}\` | ${formOf(field)} | ${missing} | ${cell(field.description ?? '')} |`;
  });
  const table = ['| field | form | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
  const inner = fields.flatMap(([name, field]) => mappingsIn(place === '' ? name : `${place}.${name}`, field));
  return [table, ...inner];
}

/** Sections of the mappings that a field holds, whatever holds them. */
function mappingsIn(place: string, field: JsonSchema): string[] {
  if (field.properties !== undefined) return headed(place, field);
  const variants = field.oneOf ?? field.anyOf;
  if (variants !== undefined) {
    return variants.flatMap((variant) =>
      variant.properties === undefined ? [] : headed(variantPlace(place, variant), variant),
    );
  }
  if (field.items !== undefined && !Array.isArray(field.items))
    return mappingsIn(`${place}[]`, field.items as JsonSchema);
  if (typeof field.additionalProperties === 'object') return mappingsIn(`${place}.<name>`, field.additionalProperties);
  return [];
}

function headed(place: string, schema: JsonSchema): string[] {
  const about = schema.description === undefined ? [] : [`${schema.description}.`];
  return [`## \`${place}\``, ...about, ...sectionsOf(place.replace(/ .*/, ''), schema)];
}

/** The field whose constant tells variants apart: `checks[] kind: rowRange`. */
function variantPlace(place: string, variant: JsonSchema): string {
  const [name, field] =
    Object.entries(variant.properties ?? {}).find(([, { const: value }]) => value !== undefined) ?? [];
  return name === undefined ? place : `${place} ${name}: ${String(field?.const)}`;
}

function formOf(field: JsonSchema): string {
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${String(value)}\``).join(' \\| ');
  const variants = field.oneOf ?? field.anyOf;
  if (variants !== undefined) return [...new Set(variants.map(formOf))].join(' or ');
  switch (field.type) {
    case 'string':
      return textForm(field);
    case 'number':
    case 'integer':
      return numberForm(field);
    case 'array':
      return listForm(field);
    case 'object':
      return typeof field.additionalProperties === 'object'
        ? `mapping of name → ${formOf(field.additionalProperties)}`
        : 'mapping';
    default:
      return field.type ?? 'any';
  }
}

/** Text that a table cell shows as it is. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<');

/** Only expressions are that long. */
const EXPRESSION_LENGTH = 2000;

function textForm({ format, pattern, maxLength }: JsonSchema): string {
  if (maxLength === EXPRESSION_LENGTH) return 'SQL expression';
  if (format === 'date') return 'day';
  if (pattern === undefined) return 'text';
  const expression = new RegExp(pattern);
  const known = PATTERNS.find(([sample, other]) => expression.test(sample) && !expression.test(other));
  if (known === undefined) throw new RangeError(`pattern ${pattern} has no words; add it to PATTERNS`);
  return known[2];
}

function numberForm(field: JsonSchema): string {
  const name = field.type === 'integer' ? 'whole number' : 'number';
  const low = field.exclusiveMinimum === undefined ? field.minimum : field.exclusiveMinimum;
  const high = field.exclusiveMaximum === undefined ? field.maximum : field.exclusiveMaximum;
  const bounds = [
    ...(low === undefined ? [] : [`${field.exclusiveMinimum === undefined ? '≥' : '>'} ${low}`]),
    ...(high === undefined ? [] : [`${field.exclusiveMaximum === undefined ? '≤' : '<'} ${high.toLocaleString('en')}`]),
  ];
  return [name, ...bounds]
    .join(' ')
    .replace(/ (?=[≤<])/, ', ')
    .replace('number,', 'number');
}

function listForm(field: JsonSchema): string {
  if (Array.isArray(field.items)) return `[${(field.items as readonly JsonSchema[]).map(formOf).join(', ')}]`;
  const least = field.minItems === undefined ? '' : `, at least ${field.minItems}`;
  return `list of ${formOf((field.items ?? {}) as JsonSchema)}${least}`;
}
