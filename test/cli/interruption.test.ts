import assert from 'node:assert/strict';
import { whenStopped } from '../../src/cli/interruption.ts';

describe('a command that runs until it is stopped', () => {
  for (const [title, happens] of [
    ['a process manager', () => process.emit('SIGTERM')],
    ['a terminal that is closed', () => process.emit('SIGHUP')],
    ['a reader of its output that has gone', () => process.stdout.emit('error', new Error('write EPIPE'))],
    ['a reader of its messages that has gone', () => process.stderr.emit('error', new Error('write EIO'))],
  ] as const)
    it(`is stopped by ${title}`, () => {
      let times = 0;
      const listenNoMore = whenStopped(() => (times += 1));
      try {
        happens();
        assert.equal(times, 1);
      } finally {
        listenNoMore();
      }
    });

  it('listens no more once it is over', () => {
    const listeners = (): number => process.listenerCount('SIGTERM') + process.stdout.listenerCount('error');
    const before = listeners();
    whenStopped(() => undefined)();
    assert.equal(listeners(), before);
  });
});
