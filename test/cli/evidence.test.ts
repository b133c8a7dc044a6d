import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import type { ModelDeclaration } from '../../src/contracts/model.ts';
import { policyOf } from '../../src/contracts/policy-record.ts';
import { policyDigest } from '../../src/domain/rollout/recorded-policy.ts';
import { freshDatabase } from '../postgres-server.ts';
import { ALIKE, soundPushedModel } from '../pushed-model.ts';
import { startPushedRollouts } from '../pushed-rollouts.ts';
import type { PushedRollout, PushedRollouts } from '../pushed-rollouts.ts';
import { captured } from './captured.ts';

const AS = ['--as', 'ana', '--reason', 'because'];

describe('commands with what somebody else knows', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-evidence-'));
  let records: RecordStore;
  let rollouts: PushedRollouts;
  let postgresUrl: string;
  before(async () => {
    postgresUrl = await freshDatabase();
    records = await recordStores.postgres.create({ url: postgresUrl, connectionsMax: 5 });
    await records.migrate();
    rollouts = await startPushedRollouts(records);
    process.env['TEMPORAL_ADDRESS'] = rollouts.address;
  });
  beforeEach(() => void (process.env['HOLDFAST_POSTGRES_URL'] = postgresUrl));
  after(async () => {
    delete process.env['TEMPORAL_ADDRESS'];
    delete process.env['HOLDFAST_POSTGRES_URL'];
    await rollouts.stop();
    await records.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const lines = (...batches: unknown[]): string => `${batches.map((batch) => JSON.stringify(batch)).join('\n')}\n`;
  const begin = async (model: string): Promise<PushedRollout> => {
    const rollout = await rollouts.begin(model);
    await rollout.until(({ exposure }) => exposure === 0.05);
    return rollout;
  };

  it('push batches, one line each and a sum, and the rollout goes on', async () => {
    const rollout = await begin('pushed');
    await rollout.pass(2);
    await rollout.until(({ last }) => last?.cohort === 2);
    const path = file('two.jsonl', lines(rollout.batch(1), rollout.batch(2), rollout.batch(1)));
    const { exitCode, stdout } = await captured(['evidence', 'push', rollout.rolloutId, path, '--as', 'metrics-job']);
    assert.equal(
      stdout,
      [
        'recorded   refunds-1  recorded for cohort 1 of refunds',
        'recorded   refunds-2  recorded for cohort 2 of refunds',
        'duplicate  refunds-1  recorded before; it counts once',
        '2 recorded, 1 duplicate, 0 refused',
        '',
      ].join('\n'),
    );
    assert.equal(exitCode, 0);
    await rollout.pass(3);
    await rollout.until(({ exposure }) => exposure === 0.25);
  });

  it('push what is sound of a file and refuse the rest line by line, with exit 6', async () => {
    const rollout = await begin('mixed');
    await rollout.pass(1);
    const impossible = { ...rollout.batch(1), batchId: 'impossible', counts: { ...ALIKE, events: 1 } };
    const path = file('mixed.jsonl', `${lines(impossible)}not json\n${lines(rollout.batch(1))}`);
    const { exitCode, stdout } = await captured(['evidence', 'push', rollout.rolloutId, path, '--json']);
    assert.equal(exitCode, 6);
    const document = JSON.parse(stdout) as { recorded: number; refused: number; receipts: { message: string }[] };
    assert.deepEqual([document.recorded, document.refused], [1, 2]);
    assert.match(document.receipts[0]?.message ?? '', /candidateEvents 100 is more than events 1/);
    assert.match(document.receipts[1]?.message ?? '', /^batch: must be a JSON object with batchId/);
  });

  it('push through the rollout itself where only Temporal is known', async () => {
    delete process.env['HOLDFAST_POSTGRES_URL'];
    const rollout = await begin('by-update');
    await rollout.pass(1);
    const path = file('array.json', JSON.stringify([rollout.batch(1), rollout.batch(2)]));
    const { exitCode, stdout } = await captured(['evidence', 'push', rollout.rolloutId, path]);
    assert.equal(exitCode, 6);
    assert.match(stdout, /^recorded {3}refunds-1/);
    assert.match(stdout, /^refused {4}refunds-2 {2}cohort .* is not over/m);
  });

  it('say what is wrong with a file, and with an id', async () => {
    for (const [path, words] of [
      [join(folder, 'absent'), /^there is no file at ".*absent"\nerror EVIDENCE_FILE_NOT_FOUND /],
      [folder, /^".*" is a folder\nerror EVIDENCE_FILE_UNREADABLE /],
      [file('latin.jsonl', Buffer.from([0xe9])), /latin\.jsonl" is not UTF-8 text\nerror EVIDENCE_FILE_UNREADABLE /],
      [file('broken.json', '[{]'), /begins as a JSON array and is none: .*\nerror EVIDENCE_FILE_UNREADABLE /],
      [file('nothing.jsonl', '\n'), /nothing\.jsonl" holds no batch\nerror EVIDENCE_FILE_EMPTY /],
    ] as const) {
      const { exitCode, stderr } = await captured(['evidence', 'push', 'rollout/shop/00000000-1', path]);
      assert.equal(exitCode, 1);
      assert.match(stderr, words);
    }
    const other = await captured(['evidence', 'push', 'shop', file('one.jsonl', '{}')]);
    assert.match(other.stderr, /"shop" is not the id of a rollout/);
  });

  it('extend the deadline of the present step, and refuse another step', async () => {
    const rollout = await begin('extended');
    const { exitCode, stdout } = await captured(['extend', rollout.rolloutId, '--by', 'PT5H', ...AS]);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^taken: deadline extended by 2 cohorts by ana: because/);
    const other = await captured(['extend', rollout.rolloutId, '--by', 'P1D', '--step', '2', ...AS]);
    assert.equal(other.exitCode, 6);
    assert.match(other.stdout, /step 2 is not the present one; the rollout stands on step 1/);
    const soon = await captured(['extend', rollout.rolloutId, '--by', 'soon', ...AS]);
    assert.match(soon.stdout, /^refused: extend: duration: must be an ISO 8601 duration/);
  });

  describe('re-base a rollout', () => {
    const modelFile = (name: string, declaration: ModelDeclaration): string =>
      file(name, stringify(JSON.parse(JSON.stringify(declaration))));
    it('to the policy of a file: recorded, judged again, exposure shrunk; the same again is refused', async () => {
      const rollout = await rollouts.begin('rebased', () => soundPushedModel('rebased', 0.05));
      await rollout.until(({ exposure }) => exposure === 0.05);
      const smaller = soundPushedModel('rebased', 0.02);
      const path = modelFile('smaller.yaml', smaller);
      const { exitCode, stdout } = await captured(['rebase', rollout.rolloutId, '--model', path, ...AS]);
      assert.equal(exitCode, 0, stdout);
      const digest = policyDigest(policyOf(smaller, 'not-worse'));
      assert.match(stdout, new RegExp(`^re-based to policy ${digest.slice(0, 12)}; what is recorded is judged again`));
      const { brief } = await rollout.until(({ exposure }) => exposure === 0.02);
      assert.equal(brief?.policyDigest, digest);
      const again = await captured(['rebase', rollout.rolloutId, '--model', path, ...AS]);
      assert.deepEqual(
        [again.exitCode, again.stdout.slice(0, 44)],
        [6, 'refused: the policy of the file rules alread'],
      );
    });

    it('never to a higher exposure: the rollout refuses and stays as it is', async () => {
      const rollout = await rollouts.begin('not-higher', () => soundPushedModel('not-higher', 0.05));
      await rollout.until(({ exposure }) => exposure === 0.05);
      const path = modelFile('higher.yaml', soundPushedModel('not-higher', 0.1));
      const { exitCode, stdout } = await captured(['rebase', rollout.rolloutId, '--model', path, ...AS]);
      assert.equal(exitCode, 6);
      assert.match(stdout, /^refused: the new ladder has no step of this kind at exposure 0\.05 or below/);
      assert.equal((await rollout.status()).exposure, 0.05);
    });

    it('only to a sound file of the same model', async () => {
      const rollout = await begin('its-own');
      const other = modelFile('other.yaml', soundPushedModel('another', 0.02));
      const { exitCode, stdout } = await captured(['rebase', rollout.rolloutId, '--model', other, ...AS]);
      assert.equal(exitCode, 6);
      assert.match(stdout, /the file declares another, and rollout\/its-own\/.* is of its-own/);
      const broken = await captured([
        'rebase',
        rollout.rolloutId,
        '--model',
        file('broken.yaml', 'holdfast: 1'),
        ...AS,
      ]);
      assert.equal(broken.exitCode, 1);
      assert.match(broken.stderr, /error MODEL_FILE_INVALID/);
    });
  });
});
