import assert from 'node:assert/strict';
import { Turnstile } from '../../src/cli/drill/turnstile.ts';

describe('event time that stops for the script of a drill', () => {
  it('stands at a boundary until it is let pass, and tells the script where', async () => {
    const turnstile = new Turnstile();
    let passed = false;
    const arrived = turnstile.arrive(3).then(() => (passed = true));
    assert.equal(await turnstile.next(), 3);
    await new Promise(setImmediate);
    assert.equal(passed, false);
    turnstile.letPass();
    await arrived;
    assert.equal(passed, true);
  });

  it('lets the script wait for a boundary that is still to come', async () => {
    const turnstile = new Turnstile();
    const next = turnstile.next();
    void turnstile.arrive(6);
    assert.equal(await next, 6);
  });

  it('opens for nobody but who stands there', async () => {
    const turnstile = new Turnstile();
    turnstile.letPass();
    void turnstile.arrive(9);
    assert.equal(await turnstile.next(), 9);
  });
});
