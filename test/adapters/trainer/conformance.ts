import assert from 'node:assert/strict';
import type { TrainOptions, TrainProgress, TrainRequest, Trainer } from '../../../src/adapters/trainer/port.ts';
import { HoldfastError } from '../../../src/contracts/errors.ts';
import { generatedMatrix } from '../../domain/learning/generated-matrix.ts';

const boosting = (rows: number, trees: number): TrainRequest => ({
  recipe: { kind: 'gradient-boosting', options: { trees, leaves: 15 } },
  objective: 'binary',
  matrix: generatedMatrix(rows, 11),
  seed: 1,
});

const quietly = (): TrainOptions => ({ onProgress: () => undefined, signal: new AbortController().signal });
const refusedWith = (code: HoldfastError['code'], words: RegExp) => (error: unknown) =>
  error instanceof HoldfastError && error.code === code && words.test(error.message);

/** What every trainer promises, whatever it runs on. `make` gives a trainer that reports progress as often as it can. */
export function trainerConformance(make: () => Promise<Trainer>): void {
  it('gives the same artifact for the same request, and leaves the request usable', async () => {
    const trainer = await make();
    const request = boosting(1000, 10);
    const first = await trainer.train(request, quietly());
    const second = await trainer.train(request, quietly());
    assert.deepEqual(second, first);
    assert.equal(request.matrix.labels.length, 1000);
  });

  it('goes on from any progress, through JSON, to the identical artifact', async () => {
    const trainer = await make();
    const request = boosting(1000, 12);
    const reports: TrainProgress[] = [];
    const whole = await trainer.train(request, { ...quietly(), onProgress: (report) => void reports.push(report) });
    const middle = reports.find((report) => report.iterations >= 5);
    assert.ok(middle !== undefined && middle.iterations < 12);
    const resumeFrom: unknown = JSON.parse(JSON.stringify(middle.resumeFrom));
    assert.deepEqual(await trainer.train(request, { ...quietly(), resumeFrom }), whole);
  });

  it('tells how the loss fell, evenly and to the end', async () => {
    const { curve, iterations, trainLoss } = await (await make()).train(boosting(1000, 50), quietly());
    assert.deepEqual(
      curve.slice(0, 2).map(([done]) => done),
      [3, 6],
    );
    assert.deepEqual(curve.at(-1), [iterations, trainLoss]);
    assert.ok(curve.every(([, loss], index) => index === 0 || loss <= curve[index - 1]![1]));
  });

  it('trains logistic regression and resumes it as well', async () => {
    const trainer = await make();
    const request: TrainRequest = { ...boosting(1000, 1), recipe: { kind: 'logistic-regression', options: {} } };
    const reports: TrainProgress[] = [];
    const whole = await trainer.train(request, { ...quietly(), onProgress: (report) => void reports.push(report) });
    assert.equal(whole.artifact.kind, 'logistic-regression');
    const resumeFrom: unknown = JSON.parse(JSON.stringify(reports[0]!.resumeFrom));
    assert.deepEqual(await trainer.train(request, { ...quietly(), resumeFrom }), whole);
  });

  it('rejects with the reason of an abort, long before it would have been done', async () => {
    const trainer = await make();
    const controller = new AbortController();
    const reason = new Error('cancelled by a person');
    const seen: number[] = [];
    const onProgress = (report: TrainProgress): void => {
      seen.push(report.iterations);
      if (seen.length === 2) controller.abort(reason);
    };
    await assert.rejects(
      trainer.train(boosting(2000, 5000), { onProgress, signal: controller.signal }),
      (error) => error === reason,
    );
    assert.equal(seen.length, 2);
  });

  it('does not begin when it is aborted already', async () => {
    const trainer = await make();
    const reason = new Error('too late');
    const options = { ...quietly(), signal: AbortSignal.abort(reason) };
    await assert.rejects(trainer.train(boosting(100, 1), options), (error) => error === reason);
  });

  it('refuses an unknown option by name', async () => {
    const request = { ...boosting(100, 1), recipe: { kind: 'gradient-boosting', options: { leafs: 3 } } } as const;
    await assert.rejects(
      (await make()).train(request, quietly()),
      refusedWith('TRAINER_REQUEST_REFUSED', /leafs: is no option; did you mean 'leaves'/),
    );
  });

  it('refuses progress of other data', async () => {
    const trainer = await make();
    const reports: TrainProgress[] = [];
    await trainer.train(boosting(500, 5), { ...quietly(), onProgress: (report) => void reports.push(report) });
    const options = { ...quietly(), resumeFrom: reports[0]!.resumeFrom };
    await assert.rejects(
      trainer.train(boosting(501, 5), options),
      refusedWith('TRAINER_REQUEST_REFUSED', /begin without progress/),
    );
  });

  it('ends when the listener to its progress throws', async () => {
    const fault = new Error('heartbeat refused');
    const onProgress = (): void => {
      throw fault;
    };
    const options = { ...quietly(), onProgress };
    await assert.rejects((await make()).train(boosting(1000, 500), options), (error) => error === fault);
  });
}
