/**
 * Writes the prepared pages of evidence for readers who are asked “is it safe to widen, and why?”: `npm run draw:pages -- <folder>`. What
 * they should answer is written beside the folder, not into it: `<folder>.key.json`. Draws the picture of
 * docs/guides/read-a-page-of-evidence.md, too; that needs Chromium.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { createVegaRenderer } from '../src/adapters/chart-renderer/vega.ts';
import { reportPage } from '../src/pages/report/page.ts';
import { browserPath } from '../test/integration/web-ui.ts';
import { PREPARED, preparedReport } from '../test/pages/report/prepared-worlds.ts';

const PICTURE = join('docs', 'guides', 'evidence', 'page.png');
const PICTURED = 'page-05';
const VIEWPORT = { width: 960, height: 1312 };

const folder = resolve(process.argv[2] ?? 'pages');
mkdirSync(folder, { recursive: true });
const drawing = createVegaRenderer();
for (const world of PREPARED) {
  const path = join(folder, `${world.name}.html`);
  writeFileSync(path, await reportPage(await preparedReport(world), drawing));
  process.stdout.write(`${path}\n`);
}
const key = PREPARED.map(({ name, answer, because }) => ({ page: `${name}.html`, answer, because }));
writeFileSync(`${folder}.key.json`, `${JSON.stringify(key, null, 2)}\n`);
process.stdout.write(`${folder}.key.json: what readers should answer\n`);

const browserAt = browserPath();
if (browserAt !== null) {
  const browser = await chromium.launch({ executablePath: browserAt, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.goto(pathToFileURL(join(folder, `${PICTURED}.html`)).href);
  mkdirSync(join(PICTURE, '..'), { recursive: true });
  await page.screenshot({ path: PICTURE });
  await browser.close();
  process.stdout.write(`${PICTURE}\n`);
}
