import { answerLabelTask } from '../../client/labeling.ts';
import { labelCommand } from './order.ts';

export const command = labelCommand({
  kind: 'answer',
  words: { flag: 'remark', about: 'a remark on it; it is kept with the answer', required: false },
  say: (typed, remark) => (remark === '' ? typed : { ...typed, reason: remark }),
  send: answerLabelTask,
});
