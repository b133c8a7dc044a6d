import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { runCli } from '../../../src/cli/program.ts';
import type { SimulationView } from '../../../src/pages/gate/simulation.ts';
import { captured } from '../captured.ts';
import { Folder } from './fixtures.ts';

const folder = new Folder();
const WORLD = [
  '--base',
  '0.05',
  '--units-per-day',
  '24000',
  '--margin',
  '0.02',
  '--replications',
  '20',
  '--differences',
  '0,0.03',
];
const simulate = (...args: readonly string[]) => captured(['gate', 'simulate', ...args]);

describe('holdfast gate simulate', () => {
  after(() => folder.remove());

  it('prints under --json nothing but its document, and the same numbers in words', async () => {
    const { stdout, stderr, exitCode } = await simulate(...WORLD, '--json');
    assert.equal(exitCode, 0);
    assert.match(stderr, /^(simulated (25|50|75) %\n){3}$/);
    const view = JSON.parse(stdout) as SimulationView;
    assert.equal(view.results.length, 12);
    const { stdout: words } = await simulate(...WORLD);
    assert.match(words, /^simulated 25 %\n/);
    const [gate] = view.results;
    const percent = (share: number | null) =>
      share === 0 || share === 1
        ? String(100 * share)
        : (100 * share!).toFixed(100 * share! < 10 || share! > 0.9 ? 1 : 0);
    const { value, low, high } = gate!.promoted;
    assert.ok(words.includes(`${percent(value)} % [${percent(low)}, ${percent(high)}]`), words);
    assert.match(
      words,
      /No difference: a rollback is false\n[^]*\+3\.00 pp, beyond what is tolerated: an advance is wrong/,
    );
  });

  it('is the same again from the same seed, and another from another', async () => {
    const [first, again, other] = await Promise.all([
      simulate(...WORLD),
      simulate(...WORLD),
      simulate(...WORLD, '--seed', '2'),
    ]);
    assert.equal(again.stdout, first.stdout);
    assert.notEqual(other.stdout, first.stdout);
  });

  it('redraws one bar on standard error where a person watches, and clears it', async () => {
    const written = { stdout: '', stderr: '' };
    await runCli(['gate', 'simulate', ...WORLD], COMMANDS, {
      stdout: (text) => void (written.stdout += text),
      stderr: (text) => void (written.stderr += text),
      color: false,
      canRedraw: true,
      screen: null,
    });
    assert.match(written.stderr, /simulating █+░* \d+ %/);
    assert.ok(written.stderr.endsWith('\r\u001B[2K'));
    assert.match(written.stdout, /^20 simulated rollouts a line/);
  });

  it('draws a picture that stands alone, light and dark', async () => {
    const chart = join(folder.path, 'out.svg');
    const { stdout } = await simulate(...WORLD, '--chart', chart);
    assert.ok(stdout.includes(`chart: ${chart}`));
    const svg = readFileSync(chart, 'utf8');
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox/);
    assert.match(svg, /@media \(prefers-color-scheme: dark\)/);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined|https?:(?!\/\/www\.w3\.org)/);
    const open: string[] = [];
    for (const [, closing, name, alone] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (closing === '/') assert.equal(open.pop(), name);
      else if (alone !== '/') open.push(name!);
    }
    assert.deepEqual(open, []);
    for (const name of ['gate', 'fixed threshold', 'rank test', 'Rolled back', 'Promoted'])
      assert.ok(svg.includes(`>${name}</text>`), name);
  });

  it('simulates the policy of a file, its ladder and its other streams', async () => {
    const policy = folder.write(
      'policy.yaml',
      'preset: cautious\nsteps: [{ exposure: 0.1, minCohorts: 30 }]\nstreams:\n  - { id: failed, kind: difference, safeMargin: 0.03 }\n  - { id: errors, kind: count, harmRatio: 2, weight: 0.2 }\n',
    );
    const { stdout } = await simulate(
      '--base',
      '0.05',
      '--units-per-day',
      '24000',
      '--policy',
      policy,
      '--replications',
      '20',
      '--differences',
      '0',
      '--json',
    );
    const { results, notes, policy: used } = JSON.parse(stdout) as SimulationView;
    assert.equal(used.alpha, 0.1);
    assert.ok(results[0]!.daysP50.value! >= 30 / 24);
    assert.match(notes.join(), /the difference is on failed; every other stream has none/);
  });

  for (const [title, args, message] of [
    ['no rate', [], /--base is not given/],
    ['no traffic', ['--base', '0.05'], /--units-per-day is not given/],
    [
      'differences that leave no rate',
      [...WORLD, '--differences', '0,0.99'],
      /--differences is "0,0\.99"; give differences that leave a rate between 0 and 1/,
    ],
    ['a replication too few', [...WORLD, '--replications', '3'], /--replications is "3"; give a whole number from 10/],
    ['a seed that is none', [...WORLD, '--seed', 'x'], /--seed is "x"; give a whole number/],
    ['a horizon without end', [...WORLD, '--horizon', 'P9000D'], /--horizon makes 216,000 cohorts; at most 20,000/],
    ['a cycle above the rate', [...WORLD, '--cycle', '2'], /--cycle is "2"; give a share from 0 to 1/],
    [
      'a chart in a folder that is not there',
      [...WORLD, '--chart', '/none/out.svg'],
      /\/none\/out\.svg" cannot be written: there is no folder "\/none"\nerror GATE_CHART_NOT_WRITTEN/,
    ],
    ['a file, which it does not take', ['my.csv', ...WORLD], /too many arguments/],
  ] as const)
    it(`refuses ${title}`, async () => {
      const { stderr, exitCode } = await simulate(...args);
      assert.match(stderr, message);
      assert.notEqual(exitCode, 0);
    });

  it('refuses a policy under which one arm serves nobody', async () => {
    const policy = folder.write(
      'shadow.yaml',
      'steps: [{ exposure: 0 }]\nstreams: [{ id: failed, kind: difference, safeMargin: 0.03 }]\n',
    );
    const { stderr } = await simulate('--base', '0.05', '--units-per-day', '24000', '--policy', policy);
    assert.match(stderr, /no step at which both arms serve/);
  });
});
