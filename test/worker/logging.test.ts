import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { sdkLogger } from '../../src/worker/logging.ts';

describe('the log of a worker', () => {
  const lines: Array<Record<string, unknown>> = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const logger = sdkLogger(pino({ level: 'debug' }, sink));
  beforeEach(() => (lines.length = 0));

  it('carries the message and the fields of the SDK', () => {
    logger.info('workflow started', { workflowId: 'rollout/m/1' });
    assert.equal(lines[0]?.['msg'], 'workflow started');
    assert.equal(lines[0]['workflowId'], 'rollout/m/1');
  });

  it('carries an error with its stack', () => {
    logger.error('activity failed', { error: new Error('no route') });
    assert.match(JSON.stringify(lines[0]?.['err']), /no route.*stack/);
  });

  it('does not warn of workers that have no workflows, which is meant', () => {
    logger.warn('No workflows registered, not polling for workflow tasks');
    assert.equal(lines[0]?.['level'], 20);
  });

  it('leaves out what is below its level', () => {
    logger.trace('noise');
    assert.equal(lines.length, 0);
  });
});
