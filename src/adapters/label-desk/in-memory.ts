/** Takes labels into a list in this process: for tests and demonstrations. */
import type { LabelDesk, PeopleLabel } from './port.ts';

export interface InMemoryLabelDesk extends LabelDesk {
  /** Everything taken, by model, in order. */
  readonly taken: ReadonlyMap<string, readonly PeopleLabel[]>;
}

export function createInMemoryLabelDesk(): InMemoryLabelDesk {
  const taken = new Map<string, PeopleLabel[]>();
  return {
    taken,
    deliver: async (model, labels) => {
      const known = taken.get(model) ?? [];
      taken.set(model, known);
      let accepted = 0;
      for (const label of labels) {
        if (known.some(({ requestId }) => requestId === label.requestId)) continue;
        known.push(label);
        accepted += 1;
      }
      return { accepted, duplicates: labels.length - accepted, refused: [] };
    },
  };
}
