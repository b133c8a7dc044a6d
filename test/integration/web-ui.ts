/** Temporal's web UI in a real browser, as a person uses it. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const PATIENCE_MS = 15_000;

/** Path of a browser of this machine; null where there is none. Nothing is installed. */
export const browserPath = (): string | null => BROWSERS.find((path) => existsSync(path)) ?? null;

export interface Form {
  readonly kind: 'Update' | 'Signal';
  readonly name: string;
  /** What is pasted into the field, usually JSON. */
  readonly text: string;
  /** The radio button of a signal's form. */
  readonly encoding?: 'json/plain' | 'json/protobuf';
}

export interface Details {
  readonly text: string;
  /** Fenced blocks, in order. */
  readonly blocks: readonly string[];
}

export class WebUi {
  readonly #browser: Browser;
  readonly #address: string;
  readonly page: Page;

  private constructor(browser: Browser, page: Page, address: string) {
    this.#browser = browser;
    this.page = page;
    this.#address = address;
  }

  /**
   * @param path Browser to start
   * @param address Where the web UI answers
   */
  static async open(path: string, address: string, viewport = { width: 1440, height: 900 }): Promise<WebUi> {
    const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] });
    const page = await browser.newPage({ viewport, timezoneId: 'UTC', locale: 'en-US' });
    page.setDefaultTimeout(PATIENCE_MS);
    return new WebUi(browser, page, address);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  async visit(pathOrUrl: string): Promise<void> {
    await this.page.goto(new URL(pathOrUrl, this.#address).href);
  }

  /** Opens a tab of the newest run of a workflow, afresh. */
  async openRun(workflowId: string, tab: string): Promise<void> {
    const path = `namespaces/default/workflows/${encodeURIComponent(workflowId)}`;
    const answer = await this.page.request.get(new URL(`/api/v1/${path}`, this.#address).href);
    const { workflowExecutionInfo } = (await answer.json()) as {
      workflowExecutionInfo: { execution: { runId: string } };
    };
    await this.visit(`/${path}/${workflowExecutionInfo.execution.runId}/${tab}`);
  }

  /** What a run says of itself now, in the tab of user metadata. */
  async currentDetails(workflowId: string): Promise<Details> {
    await this.openRun(workflowId, 'user-metadata');
    const frame = this.page.frameLocator('#user-metadata-current-details');
    await frame.locator('strong').first().waitFor();
    return { text: await frame.locator('body').innerText(), blocks: await frame.locator('pre').allInnerTexts() };
  }

  /**
   * Fills in a form of the menu and submits it.
   * @param beforeSubmit For a look at the form as it was filled in
   * @returns what the dialog complains of; null when it took the message and closed
   */
  async submit(
    workflowId: string,
    { kind, name, text, encoding }: Form,
    beforeSubmit: () => Promise<void> = async () => undefined,
  ): Promise<string | null> {
    const { page } = this;
    // Afresh: a form that is opened again shows what was typed before, and sends nothing unless it is changed.
    await this.openRun(workflowId, 'memo');
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: `Send a${kind === 'Update' ? 'n' : ''} ${kind}` }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.getByTestId(`${kind.toLowerCase()}-select-button`).click();
    await dialog.getByRole('option', { name: new RegExp(`^${name}\\b`) }).click();
    if (encoding !== undefined) await dialog.getByRole('radio', { name: encoding }).check();
    await dialog.locator('.cm-content').click();
    await page.keyboard.insertText(text);
    await beforeSubmit();
    await dialog.getByRole('button', { name: 'Submit' }).click();
    const complaint = dialog.locator('div[role=alert]');
    await complaint.or(page.locator('body:not(:has(dialog[open]))')).first().waitFor();
    if ((await dialog.count()) === 0) return null;
    const words = await complaint.innerText();
    await dialog.getByRole('button', { name: 'Cancel' }).last().click();
    await dialog.waitFor({ state: 'detached' });
    return words;
  }

  /** Workflow ids of the list that a link opens. */
  async listed(url: string): Promise<readonly string[]> {
    await this.visit(url);
    await this.page.getByTestId('workflow-count').waitFor();
    const links = await this.page.locator('table a[href*="/workflows/"]').allInnerTexts();
    return [...new Set(links.filter((text) => text.includes('/')))];
  }
}
