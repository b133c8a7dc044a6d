/**
 * `npm run verify:drills [-- --only NAME,NAME --away SECONDS]`: plays every drill, each on a platform of its own, and prints last
 * `N passed, N failed`; exit code 1 when one does not hold. Source data is prepared once and shared.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DRILLS } from '../src/cli/drill/drills.ts';
import { drillVerdict, happeningLine } from '../src/pages/drill.ts';
import type { DrillReport } from '../src/pages/drill.ts';
import { removePostgresHome } from '../src/platform/postgres-home.ts';

const CLI = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const { values } = parseArgs({ options: { only: { type: 'string' }, away: { type: 'string', default: '120' } } });
const names = values.only?.split(',') ?? Object.keys(DRILLS);
const folder = mkdtempSync(join(tmpdir(), 'holdfast-drills-'));
// The user that PostgreSQL runs as under root must get in.
chmodSync(folder, 0o755);
const prepared = join(folder, 'prepared');
mkdirSync(prepared);

/** What one drill reports; null when it ended without a report. */
async function play(name: string): Promise<DrillReport | null> {
  const stateDir = join(folder, name);
  mkdirSync(stateDir, { mode: 0o755 });
  symlinkSync(prepared, join(stateDir, 'prepared'));
  const args = ['--enable-source-maps', CLI, 'drill', name, '--json', '--away', values.away, '--state-dir', stateDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => void (written.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => void (written.stderr += text.toString()));
  await once(child, 'close');
  removePostgresHome(stateDir);
  rmSync(stateDir, { recursive: true, force: true });
  try {
    const document = JSON.parse(written.stdout) as Partial<DrillReport>;
    if (document.findings !== undefined) return document as DrillReport;
  } catch {
    // What it wrote is shown below.
  }
  console.log(`${written.stderr}${written.stdout}\n${name} ended without a report`);
  return null;
}

const failed: string[] = [];
try {
  for (const name of names) {
    const report = await play(name);
    if (report !== null) for (const happening of report.happenings) console.log(happeningLine(happening));
    if (report !== null) console.log(`${drillVerdict(report).trim()}\n`);
    if (report?.holds !== true) failed.push(name);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${names.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
