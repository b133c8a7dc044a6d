import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { LocatedFault } from '../../../src/adapters/declaration-file/port.ts';
import { readModelFile } from '../../../src/adapters/declaration-file/model.ts';
import { HoldfastError } from '../../../src/contracts/errors.ts';
import { readFileSync } from 'node:fs';

interface KnownFault {
  readonly title: string;
  readonly replace: string;
  readonly by: string;
  readonly faults: readonly string[];
}

const FIXTURES = 'test/fixtures/broken-models';
const sound = readFileSync(join(FIXTURES, 'sound.yaml'), 'utf8');
const known = parse(readFileSync(join(FIXTURES, 'faults.yaml'), 'utf8')) as KnownFault[];

let folder = '';
let file = '';

async function refusal(content: string | Uint8Array): Promise<HoldfastError> {
  await writeFile(file, content);
  const error = await readModelFile(file).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HoldfastError, 'the file was expected to be refused');
  return error;
}

describe('a model file', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-model-'));
    file = join(folder, 'model.yaml');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const path of ['models/flight-delay.yaml', 'models/birdstrikes.yaml', join(FIXTURES, 'sound.yaml')])
    it(`is sound as shipped: ${path}`, async () => {
      const { declaration, digest } = await readModelFile(path);
      assert.equal(declaration.holdfast, 1);
      assert.match(digest, /^[0-9a-f]{64}$/);
    });

  it('keeps its digest when only comments, order of fields or spelled-out defaults change', async () => {
    await writeFile(file, sound);
    const { digest } = await readModelFile(file);
    const [first = '', ...rest] = sound.split('\n');
    await writeFile(
      file,
      `# a comment\n${rest.join('\n')}${first}\n`.replace('  kind: file\n', '  kind: file\n  timeZone: UTC\n'),
    );
    assert.equal((await readModelFile(file)).digest, digest);
  });

  it('changes its digest with any declared value', async () => {
    await writeFile(file, sound);
    const { digest } = await readModelFile(file);
    await writeFile(file, sound.replace('marginPerThousand: 4', 'marginPerThousand: 4.5'));
    assert.notEqual((await readModelFile(file)).digest, digest);
  });
});

describe('a broken model file is answered with place, fault and remedy', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-model-'));
    file = join(folder, 'model.yaml');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('knows at least forty ways to be wrong', () => assert.ok(known.length >= 40));

  for (const { title, replace, by, faults } of known)
    it(title, async () => {
      assert.equal(sound.split(replace).length, 2, 'the text to replace must stand in the file once');
      const error = await refusal(sound.replace(replace, () => by));
      assert.equal(error.code, 'MODEL_FILE_INVALID');
      assert.deepEqual(
        error.message.split('\n'),
        faults.map((fault) => `${file}:${fault}`),
      );
    });

  it('an empty file', async () => {
    const { message } = await refusal('# nothing yet\n');
    assert.match(message, /model\.yaml:1:1 {2}the file: is empty; declare a model: /);
  });

  it('a list instead of a mapping', async () => {
    const { message } = await refusal('- holdfast\n');
    assert.match(message, /model\.yaml:1:1 {2}the file: must be a mapping \(got \["holdfast"\]\)/);
  });

  it('a field whose name is no text', async () => {
    const { message } = await refusal(`${sound}? [a, b]\n: 1\n`);
    assert.match(
      message,
      /model\.yaml:58:3 {2}the file: has a field whose name is not a text; write the name in quotes/,
    );
  });

  it('aliases that multiply without end', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
    );
    const { message } = await refusal(`l0: &l0 x\n${levels.join('\n')}\n`);
    assert.match(message, /the file: cannot be expanded: /);
  });

  it('a fault behind an alias, where the value is written', async () => {
    const shared = sound
      .replace('deadline: P9D, approvals', 'deadline: *late, approvals')
      .replace('minUnits: 100, deadline: P9D', 'minUnits: 100, deadline: &late P9')
      .replace('[sent, depot]', '[sent, depot]');
    const { details } = await refusal(shared);
    assert.deepEqual(
      (details as LocatedFault[]).map(({ path, line }) => [path.join('.'), line]),
      [
        ['rollout.steps.2.deadline', 48],
        ['rollout.steps.3.deadline', 49],
      ],
    );
  });
});

describe('a model file that cannot be read', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-model-'));
    file = join(folder, 'model.yaml');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const refusedPath = async (path: string) => {
    const error = await readModelFile(path).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof HoldfastError);
    return error;
  };

  it('does not exist', async () => {
    const error = await refusedPath(join(folder, 'none.yaml'));
    assert.equal(error.code, 'MODEL_FILE_NOT_FOUND');
    assert.equal(error.message, `there is no file at "${join(folder, 'none.yaml')}"`);
  });

  it('lies under something that is no folder', async () => {
    assert.equal((await refusedPath('package.json/model.yaml')).code, 'MODEL_FILE_NOT_FOUND');
  });

  it('is a folder', async () => {
    const error = await refusedPath(folder);
    assert.equal(error.code, 'MODEL_FILE_UNREADABLE');
    assert.equal(error.message, `"${folder}" is a folder`);
  });

  it('is not text', async () => {
    const error = await refusal(Uint8Array.of(0xff, 0xfe, 0x00));
    assert.equal(error.code, 'MODEL_FILE_UNREADABLE');
    assert.match(error.message, /is not UTF-8 text$/);
  });

  it('is larger than any declaration', async () => {
    const error = await refusal('#'.repeat(1024 * 1024 + 1));
    assert.equal(error.code, 'MODEL_FILE_UNREADABLE');
    assert.match(error.message, /has 1048577 bytes; a model file has 1048576 at most$/);
  });

  it('may not be read by this user', async function () {
    await writeFile(file, sound);
    await chmod(file, 0o000);
    // Permissions do not bind the superuser, whom test machines often run as.
    if (process.getuid?.() === 0) return assert.ok(await readModelFile(file));
    assert.match((await refusedPath(file)).message, /may not be read by this user$/);
  });
});

describe('a damaged model file', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-model-'));
    file = join(folder, 'model.yaml');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Replaces, removes, doubles or inserts at any place of the text: what slips of the hand and bad merges do. */
  const damage = fc.array(
    fc.record({
      at: fc.nat(sound.length),
      length: fc.nat(40),
      by: fc.oneof(
        fc.constantFrom(
          '',
          '\n',
          ': ',
          '- ',
          '{',
          ']',
          '*x',
          '&x ',
          '!t ',
          '"',
          'null',
          '.inf',
          '-1',
          '1e400',
          '__proto__: 1\n',
          '? ',
        ),
        fc.string({ maxLength: 6 }),
        fc.nat(sound.length).map((from) => sound.slice(from, from + 30)),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  );

  it('is read as declared or refused with faults that all lie in the file', () =>
    fc.assert(
      fc.asyncProperty(damage, async (edits) => {
        let text = sound;
        for (const { at, length, by } of edits) text = text.slice(0, at) + by + text.slice(at + length);
        await writeFile(file, text);
        try {
          await readModelFile(file);
        } catch (error) {
          assert.ok(error instanceof HoldfastError, String(error));
          if (error.code === 'MODEL_FILE_UNREADABLE') return;
          const faults = error.details as LocatedFault[];
          const lines = text.split('\n').length;
          assert.ok(faults.length > 0);
          for (const { line, column, problem } of faults) {
            assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column} of ${lines} lines`);
            assert.notEqual(problem, '');
          }
        }
      }),
      { numRuns: 400 },
    ));
});
