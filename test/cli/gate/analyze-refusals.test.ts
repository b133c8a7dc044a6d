import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captured } from '../captured.ts';
import { COLUMNS, csvOf, Folder, pastUnits } from './fixtures.ts';

const folder = new Folder();
const sound = csvOf(pastUnits({ units: 400, delta: 0, share: 0.5, seed: 1, days: 1 }));
const HEAD = 'user,variant,assigned_at,failed\n';
const T = '2024-03-01T00:00:00Z';

/** Title, file, further options, code, message, remedy. */
const FILES: ReadonlyArray<readonly [string, string, readonly string[], string, RegExp, RegExp]> = [
  ['an empty file', '', COLUMNS, 'GATE_FILE_EMPTY', /f\.csv {2}is empty/, /Export it again/],
  ['a header without rows', HEAD, COLUMNS, 'GATE_FILE_EMPTY', /has a header and no rows/, /Export it again/],
  [
    'columns that nobody named',
    sound,
    [],
    'GATE_COLUMN_MISSING',
    /has the columns user, variant, assigned_at, failed; --unit, --arm, --time, --loss do not say which/,
    /holdfast gate analyze .*f\.csv --unit user --arm variant --time assigned_at --loss failed/,
  ],
  [
    'one column that nobody named',
    sound,
    COLUMNS.slice(0, 6),
    'GATE_COLUMN_MISSING',
    /--loss does not say which/,
    /--loss failed/,
  ],
  [
    'a column that is not there',
    sound,
    [...COLUMNS, '--unit', 'usr'],
    'GATE_COLUMN_MISSING',
    /has no column "usr" \(--unit\)/,
    /Did you mean "user"\? The file has user, variant/,
  ],
  [
    'a stratum that is not there',
    sound,
    [...COLUMNS, '--stratum', 'land'],
    'GATE_COLUMN_MISSING',
    /has no column "land" \(--stratum\)/,
    /The file has user/,
  ],
  [
    'a loss that is empty',
    `${HEAD}a,A,${T},\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:2 {2}failed has no value/,
    /--missing zero/,
  ],
  [
    'a loss that is NaN',
    `${HEAD}a,A,${T},NaN\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:2 {2}failed has no value/,
    /worst-case/,
  ],
  [
    'a loss that is no number',
    `${HEAD}a,A,${T},0\nb,B,${T},yes!\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:3 {2}failed is no number: "yes!"/,
    /Write 0 and 1/,
  ],
  [
    'a loss above 1',
    `${HEAD}a,A,${T},1.2\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:2 {2}failed is 1\.2, outside 0 to 1/,
    /--range LOW\.\.HIGH/,
  ],
  [
    'a loss below 0',
    `${HEAD}a,A,${T},-0.1\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /failed is -0\.1, outside 0 to 1/,
    /declare its range/,
  ],
  [
    'a time that is none',
    `${HEAD}a,A,yesterday,0\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:2 {2}assigned_at is no time: "yesterday"/,
    /2024-03-01T06:00:00Z/,
  ],
  [
    'a time that is ambiguous',
    `${HEAD}a,A,03/04/2024,0\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /is no time: "03\/04\/2024"/,
    /seconds since 1970/,
  ],
  [
    'a day that no calendar has',
    `${HEAD}a,A,2023-02-29,0\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /is no time: "2023-02-29"/,
    /Write the instant/,
  ],
  [
    'a time that is empty',
    `${HEAD}a,A,,0\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:2 {2}assigned_at is empty/,
    /Write the instant/,
  ],
  [
    'an arm that is empty',
    `${HEAD}a,,${T},0\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:2 {2}variant is empty/,
    /arm its unit was assigned to/,
  ],
  [
    'a unit that is empty',
    `${HEAD},A,${T},0\n`,
    COLUMNS,
    'GATE_ROWS_INVALID',
    /f\.csv:2 {2}user is empty/,
    /export its id/,
  ],
  [
    'one arm only',
    `${HEAD}a,A,${T},0\nb,A,${T},0\n`,
    COLUMNS,
    'GATE_ARMS_UNCLEAR',
    /column variant: there is only the arm "A"/,
    /export both/,
  ],
  [
    'three arms',
    `${HEAD}a,A,${T},0\nb,B,${T},0\nc,C,${T},0\n`,
    COLUMNS,
    'GATE_ARMS_UNCLEAR',
    /there are 3 arms: "A", "B", "C"/,
    /--candidate B --control A/,
  ],
  [
    'arms whose names tell nothing',
    `${HEAD}a,red,${T},0\nb,blue,${T},0\n`,
    COLUMNS,
    'GATE_ARMS_UNCLEAR',
    /which of "red", "blue" is the candidate/,
    /--candidate "blue"/,
  ],
  [
    'a candidate that is not there',
    sound,
    [...COLUMNS, '--candidate', 'C'],
    'GATE_ARMS_UNCLEAR',
    /no row has the arm "C"/,
    /The file has "/,
  ],
  [
    'one arm named twice',
    sound,
    [...COLUMNS, '--candidate', 'B', '--control', 'B'],
    'GATE_ARMS_UNCLEAR',
    /"B" is named as both arms/,
    /two different arms/,
  ],
  [
    'a unit in both arms',
    `${HEAD}a,A,${T},0\nb,B,${T},0\na,B,2024-03-01T02:00:00Z,0\n`,
    COLUMNS,
    'GATE_UNIT_IN_BOTH_ARMS',
    /f\.csv:4 {2}user "a" is in the arms "A" and "B" \(lines 2 and 4\)/,
    /--both-arms first/,
  ],
  [
    'a unit in both arms at once',
    `${HEAD}a,A,${T},0\nb,B,${T},0\na,B,${T},0\n`,
    [...COLUMNS, '--both-arms', 'first'],
    'GATE_UNIT_IN_BOTH_ARMS',
    /user "a" is in the arms "A" and "B"/,
    /no arm came first/,
  ],
  [
    'a line with a column too many',
    `${HEAD}a,A,${T},0,9\n`,
    COLUMNS,
    'GATE_FILE_UNREADABLE',
    /f\.csv:2 {2}has 5 columns where the header has 4/,
    /one header line/,
  ],
  [
    'a line with a column too few',
    `${HEAD}a,A\n`,
    COLUMNS,
    'GATE_FILE_UNREADABLE',
    /f\.csv:2 {2}has 2 columns where the header has 4/,
    /one header line/,
  ],
  [
    'a quote that is never closed',
    `${HEAD}a,"A,${T},0\n`,
    COLUMNS,
    'GATE_FILE_UNREADABLE',
    /f\.csv:2 {2}a quote is never closed/,
    /UTF-8/,
  ],
  [
    'a column named twice',
    `user,user\na,b\n`,
    COLUMNS,
    'GATE_FILE_UNREADABLE',
    /f\.csv:1 {2}the header names column "user" twice/,
    /UTF-8/,
  ],
  [
    'an exposure as per cent',
    sound,
    [...COLUMNS, '--exposure', '50'],
    'CLI_USAGE',
    /--exposure is "50"; give a fraction between 0 and 1: 0\.5 for 50 %/,
    /--help/,
  ],
  [
    'an exposure that is neither number nor column',
    sound,
    [...COLUMNS, '--exposure', 'half'],
    'GATE_COLUMN_MISSING',
    /has no column "half" \(--exposure\)/,
    /The file has/,
  ],
  [
    'an exposure column that holds none',
    sound.replaceAll(/,([01])\n/g, ',$1\n'),
    [...COLUMNS, '--exposure', 'variant'],
    'GATE_ROWS_INVALID',
    /variant is no exposure: "/,
    /0\.05 for 5 %/,
  ],
  [
    'a cohort that is no duration',
    sound,
    [...COLUMNS, '--cohort', '1h'],
    'CLI_USAGE',
    /--cohort is "1h"; give an ISO 8601 duration/,
    /--help/,
  ],
  [
    'cohorts without number',
    sound,
    [...COLUMNS, '--cohort', 'PT0.5S'],
    'CLI_USAGE',
    /makes 1\d\d,\d\d\d cohorts/,
    /At most 100,000/,
  ],
  [
    'a preset that is none',
    sound,
    [...COLUMNS, '--preset', 'standart'],
    'CLI_USAGE',
    /--preset is "standart"; give cautious, standard, fast \(did you mean standard\?\)/,
    /--help/,
  ],
  [
    'a margin that is no number',
    sound,
    [...COLUMNS, '--margin', '1pp'],
    'CLI_USAGE',
    /--margin is "1pp"; give a difference between -1 and 1/,
    /--help/,
  ],
  [
    'a margin as per cent',
    sound,
    [...COLUMNS, '--margin', '5'],
    'CLI_USAGE',
    /--margin is "5"; give a difference between -1 and 1, 0\.01 for one percentage point/,
    /--help/,
  ],
  [
    'a claimed improvement without harm',
    sound,
    [...COLUMNS, '--margin', '-0.01'],
    'CLI_USAGE',
    /a claimed improvement/,
    /--harm-margin/,
  ],
  [
    'a range that is none',
    sound,
    [...COLUMNS, '--range', '9..1'],
    'CLI_USAGE',
    /--range is "9\.\.1"; give two numbers/,
    /--help/,
  ],
  [
    'loss and gain at once',
    sound,
    [...COLUMNS, '--gain', 'failed'],
    'CLI_USAGE',
    /both --loss and --gain are given/,
    /--help/,
  ],
  [
    'a meaning of missing that is none',
    sound,
    [...COLUMNS, '--missing', 'drop'],
    'CLI_USAGE',
    /--missing is "drop"; give refuse, zero, exclude, worst-case/,
    /--help/,
  ],
  [
    'an option that does not exist',
    sound,
    [...COLUMNS, '--treatment', 'B'],
    'CLI_USAGE',
    /unknown option '--treatment'/,
    /--help/,
  ],
];

