import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { createProducer } from '../../lib/kafka/producer.js';
import { API_KEY, Pipeline } from '../pipeline/pipeline.js';
import { type PageOptions, TestBrowser, type WatchedPage } from './browser.js';
import { type KnownRuns, sendRuns } from './runs.js';

/** The running system with real runs in it, and a browser in front. */
export class World {
  private readonly open_: WatchedPage[] = [];

  private constructor(
    readonly pipeline: Pipeline,
    readonly browser: TestBrowser,
    readonly runs: KnownRuns,
  ) {}

  static async start(): Promise<World> {
    const [pipeline, browser] = await Promise.all([Pipeline.start(), TestBrowser.start()]);
    return new World(pipeline, browser, await sendRuns(pipeline.gatewayUrl, API_KEY));
  }

  get url(): string {
    return this.pipeline.gatewayUrl;
  }

  /** The console at a path, with a key that it takes; `key` null: without one. */
  async open(path: string, options: PageOptions & { key?: string | null } = {}): Promise<WatchedPage> {
    const { key = API_KEY, ...page } = options;
    const watched = await this.browser.open(this.url + path, key, page);
    this.open_.push(watched);
    return watched;
  }

  /** A new key with some scopes. */
  async keyWith(scopes: string[]): Promise<string> {
    const response = await fetch(`${this.url}/api/v1/auth/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: `test of ${scopes.join(' and ')}`, scopes }),
    });
    expect(response.status).toBe(201);
    return ((await response.json()) as { key: string }).key;
  }

  /** A record in raw-logs as any producer may send one. */
  async sendBytes(value: Buffer): Promise<void> {
    const { brokers } = this.pipeline.stack;
    const producer = await createProducer({ brokers, clientId: 'browser-test' });
    await producer.send('raw-logs', [{ key: Buffer.from('browser-test'), value }]);
    await producer.close();
  }

  /** Closes what a test opened. @throws what its pages complained about. */
  async closePages(): Promise<void> {
    const pages = this.open_.splice(0);
    await Promise.all(pages.map((page) => page.close()));
    expect(pages.flatMap(({ complaints }) => complaints)).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.pipeline.stop();
  }
}

/** Counts what a reader does with the mouse. */
export class Clicks {
  count = 0;
  constructor(readonly page: Page) {}

  async on(target: ReturnType<Page['locator']>, modifiers: ('Shift' | 'Control')[] = []): Promise<void> {
    await target.click({ modifiers });
    this.count++;
  }
}

/** An event of an agent, at this moment. */
export async function sendEvent({ url }: World, agent: string, message: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      timestamp: new Date().toISOString(),
      event_type: 'agent_start',
      agent_id: agent,
      properties: { message },
    }),
  });
  expect(response.status).toBeLessThan(300);
}
