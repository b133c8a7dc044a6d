import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { VARIABLES, readConfig } from '../src/config.ts';

const refused = (environment: Record<string, string>, ...fragments: readonly string[]) => {
  assert.throws(
    () => readConfig(environment),
    (error: { code: string; message: string }) =>
      error.code === 'CONFIG_INVALID' && fragments.every((fragment) => error.message.includes(fragment)),
  );
};

describe('the settings', () => {
  it('have a default for a machine of one', () => {
    const config = readConfig({});
    assert.equal(config.stateDir, resolve('.holdfast'));
    assert.deepEqual(config.taskQueues, ['control', 'data', 'training']);
    assert.equal(config.postgresUrl, undefined);
    assert.equal(config.logLevel, 'info');
  });

  it('count an empty variable as absent, as compose files pass it', () => {
    assert.equal(readConfig({ HOLDFAST_GATEWAY_PORT: '' }).gatewayPort, 8480);
  });

  it('split lists at commas', () => {
    assert.deepEqual(readConfig({ HOLDFAST_TASK_QUEUES: 'data, training' }).taskQueues, ['data', 'training']);
  });

  it('name variable and value of everything that is wrong, at once', () =>
    refused(
      { HOLDFAST_GATEWAY_PORT: '99999', HOLDFAST_LOG_LEVEL: 'loud' },
      'HOLDFAST_GATEWAY_PORT is "99999"',
      'HOLDFAST_LOG_LEVEL is "loud"',
    ));

  it('refuse a variable that does not exist and name the one that was meant', () =>
    refused({ HOLDFAST_LOGLEVEL: 'info' }, 'HOLDFAST_LOGLEVEL is not a setting', 'did you mean HOLDFAST_LOG_LEVEL?'));

  it('refuse an unknown task queue', () => refused({ HOLDFAST_TASK_QUEUES: 'control,dat' }, 'HOLDFAST_TASK_QUEUES'));

  it('explain every variable', () => {
    for (const { name, meaning } of VARIABLES) assert.ok(meaning.length > 20, name);
  });
});