describe('holdfast gate analyze refuses, says where, and what to do about', () => {
  after(() => folder.remove());

  for (const [title, content, options, code, message, remedy] of FILES)
    it(title, async () => {
      const file = folder.write('f.csv', content);
      const { exitCode, stdout, stderr } = await captured(['gate', 'analyze', file, ...options]);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      const [, raised, said = ''] = /\nerror (\w+) (.*)\n$/.exec(stderr) ?? [];
      assert.equal(raised, code);
      assert.match(said, remedy);
      assert.equal(exitCode, code === 'CLI_USAGE' ? 2 : 1);
    });

  for (const [title, argv, code, message] of [
    ['no file at all', [], 'CLI_USAGE', /no file is given/],
    ['a file that is not there', ['none.csv', ...COLUMNS], 'GATE_FILE_NOT_FOUND', /there is no file at "none\.csv"/],
    ['a folder', ['test', ...COLUMNS], 'GATE_FILE_UNREADABLE', /test {2}is a folder/],
    [
      'a table and cohort records',
      ['a.csv', '--cohorts', 'b.jsonl'],
      'CLI_USAGE',
      /both the table a\.csv and --cohorts b\.jsonl/,
    ],
    ['cohort records without a policy', ['--cohorts', 'b.jsonl'], 'CLI_USAGE', /--policy is not given/],
    [
      'a policy that is not there',
      ['--cohorts', 'b.jsonl', '--policy', 'p.yaml'],
      'GATE_FILE_NOT_FOUND',
      /there is no file at "p\.yaml"/,
    ],
  ] as const)
    it(title, async () => {
      const { stderr } = await captured(['gate', 'analyze', ...argv]);
      assert.match(stderr, message);
      assert.match(stderr, new RegExp(`error ${code} `));
    });

  it('a file that is no text', async () => {
    const file = join(folder.path, 'latin.csv');
    writeFileSync(file, Buffer.from(`${HEAD}caf\u00e9,A,${T},0\n`, 'latin1'));
    const { stderr } = await captured(['gate', 'analyze', file, ...COLUMNS]);
    assert.match(stderr, /is not UTF-8 text, and no Parquet file\nerror GATE_FILE_UNREADABLE Convert it/);
  });

  it('a gzipped file that is cut off', async () => {
    const file = join(folder.path, 'cut.csv.gz');
    writeFileSync(file, gzipSync(sound).subarray(0, 900));
    const { stderr } = await captured(['gate', 'analyze', file, ...COLUMNS]);
    assert.match(stderr, /cut\.csv\.gz {2}cannot be read: unexpected end of file/);
  });

  it('counts what it does not tell, and gives the rows to programs', async () => {
    const rows = Array.from({ length: 25 }, (_, index) => `u${index},A,${T},x`).join('\n');
    const file = folder.write('many.csv', `${HEAD}${rows}\n`);
    const { stderr, stdout } = await captured(['gate', 'analyze', file, ...COLUMNS, '--json']);
    assert.match(stderr, /and 15 more rows like these/);
    const { error } = JSON.parse(stdout) as { error: { details: ReadonlyArray<{ place: number; column: string }> } };
    assert.deepEqual([error.details.length, error.details[0]!.place, error.details[0]!.column], [10, 2, 'failed']);
  });
});
