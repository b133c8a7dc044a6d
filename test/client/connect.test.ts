import assert from 'node:assert/strict';
import { connectClient, isTemporalGiven, temporalSettings } from '../../src/client/connect.ts';

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

describe('the way to Temporal', () => {
  it('leads to a server of this machine when nothing is said', () => {
    assert.deepEqual(temporalSettings({}), { address: '127.0.0.1:7233', namespace: 'default' });
    assert.equal(isTemporalGiven({}), false);
  });

  it('is encrypted as soon as an API key is given', () => {
    const settings = temporalSettings({ TEMPORAL_ADDRESS: 'eu.example:7233', TEMPORAL_API_KEY: 'k' });
    assert.deepEqual(settings, { address: 'eu.example:7233', namespace: 'default', tls: true, apiKey: 'k' });
  });

  it('is not encrypted when that is said', () => {
    assert.equal(temporalSettings({ TEMPORAL_API_KEY: 'k', TEMPORAL_TLS: 'false' }).tls, false);
  });

  for (const [title, environment] of [
    ['refuses an encryption that is neither true nor false', { TEMPORAL_TLS: 'yes' }],
    ['refuses a certificate file that cannot be read', { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }],
    ['refuses a certificate without its key', { TEMPORAL_TLS_CLIENT_CERT_PATH: process.execPath }],
  ] as const) {
    it(title, () => assert.throws(() => temporalSettings(environment), code('TEMPORAL_SETTINGS_INVALID')));
  }

  it('says within its patience that nobody answers', async () => {
    const start = Date.now();
    await assert.rejects(
      connectClient({ address: '127.0.0.1:1', namespace: 'default' }, 1_000),
      code('TEMPORAL_UNAVAILABLE'),
    );
    assert.ok(Date.now() - start < 5_000);
  });
});
