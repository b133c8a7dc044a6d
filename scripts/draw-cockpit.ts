/**
 * Draws the pictures of docs/guides/watch-in-the-temporal-ui.md from runs that are approved through the web UI: the stages from the shipped
 * example, an incident from its short sister, whose features are frozen once they serve. `npm run draw:cockpit [-- stages | incident]`: about
 * six minutes on two idle cores; needs Chromium.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { removePostgresHome } from '../src/platform/postgres-home.ts';
import { browserPath, WebUi } from '../test/integration/web-ui.ts';
import { startShow } from './draw-cockpit/show.ts';
import type { Show } from './draw-cockpit/show.ts';
import { smallPng } from './draw-cockpit/small-png.ts';

const FOLDER = join('docs', 'guides', 'temporal-ui');
const MODEL = 'flight-delay';
const SHORT_MODEL = 'first-rollout';
const SPEED = 6_000;
const PATIENCE_MS = 20 * 60_000;
const BYTES_MAX = 150_000;
const COLUMNS = ['Status', 'Workflow ID', 'HoldfastWaitingFor', 'HoldfastExposure', 'HoldfastPhase'];
const VIEWPORT = { width: 1280, height: 720 };
/** Room for the longest of the pages: what does not fit is not drawn. */
const TALL = { width: 1280, height: 1700 };
const MARGIN = 12;
const NAVIGATION = 64;

const ASKING = 'WorkflowType="rollout" AND HoldfastNeedsHuman=true AND ExecutionStatus="Running"';
const PROMOTED = 'WorkflowType="rollout" AND HoldfastWaitingFor="nothing: promoted"';
const INCIDENT = 'WorkflowType="incident" AND ExecutionStatus="Running" AND HoldfastWaitingFor="recovery"';

const path = browserPath();
if (path === null) throw new Error('no Chromium on this machine; on Debian: apt-get install chromium');
mkdirSync(FOLDER, { recursive: true });
const parts = process.argv.slice(2);
let ui: WebUi;
let show: Show;
if (parts.length === 0 || parts.includes('stages'))
  await during(MODEL, async () => {
    await drawAsking(await show.found(ASKING, PATIENCE_MS));
    await approveUntil(PROMOTED, keepForm);
  });
if (parts.length === 0 || parts.includes('incident'))
  await during(SHORT_MODEL, async () => {
    await approveUntil(PROMOTED);
    await show.freezeFeatures(SHORT_MODEL);
    await drawIncident(await show.found(INCIDENT, PATIENCE_MS));
  });

/** Runs a model and looks at it. */
async function during(model: string, look: () => Promise<void>): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-cockpit-'));
  show = await startShow(stateDir, `models/${model}.yaml`, SPEED);
  ui = await WebUi.open(path ?? '', show.uiUrl, VIEWPORT);
  try {
    await arrange();
    await look();
  } finally {
    await ui.close();
    await show.stop();
    removePostgresHome(stateDir);
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** What a person sets once in a browser: the columns of the list, and a narrow navigation. */
async function arrange(): Promise<void> {
  const settings = {
    'namespace-workflow-table-columns': JSON.stringify({ default: COLUMNS.map((label) => ({ label })) }),
    navOpen: 'false',
  };
  await ui.page.addInitScript({ content: `Object.assign(localStorage, ${JSON.stringify(settings)})` });
}

async function drawAsking(rolloutId: string): Promise<void> {
  await ui.visit('/namespaces/default/workflows');
  await ui.page.getByTestId('workflow-count').waitFor();
  const page = ui.page.locator('body');
  await keep('list', page, page);
  await keepDetails('rollout', rolloutId);
  await keepTimeline('rollout', rolloutId);
  for (const kind of ['collection', 'experimentation', 'monitoring', 'lifecycle']) {
    await keepDetails(kind, `${kind}/${MODEL}`);
  }
  await keepTimeline('collection', `collection/${MODEL}`);
  await keepTimeline('monitoring', `monitoring/${MODEL}`);
  const experimentId = await show.found('WorkflowType="experiment" AND ExecutionStatus="Completed"', PATIENCE_MS);
  await keepDetails('experiment', experimentId);
  await keepTimeline('experiment', experimentId);
}

async function drawIncident(incidentId: string): Promise<void> {
  await keepDetails('incident', incidentId);
  await keepTimeline('incident', incidentId);
}

/** Approves whatever asks, as a person would, until a run answers to the filter. */
async function approveUntil(filter: string, look?: () => Promise<void>): Promise<string> {
  const { found } = show;
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
    const wanted = await found(filter, 1).catch(() => null);
    if (wanted !== null) return wanted;
    const asking = await found(ASKING, 5_000).catch(() => null);
    if (asking === null) continue;
    await ui.page.setViewportSize(VIEWPORT);
    // It may have gone on, or begun a new run, since it was found.
    const { blocks } = await ui.currentDetails(asking).catch(() => ({ blocks: [] as readonly string[] }));
    const json = blocks.find((block) => block.includes('"evidenceDigest"'))?.trim();
    if (json === undefined) continue;
    const text = json.replace('YOUR-NAME', 'ana').replace('WHY', 'better at every step');
    // Between the look and the form it may have gone on; then it is asked again.
    const complaint = await ui.submit(asking, { kind: 'Update', name: 'approve', text }, look).catch(String);
    process.stdout.write(`${asking}: ${complaint ?? 'approved'}\n`);
  }
  throw new Error(`no run answers to ${filter} in time`);
}

