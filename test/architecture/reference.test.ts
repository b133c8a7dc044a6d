import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { gatePolicyJsonSchema, modelJsonSchema, referenceFiles } from '../../scripts/reference/pages.ts';
import type { JsonSchema } from '../../scripts/reference/fields.ts';
import { ERRORS } from '../../src/contracts/errors.ts';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

describe('the generated reference', () => {
  it('is current: npm run generate changes nothing', async () => {
    for (const [path, text] of await referenceFiles()) {
      assert.ok(read(path) === text, `${path} is not what the code says; run npm run generate and commit it`);
    }
  });

  it('has a heading for every error code, and none for another', () => {
    const headings = [...read('docs/reference/errors.md').matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    assert.deepEqual(headings, Object.keys(ERRORS));
  });

  it('says of every field what it means', () => {
    const silent: string[] = [];
    const walk = (place: string, schema: JsonSchema): void => {
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        if (field.description === undefined) silent.push(`${place}.${name}`);
        walk(`${place}.${name}`, field);
      }
      for (const variant of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) walk(place, variant);
      if (schema.items !== undefined && !Array.isArray(schema.items)) walk(`${place}[]`, schema.items as JsonSchema);
      if (typeof schema.additionalProperties === 'object') walk(`${place}.<name>`, schema.additionalProperties);
    };
    walk('', modelJsonSchema());
    walk('gate policy', gatePolicyJsonSchema());
    assert.deepEqual(silent, []);
  });
});

describe('the published schema of a model file', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile(JSON.parse(read('schemas/model.schema.json')) as object);

  for (const path of ['models/flight-delay.yaml', 'models/birdstrikes.yaml', 'test/fixtures/broken-models/sound.yaml'])
    it(`accepts ${path}`, () => {
      assert.ok(validate(parse(read(path))), JSON.stringify(validate.errors));
    });

  for (const [title, change] of [
    ['a field nobody knows', { colour: 'blue' }],
    ['a wrong type', { cohort: 3 }],
    ['a duration that is none', { cohort: '3 hours' }],
    ['a choice that is none', { task: 'ranking' }],
    ['a check of an unknown kind', { checks: [{ kind: 'magic' }] }],
  ] as const)
    it(`refuses ${title}`, () => {
      const file = parse(read('models/flight-delay.yaml')) as Record<string, unknown>;
      assert.equal(validate({ ...file, ...change }), false);
    });
});
