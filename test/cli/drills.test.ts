import assert from 'node:assert/strict';
import { DRILLS } from '../../src/cli/drill/drills.ts';
import { readModelFile } from '../../src/adapters/declaration-file/model.ts';
import { checkModel } from '../../src/contracts/model-check.ts';
import type { DrillReport } from '../../src/pages/drill.ts';
import { captured } from './captured.ts';

describe('holdfast drill', function () {
  this.timeout(60_000);

  it('lists what can be rehearsed, each with what is expected', async () => {
    const { exitCode, stdout } = await captured(['drill']);
    assert.equal(exitCode, 0);
    for (const [name, { breaks, expects }] of Object.entries(DRILLS)) {
      assert.ok(stdout.includes(`${name.padEnd(26)} ${breaks}\n`), name);
      assert.ok(stdout.includes(`expected: ${expects}\n`), name);
    }
    const listed = JSON.parse((await captured(['drill', '--json'])).stdout) as { drills: Array<{ drill: string }> };
    assert.deepEqual(
      listed.drills.map(({ drill }) => drill),
      Object.keys(DRILLS),
    );
  });

  for (const [title, argv, message] of [
    [
      'a name that is near one',
      ['drill', 'label-feed-stoped'],
      /"label-feed-stoped" is no drill; did you mean label-feed-stopped\?/,
    ],
    ['a name like none', ['drill', 'x'], /"x" is no drill; there is label-feed-stopped, crash-without-labels, /],
    [
      'a server that would never come back',
      ['drill', 'postgres-gone', '--away', '601'],
      /--away is "601"; give seconds, 600 at most/,
    ],
    [
      'a server that is not taken away',
      ['drill', 'postgres-gone', '--away', '0'],
      /--away is "0"; give seconds, 600 at most/,
    ],
  ] as const)
    it(`refuses ${title}`, async () => {
      const { exitCode, stderr } = await captured(argv);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });

  it('breaks nothing of a Temporal that the environment names', async () => {
    process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
    try {
      const { exitCode, stderr } = await captured(['drill', 'foreign-split']);
      assert.equal(exitCode, 2);
      assert.match(stderr, /TEMPORAL_ADDRESS names a server, and a drill breaks only what is its own/);
    } finally {
      delete process.env['TEMPORAL_ADDRESS'];
    }
  });

  it('declares every drill’s model soundly', async () => {
    const { declaration } = await readModelFile('models/flight-slice.yaml');
    for (const [name, drill] of Object.entries(DRILLS)) {
      const { faults } = checkModel(JSON.parse(JSON.stringify(drill.declare(declaration))));
      assert.equal(faults, null, name);
    }
  });

  it('plays one on a platform of its own, says what it found when, and ends by itself with a verdict', async () => {
    const { exitCode, stdout, stderr } = await captured(['drill', 'silence-as-good', '--json']);
    assert.equal(exitCode, 0, stderr);
    const report = JSON.parse(stdout) as DrillReport;
    assert.equal(report.holds, true);
    assert.deepEqual(
      report.findings.map(({ expectation, met }) => [expectation, met]),
      [
        ['the command line refuses the file', true],
        ['and names the field with what is wrong', true],
        ['the workflow refuses it, too', true],
        ['nothing of it is registered', true],
      ],
    );
    assert.match(stderr, /^Drill {5}silence-as-good\nBreaks {4}a model whose action censors its label/);
    assert.match(
      stderr,
      /\n +\d+\.\d s {2}before traffic {8}as expected: the workflow refuses it, too \(MODEL_FILE_INVALID: /,
    );
  });
});