async function keepForm(): Promise<void> {
  const dialog = ui.page.locator('dialog[open]');
  await keep('approve', dialog, dialog);
}

async function keepDetails(name: string, workflowId: string): Promise<void> {
  await ui.page.setViewportSize(TALL);
  await ui.currentDetails(workflowId);
  await settled();
  const from = ui.page.getByRole('heading', { name: 'Summary', exact: true });
  await keep(`${name}-details`, from, ui.page.locator('iframe'));
}

/** Frames of details grow to their content after it has come: they are whole when none has grown for a while. */
async function settled(): Promise<void> {
  const heights = async (): Promise<string> => {
    const boxes = await Promise.all((await ui.page.locator('iframe').all()).map((frame) => frame.boundingBox()));
    return boxes.map((box) => box?.height ?? 0).join();
  };
  for (let before = ''; ;) {
    await ui.page.waitForTimeout(700);
    const now = await heights();
    if (now === before) return;
    before = now;
  }
}

async function keepTimeline(name: string, workflowId: string): Promise<void> {
  await ui.page.setViewportSize(VIEWPORT);
  await ui.openRun(workflowId, 'timeline');
  const heading = ui.page.getByRole('heading', { name: 'Timeline' });
  await heading.scrollIntoViewIfNeeded();
  // Bars are drawn after the history has come.
  await ui.page.waitForTimeout(2_000);
  await ui.page.mouse.move(700, 500);
  await ui.page.mouse.wheel(0, 400);
  await ui.page.mouse.move(0, 0);
  await ui.page.waitForTimeout(500);
  await keep(`${name}-timeline`, heading, ui.page.locator('body'));
}

/** Keeps the width of the page beside the navigation, from the top of one element to the bottom of the lowest of others. */
async function keep(name: string, from: Locator, to: Locator): Promise<void> {
  const first = await from.first().boundingBox();
  const others = await Promise.all((await to.all()).map((other) => other.boundingBox()));
  const lowest = Math.max(...others.map((box) => (box === null ? 0 : box.y + box.height)));
  const { width, height } = ui.page.viewportSize() ?? VIEWPORT;
  const top = Math.max(0, (first?.y ?? 0) - MARGIN);
  const bottom = Math.min(height, lowest + MARGIN);
  const picture = smallPng(
    await ui.page.screenshot({ clip: { x: NAVIGATION, y: top, width: width - NAVIGATION, height: bottom - top } }),
  );
  const file = join(FOLDER, `${name}.png`);
  if (picture.length > BYTES_MAX) throw new Error(`${file} has ${picture.length} bytes; ${BYTES_MAX} are allowed`);
  writeFileSync(file, picture);
  process.stdout.write(`wrote ${file}, ${picture.length} bytes\n`);
}
