import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { checkModel } from '../../contracts/model-check.ts';
import type { ModelDeclaration } from '../../contracts/model.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { readDeclaration } from './located-yaml.ts';
import type { DeclarationKind } from './located-yaml.ts';
import type { ModelFile } from './port.ts';

const MODEL_FILE: DeclarationKind<ModelDeclaration> = {
  name: 'a model file',
  remedyWhenEmpty: 'declare a model: holdfast, model, title, … as in models/flight-delay.yaml',
  remedyWhenTwo: 'one model, one file',
  errors: { notFound: 'MODEL_FILE_NOT_FOUND', unreadable: 'MODEL_FILE_UNREADABLE', invalid: 'MODEL_FILE_INVALID' },
  judge: (content) => {
    const { declaration, faults } = checkModel(content);
    return faults === null ? { value: declaration, faults } : { value: null, faults };
  },
};

/** See {@link ReadModelFile}. */
export async function readModelFile(path: string): Promise<ModelFile> {
  const declaration = await readDeclaration(path, MODEL_FILE);
  return {
    path,
    folder: dirname(resolve(path)),
    digest: createHash('sha256').update(canonicalJson(declaration)).digest('hex'),
    declaration,
  };
}
