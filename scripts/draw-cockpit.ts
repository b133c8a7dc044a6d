/**
 * Draws the pictures of docs/guides/watch-in-the-temporal-ui.md and of the guides for people who label and who judge cases, from runs that
 * are approved through the web UI: the stages from the shipped example; an incident and its proposed case from its short sister, whose
 * features are frozen once they serve; a campaign from the same, about flights that are still in the air.
 * `npm run draw:cockpit [-- stages | incident | campaign]`: about eight minutes on two idle cores; needs Chromium.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { removePostgresHome } from '../src/platform/postgres-home.ts';
import { browserPath, WebUi } from '../test/integration/web-ui.ts';
import { CAMPAIGNING, JUDGING, SHORT_MODEL, shortModel } from './draw-cockpit/short-models.ts';
import { startShow } from './draw-cockpit/show.ts';
import type { Show } from './draw-cockpit/show.ts';
import { smallPng } from './draw-cockpit/small-png.ts';

const FOLDER = join('docs', 'guides', 'temporal-ui');
const MODEL = 'flight-delay';
const SPEED = 6_000;
/** A campaign must stay open while it is looked at. */
const SPEED_OF_CAMPAIGN = 1_500;
const PATIENCE_MS = 20 * 60_000;
const BYTES_MAX = 150_000;
const COLUMNS = ['Status', 'Workflow ID', 'HoldfastWaitingFor', 'HoldfastExposure', 'HoldfastPhase'];
const VIEWPORT = { width: 1280, height: 720 };
/** As wide as the columns of the list are. */
const LIST = { width: 1400, height: 720 };
/** As wide as the longest words beside a bar of the timeline need. */
const WORDY = { width: 1760, height: 720 };
/** Room for the longest of the pages: what does not fit is not drawn. */
const TALL = { width: 1280, height: 1700 };
/** Room for the digests in the right half, which is drawn alone. */
const WIDE = { width: 1560, height: 1700 };
const MARGIN = 12;
const NAVIGATION = 64;

const ASKING = 'WorkflowType="rollout" AND HoldfastNeedsHuman=true AND ExecutionStatus="Running"';
const PROMOTED = 'WorkflowType="rollout" AND HoldfastWaitingFor="nothing: promoted"';
const INCIDENT = 'WorkflowType="incident" AND ExecutionStatus="Running" AND HoldfastWaitingFor="recovery"';
const PROPOSED = 'WorkflowType="incident" AND ExecutionStatus="Running" AND HoldfastPhase="healthy"';
const CAMPAIGN = 'WorkflowType="campaign" AND ExecutionStatus="Running" AND HoldfastWaitingFor="labels"';

const path = browserPath();
if (path === null) throw new Error('no Chromium on this machine; on Debian: apt-get install chromium');
mkdirSync(FOLDER, { recursive: true });
const parts = process.argv.slice(2);
let ui: WebUi;
let show: Show;
const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
if (isWanted('stages'))
  await during(
    () => `models/${MODEL}.yaml`,
    async () => {
      await drawAsking(await show.found(ASKING, PATIENCE_MS));
      await approveUntil(PROMOTED, keepForm);
    },
  );
if (isWanted('incident'))
  await during(
    (folder) => shortModel(folder, JUDGING),
    async () => {
      await approveUntil(PROMOTED);
      await show.freezeFeatures(SHORT_MODEL, true);
      await drawIncident(await show.found(INCIDENT, PATIENCE_MS));
      await show.freezeFeatures(SHORT_MODEL, false);
      await keepDetails('proposed-case', await show.found(PROPOSED, PATIENCE_MS));
    },
  );
if (isWanted('campaign'))
  await during(
    (folder) => shortModel(folder, CAMPAIGNING),
    async () => keepDetails('campaign', await show.found(CAMPAIGN, PATIENCE_MS)),
    SPEED_OF_CAMPAIGN,
  );

/** Runs a model and looks at it. @param modelPath The model file, given a folder to write one into */
async function during(modelPath: (folder: string) => string, look: () => Promise<void>, speed = SPEED): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-cockpit-'));
  show = await startShow(stateDir, modelPath(stateDir), speed);
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
  await ui.page.setViewportSize(LIST);
  await ui.visit('/namespaces/default/workflows');
  await ui.page.getByTestId('workflow-count').waitFor();
  const page = ui.page.locator('body');
  await keep('list', page, page);
  await keepDetails('rollout', rolloutId);
  await keepTimeline('rollout', rolloutId, WORDY);
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
  await keep('approve', dialog, dialog, dialog);
}

/** Both halves, or the right one alone where the left has nothing to say: Temporal drops it when a run continues as new. */
async function keepDetails(name: string, workflowId: string): Promise<void> {
  await ui.page.setViewportSize(TALL);
  const { blocks } = await ui.currentDetails(workflowId);
  const isLeftEmpty = (await ui.page.getByText('No summary available').count()) > 0;
  const isAlone = isLeftEmpty || blocks.some((block) => block.includes('YOUR-NAME'));
  if (isAlone) await ui.page.setViewportSize(WIDE);
  await settled();
  const heading = (of: string): Locator => ui.page.getByRole('heading', { name: of, exact: true });
  if (!isAlone) return keep(`${name}-details`, heading('Summary'), ui.page.locator('iframe'));
  const right = ui.page.locator('#user-metadata-current-details');
  return keep(`${name}-details`, heading('Current Details'), right, right);
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

async function keepTimeline(name: string, workflowId: string, viewport = VIEWPORT): Promise<void> {
  await ui.page.setViewportSize(viewport);
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

/**
 * Keeps what lies between the top of one element and the bottom of the lowest of others.
 * @param within As wide as this one is; without it, as the page beside the navigation. One that is all three is kept without a margin
 */
async function keep(name: string, from: Locator, to: Locator, within?: Locator): Promise<void> {
  const first = await from.first().boundingBox();
  const others = await Promise.all((await to.all()).map((other) => other.boundingBox()));
  const lowest = Math.max(...others.map((box) => (box === null ? 0 : box.y + box.height)));
  const page = ui.page.viewportSize() ?? VIEWPORT;
  const wide = (await within?.boundingBox()) ?? { x: NAVIGATION, width: page.width - NAVIGATION };
  const margin = within === from ? 0 : MARGIN;
  const y = Math.max(0, (first?.y ?? 0) - margin);
  const height = Math.min(page.height, lowest + margin) - y;
  const picture = smallPng(await ui.page.screenshot({ clip: { x: wide.x, y, width: wide.width, height } }));
  const file = join(FOLDER, `${name}.png`);
  if (picture.length > BYTES_MAX) throw new Error(`${file} has ${picture.length} bytes; ${BYTES_MAX} are allowed`);
  writeFileSync(file, picture);
  process.stdout.write(`wrote ${file}, ${picture.length} bytes\n`);
}
