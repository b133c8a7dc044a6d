/** What every desk for labels must do. */
import assert from 'node:assert/strict';
import type { LabelDesk, PeopleLabel } from '../../../src/adapters/label-desk/port.ts';

export interface DeskUnderTest {
  readonly desk: LabelDesk;
  readonly model: string;
  /** Labels that lie behind the desk, by request. */
  readonly taken: () => Promise<readonly { readonly requestId: string; readonly label: number | null }[]>;
}

const label = (requestId: string, value: number): PeopleLabel => {
  return { requestId, label: value, inputs: { origin: 'ATL' } };
};

export function labelDeskConformance(make: () => Promise<DeskUnderTest>): void {
  const sorted = async ({ taken }: DeskUnderTest): Promise<string[]> =>
    (await taken()).map(({ requestId, label: value }) => `${requestId} ${value}`).sort();

  it('takes labels, each request with its own', async () => {
    const under = await make();
    const receipt = await under.desk.deliver(under.model, [label('a', 1), label('b', 0)]);
    assert.deepEqual(receipt, { accepted: 2, duplicates: 0, refused: [] });
    assert.deepEqual(await sorted(under), ['a 1', 'b 0']);
  });

  it('takes them once, however often they are delivered', async () => {
    const under = await make();
    await under.desk.deliver(under.model, [label('a', 1)]);
    const again = await under.desk.deliver(under.model, [label('a', 1), label('b', 0)]);
    assert.deepEqual(again, { accepted: 1, duplicates: 1, refused: [] });
    assert.deepEqual(await sorted(under), ['a 1', 'b 0']);
  });

  it('has nothing to do without labels', async () => {
    const under = await make();
    assert.deepEqual(await under.desk.deliver(under.model, []), { accepted: 0, duplicates: 0, refused: [] });
  });
}
