/** The small world's model, with people who label. */
import type { Labeling } from '../../src/contracts/labeling.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';

const LABELING: Labeling = {
  question: 'Was the sale bad?',
  every: 'PT6H',
  size: 10,
  answersPerTask: 2,
  goldShare: 0.4,
  minGoldAccuracy: 0.7,
  minGoldAnswers: 3,
  role: 'annotator',
  deadline: 'PT5H',
};

/** @param changes Of what is declared of labelling */
export const labelingModel =
  (changes: Partial<Labeling> = {}) =>
  (declaration: ModelDeclaration): ModelDeclaration => ({
    ...declaration,
    labeling: { ...LABELING, ...changes },
    people: { ...declaration.people, annotator: ['ana', 'ben', 'cleo'], judge: ['dora'] },
  });
