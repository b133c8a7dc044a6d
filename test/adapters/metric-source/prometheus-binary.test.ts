import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetricSource } from '../../../src/adapters/metric-source/index.ts';
import type { MetricSource } from '../../../src/adapters/metric-source/port.ts';
import { freePort } from '../../../src/platform/ports.ts';
import { eventually } from '../../workflows/stage-run.ts';
import { metricSourceConformance } from './conformance.ts';
import { COHORT, metric, query } from './prometheus-server.ts';

const MINUTE_S = 60;
const END = COHORT.to / 1000;

/** Requests of one arm, a sample a minute over the hour before the cohort and the cohort itself; half of the bad ones are slow. */
function samplesOf(arm: string, perMinute: number, badPerMinute: number): Record<string, string[]> {
  const lines: Record<string, string[]> = { all: [], bad: [], seconds: [] };
  for (let minute = 0; minute <= 120; minute += 1) {
    const at = END - (120 - minute) * MINUTE_S;
    const bucket = (le: string, count: number): string => `seconds_bucket{arm="${arm}",le="${le}"} ${count} ${at}`;
    lines['all']!.push(`all_total{arm="${arm}"} ${minute * perMinute} ${at}`);
    lines['bad']!.push(`bad_total{arm="${arm}"} ${minute * badPerMinute} ${at}`);
    lines['seconds']!.push(
      bucket('0.25', minute * (perMinute - badPerMinute)),
      bucket('+Inf', minute * perMinute),
      `seconds_count{arm="${arm}"} ${minute * perMinute} ${at}`,
      `seconds_sum{arm="${arm}"} ${minute * perMinute * 0.1} ${at}`,
    );
  }
  return lines;
}

function openMetrics(): string {
  const arms = [samplesOf('stable', 100, 5), samplesOf('candidate', 20, 2)];
  const family = (name: string, type: string): string[] => [
    `# TYPE ${name} ${type}`,
    ...arms.flatMap((arm) => arm[name]!),
  ];
  return [
    ...family('all', 'counter'),
    ...family('bad', 'counter'),
    ...family('seconds', 'histogram'),
    '# EOF',
    '',
  ].join('\n');
}

const isInstalled = (): boolean => {
  try {
    for (const binary of ['prometheus', 'promtool']) execFileSync(binary, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('metric source Prometheus on the real server, skipped where prometheus and promtool are not installed', function () {
  this.timeout(30_000);
  let folder = '';
  let child: ChildProcess | null = null;
  let source: MetricSource;
  before(async function () {
    // The server is not a package of npm: where a machine has none, the server of the other tests has to do.
    if (!isInstalled()) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'holdfast-prometheus-'));
    const data = join(folder, 'data');
    writeFileSync(join(folder, 'samples.om'), openMetrics());
    writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'samples.om'), data], {
      stdio: 'ignore',
    });
    const port = await freePort();
    child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const url = `http://127.0.0.1:${port}`;
    const ready = (): Promise<boolean> =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(ready, (isReady) => isReady);
    source = await createMetricSource({ kind: 'prometheus', url, deadlineMs: 5_000 });
  });
  after(async () => {
    if (child !== null) {
      const ended = new Promise((resolve) => child!.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  const totals = {
    events: 'sum(increase(bad_total{arm="$arm"}[$step]))',
    exposures: 'sum(increase(all_total{arm="$arm"}[$step]))',
  };
  const withSource = (over: object): ReturnType<typeof metric> => {
    const own = metric();
    return { ...own, source: { ...own.source, ...totals, ...over } };
  };

  metricSourceConformance(async () => ({
    source,
    known: query({ metric: withSource({}) }),
    counts: [120, 420, 1200, 7200],
    unknown: query({ metric: withSource({}), from: COHORT.to + 3_600_000, to: COHORT.to + 7_200_000 }),
  }));

  it('counts answers above a limit from the buckets of a histogram', async () => {
    const slow =
      'sum(increase(seconds_count{arm="$arm"}[$step])) - sum(increase(seconds_bucket{arm="$arm",le="0.25"}[$step]))';
    const all = 'sum(increase(seconds_count{arm="$arm"}[$step]))';
    const reading = await source.read(query({ metric: withSource({ events: slow, exposures: all }) }));
    assert.deepEqual(reading, { kind: 'counts', counts: [120, 420, 1200, 7200] });
  });

  for (const [title, over, expected] of [
    ['a query it cannot parse', { events: 'sum(' }, /^events of stable: answered 400, bad_data: .*parse error/],
    ['several series', { events: 'increase(bad_total[$step])' }, /2 series where one is expected/],
    ['a metric that nobody has', { events: 'sum(increase(nobody[$step]))' }, /answered with no series/],
    ['too many points', { step: 'PT0.1S' }, /answered 400, bad_data: exceeded maximum resolution of 11,000 points/],
    [
      'a division by nothing',
      { events: 'sum(increase(bad_total{arm="$arm"}[$step])) / 0' },
      /is \+Inf at 2001-01-03T06:10:00Z/,
    ],
  ] as const)
    it(`is missing with ${title}`, async () => {
      const reading = await source.read(query({ metric: withSource(over) }));
      assert.match(reading.kind === 'missing' ? reading.reason : JSON.stringify(reading), expected);
    });

  it('is missing where the last samples are not there yet', async () => {
    const half = (COHORT.to - COHORT.from) / 2;
    const reading = await source.read(
      query({ metric: withSource({}), from: COHORT.from + half, to: COHORT.to + half }),
    );
    assert.match(
      reading.kind === 'missing' ? reading.reason : JSON.stringify(reading),
      /has nothing from 2001-01-03T07:10:00Z on: the last 3 of 6 points are missing/,
    );
  });
});
