import { defineQuery, defineUpdate, proxyActivities, setHandler, upsertMemo } from '@temporalio/workflow';

interface Activities {
  work(): Promise<void>;
}

/** Works, is asked, and takes orders; work and orders leave something in its history. */
export async function asked(): Promise<void> {
  const { work } = proxyActivities<Activities>({ startToCloseTimeout: '1h', taskQueue: 'data' });
  let done = 0;
  let ordered = 0;
  setHandler(defineQuery('done'), () => done);
  const order = (): number => {
    ordered += 1;
    upsertMemo({ ordered });
    return done;
  };
  setHandler(defineUpdate('order'), order, { validator: () => undefined });
  for (;;) {
    await work();
    done += 1;
    upsertMemo({ done });
  }
}
