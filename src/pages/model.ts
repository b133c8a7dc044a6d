import type { ModelDeclaration } from '../contracts/model.ts';

/** What a model file declares, for a person. */
export function modelInWords(model: ModelDeclaration): string {
  return `${model.model}: ${model.title}`;
}
