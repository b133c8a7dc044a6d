/** A page of evidence in a real browser, as somebody opens the file: what it asks the network for, what axe says, and what it shows. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { grouped } from '../../../src/domain/aligned-table.ts';
import type { Report, Section } from '../../../src/domain/report/report.ts';
import { cellText } from '../../../src/pages/report/cell-text.ts';
import { reportDigest } from '../../../src/domain/report/report-digest.ts';

export interface Mode {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

export const MODES: readonly Mode[] = [1440, 390].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

export interface Reader {
  /** Opens the page, checks it and closes it again. */
  check(report: Report, html: string, mode: Mode): Promise<void>;
  close(): Promise<void>;
}

export async function openReader(executablePath: string): Promise<Reader> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pages-'));
  return {
    check: (report, html, mode) => checkPage(browser, join(folder, 'page.html'), report, html, mode),
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function checkPage(browser: Browser, file: string, report: Report, html: string, mode: Mode): Promise<void> {
  writeFileSync(file, html);
  // The page's own policy keeps every script out; axe comes in beside it, as a tool of the browser does.
  const context = await browser.newContext({
    viewport: { width: mode.width, height: 900 },
    colorScheme: mode.scheme,
    bypassCSP: true,
  });
  try {
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(asked, [pathToFileURL(file).href], 'the page asks for nothing but itself');
    assert.equal(await page.evaluate('document.scripts.length'), 0);
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    assert.equal(overflow, 0, `it scrolls sideways at ${mode.width} pixels`);
    await checkNumbers(page, report);
    await checkAccess(page, mode);
  } finally {
    await context.close();
  }
}

interface Violation {
  readonly id: string;
  readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary?: string }>;
}

/** axe, with everything that can be opened open. */
async function checkAccess(page: Page, { width, scheme }: Mode): Promise<void> {
  await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ readonly violations: readonly Violation[] }>('axe.run()');
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`);
  assert.deepEqual(found, [], `axe at ${width} pixels, ${scheme}`);
}

interface Shown {
  readonly tables: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly prose: string;
  readonly footer: string;
}

const READ = `(() => {
  const cells = (row) => [...row.cells].map((cell) => cell.textContent);
  const tables = Object.fromEntries([...document.querySelectorAll('table')].map((table) => [table.id, [...table.tBodies[0].rows].map(cells)]));
  const footer = document.querySelector('footer').textContent;
  const rest = document.body.cloneNode(true);
  for (const each of rest.querySelectorAll('table, svg, footer')) each.remove();
  return { tables, prose: rest.textContent, footer };
})()`;

/** Every table cell by cell, and every number of the rest: each stands in the document. */
async function checkNumbers(page: Page, report: Report): Promise<void> {
  const { tables, prose, footer } = await page.evaluate<Shown>(READ);
  const expected = report.sections.filter(({ table }) => table !== null);
  assert.deepEqual(
    Object.keys(tables),
    expected.map(({ id }) => `${id}-table`),
  );
  for (const { id, table } of expected) {
    const rows = table!.rows.map((row) => table!.columns.map((column, index) => cellText(column, row[index] ?? null)));
    assert.deepEqual(tables[`${id}-table`], rows, `the table of ${id} is that of the document`);
  }
  const known = new Set(report.sections.flatMap(numbersBeside));
  for (const text of textsOf(report)) for (const number of numbersIn(text)) known.add(number);
  const unknown = numbersIn(prose).filter((number) => !known.has(number));
  assert.deepEqual(unknown, [], 'numbers of the page that no part of the document has');
  assert.ok(footer.includes(reportDigest(report)));
}

const numbersIn = (text: string): string[] => text.match(/\d+(?:,\d{3})*(?:\.\d+)?/g) ?? [];
const numbersBeside = ({ basis }: Section): string[] => (basis?.n == null ? [] : [grouped(basis.n)]);

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
