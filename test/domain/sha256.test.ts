import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { prefix32Hasher, sha256Hex, sha256Prefix32 } from '../../src/domain/sha256.ts';

const platform = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

describe('SHA-256', () => {
  it('agrees with the platform on any text, lone surrogates included', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 300 }),
          fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
        ),
        (text) => {
          assert.equal(sha256Hex(text), platform(text));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('agrees with the platform around block boundaries and on long text', () => {
    for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 100_003]) {
      assert.equal(sha256Hex('a'.repeat(length)), platform('a'.repeat(length)));
    }
  });

  it('gives the first 32 bits as a number that orders as the digests do, the prefix joined or apart', () => {
    const hash = prefix32Hasher('rollout:');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const first = Number.parseInt(platform(`rollout:${text}`).slice(0, 8), 16);
        assert.deepEqual([sha256Prefix32(`rollout:${text}`), hash(text)], [first, first]);
      }),
    );
  });
});
