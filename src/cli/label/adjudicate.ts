import { adjudicateLabelTask } from '../../client/labeling.ts';
import type { LabelRuling } from '../../client/labeling.ts';
import { labelCommand } from './order.ts';
import type { TypedLabel } from './order.ts';

export const command = labelCommand<LabelRuling & TypedLabel>({
  kind: 'adjudication',
  words: { flag: 'reason', about: 'why, in words; it is kept with the label', required: true },
  say: (typed, reason) => ({ ...typed, reason }),
  send: adjudicateLabelTask,
});
