/** The short example with more declared than it ships with: what people do only where a model asks them to. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

export const SHORT_MODEL = 'first-rollout';

/** Fields that take the place of the shipped ones; those of `label` one by one. */
export interface Declared {
  readonly label?: object;
  readonly [field: string]: unknown;
}

/** People look at the case of an incident before it enters the suite. */
export const JUDGING: Declared = {
  newCases: { role: 'reviewer', within: 'P3D' },
  people: { approver: ['ana', 'ben'], reviewer: ['ana', 'eve'] },
};

/** People are asked about the flights that are in the air when half a day ends. Their outcomes may be late, so that there is time for the picture. */
export const CAMPAIGNING: Declared = {
  label: { attributionWindow: 'P2D' },
  labeling: {
    question: 'Did the flight arrive more than 15 minutes late, by the log of the tower?',
    every: 'PT12H',
    size: 12,
    answersPerTask: 2,
    goldShare: 0.4,
    minGoldAccuracy: 0.7,
    role: 'annotator',
    deadline: 'PT23H',
  },
  people: { approver: ['ana', 'ben'], annotator: ['ana', 'ben', 'cleo'] },
};

/** Writes the model file. @returns its path */
export function shortModel(folder: string, declared: Declared): string {
  const shipped = parse(readFileSync(`models/${SHORT_MODEL}.yaml`, 'utf8')) as { label: object };
  const path = join(folder, `${SHORT_MODEL}.yaml`);
  writeFileSync(path, stringify({ ...shipped, ...declared, label: { ...shipped.label, ...declared.label } }));
  return path;
}
