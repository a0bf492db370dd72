import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium, installChromium } from '../../deploy/local/chromium.js';
import { cacheFolder, homeFolder } from '../../deploy/local/home.js';
import { projectRoot } from '../../lib/config/root.js';

const ACTION_LIMIT_MS = 20_000;

export interface PageOptions {
  /** Pixels; 1280 where left out. */
  width?: number;
  height?: number;
  dark?: boolean;
}

/** A page with what it complained about: its own errors, and those of the console of the browser. */
export interface WatchedPage {
  page: Page;
  complaints: string[];
  close(): Promise<void>;
}

/** A real Chromium with a home of its own. Nothing of it outlives close(). */
export class TestBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly home: string,
  ) {}

  /** @throws where this machine has no browser and none can be got. */
  static async start(): Promise<TestBrowser> {
    const cacheDir = cacheFolder();
    await installChromium(cacheDir, (message) => console.error(message));
    const found = findChromium(cacheDir);
    if (!found) throw new Error(`there is no chromium in ${cacheDir}`);
    const home = mkdtempSync(join(tmpdir(), 'vectadb-browser-'));
    const browser = await chromium.launch({
      executablePath: found.executable,
      env: { ...(process.env as Record<string, string>), HOME: home, ...found.env },
      // it opens our own pages only, and a container gives it no sandbox
      chromiumSandbox: false,
      timeout: 60_000,
    });
    return new TestBrowser(browser, home);
  }

  /** A new page in a context of its own; `key` is what the console finds in this tab. */
  async open(url: string, key: string | null, options: PageOptions = {}): Promise<WatchedPage> {
    const context = await this.browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
      colorScheme: options.dark ? 'dark' : 'light',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(ACTION_LIMIT_MS);
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      complaints.push(`${message.text()} (${new URL(message.location().url || url).pathname})`);
    });
    page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
    if (key) await page.addInitScript((text) => sessionStorage.setItem('vectadb.key', text), key);
    await page.goto(url);
    return { page, complaints, close: () => context.close() };
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Pictures of the documentation, by the name they are kept under; `npm run docs:pictures` takes them anew. */
const DOCUMENTED: Record<string, string> = {
  'traces-1280-light': 'traces',
  'trace-failed-1280-light': 'trace',
  'trace-tree-1280-dark': 'tree',
  why: 'why',
  'search-1280-light': 'search',
  'overview-1280-light': 'overview',
  'messages-1280-light': 'messages',
  'try-1280-light': 'try',
  'keys-make': 'keys',
  redrive: 'redrive',
  'trace-failed-390-dark': 'telephone',
};

/** Keeps a picture of a page in .vectadb/screenshots, to be looked at. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = join(homeFolder(), 'screenshots');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  const documented = DOCUMENTED[name];
  if (!documented || !process.env.DOCS_PICTURES) return;
  mkdirSync(join(projectRoot(), 'docs/pictures'), { recursive: true });
  copyFileSync(path, join(projectRoot(), 'docs/pictures', `${documented}.png`));
}
