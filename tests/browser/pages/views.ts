import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { keepPicture } from '../browser.js';
import type { World } from '../world.js';
import { TRIAL_MS } from './limits.js';

/** What is looked at, at every width and in both colours. */
const VIEWS: [name: string, path: (world: World) => string, ready: (page: Page) => Promise<unknown>][] = [
  ['traces', () => '/traces', (page) => page.getByTestId('trace-line').first().waitFor()],
  [
    'trace-failed',
    ({ runs }) => `/traces/${runs.failedTraceId}`,
    (page) => page.getByTestId('failures').waitFor(),
  ],
  [
    'trace-tree',
    ({ runs }) => `/traces/${runs.completedTraceId}?view=tree`,
    (page) => page.getByText('24 degrees, sunny').first().waitFor(),
  ],
  [
    'search',
    () => `/search?q=${encodeURIComponent('rotate an API key without downtime')}`,
    (page) => page.getByTestId('run').first().waitFor(),
  ],
  ['live', () => '/live', (page) => page.getByTestId('live-line').first().waitFor()],
  ['overview', () => '/overview', (page) => page.getByRole('heading', { name: 'Tools' }).waitFor()],
  [
    'keys',
    () => '/keys',
    async (page) => {
      await page.getByRole('button', { name: 'New key' }).waitFor();
      await page.getByTestId('key').first().waitFor();
    },
  ],
  [
    'dead-letters',
    () => '/dead-letters?state=all',
    (page) => page.getByTestId('letter-group').first().waitFor(),
  ],
  ['topics', () => '/topics', (page) => page.getByTestId('topic').first().waitFor()],
  ['patterns', () => '/patterns', (page) => page.getByTestId('shape').first().waitFor()],
  [
    'try',
    () => '/patterns?view=try',
    async (page) => {
      const example = page.getByRole('button', { name: 'Show an example' });
      const tried = page.getByTestId('tried');
      await example.or(tried.first()).waitFor();
      if (await example.isVisible()) await example.click();
      const own = tried.filter({ hasText: 'my_rule (yours)' });
      await own.waitFor({ timeout: TRIAL_MS });
      if (!(await own.getByTestId('reasons').isVisible())) await own.locator('summary').click();
    },
  ],
  [
    'trace-long',
    ({ runs }) => `/traces/${runs.longTraceId}`,
    (page) => page.getByRole('option').first().waitFor(),
  ],
];

const SIZES = [
  [1280, 800],
  [390, 844],
] as const;

export function viewTests(world: () => World): void {
  describe('every page', () => {
    beforeAll(async () => {
      await Promise.all([
        world().keyWith(['ingest']),
        world().keyWith(['read', 'admin']),
        world().sendBytes(Buffer.from([0, 0, 0, 0xff, 0xff, 7])),
      ]);
    });

    it.each(VIEWS)(
      'shows %s at 1280 and 390 px, light and dark, and nothing lies beyond its edge',
      async (name, path, ready) => {
        const { page } = await world().open(path(world()));
        for (const [width, height] of SIZES) {
          await page.setViewportSize({ width, height });
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            await ready(page);
            await keepPicture(page, `${name}-${width}-${colorScheme}`);
            const overflow = await page.evaluate(
              () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
            );
            expect(overflow).toBe(0);
          }
        }
      },
    );
  });
}
