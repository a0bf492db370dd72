import { describe, it } from 'vitest';
import type { World } from '../world.js';

export function searchTests(world: () => World): void {
  describe('the search', () => {
    it('groups hits by run, narrows them by facets, and leads to the event in its trace', async () => {
      const { page } = await world().open('/search');
      await page.getByText('Say what you look for').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('rotate an API key without downtime');
      await page.keyboard.press('Enter');
      const hit = page.getByTestId('hit').filter({ hasText: 'How do I rotate an API key without downtime?' });
      await hit.first().waitFor();
      await page.getByText('Events', { exact: true }).click();
      await page.getByRole('button', { name: /^query/ }).click();
      await page.waitForURL(/type=query/);
      await page.waitForFunction(() =>
        [...document.querySelectorAll('[data-testid="hit"]')].every((one) =>
          one.textContent?.startsWith('query'),
        ),
      );
      await hit.first().click();
      await page
        .getByTestId('event-panel')
        .getByText('How do I rotate an API key without downtime?')
        .first()
        .waitFor();
    });
  });
}
