import { describe, expect, it } from 'vitest';
import type { World } from '../world.js';

export function overviewTests(world: () => World): void {
  describe('the overview', () => {
    it('counts the runs of a period and leads to those that failed', async () => {
      const { page } = await world().open('/overview?period=all');
      await page.getByRole('heading', { name: 'Tools' }).waitFor();
      const tools = page.locator('table').first();
      // counting ends when its time is over, and begins anew
      await expect
        .poll(() => tools.innerText(), { timeout: 40_000 })
        .toMatch(/fetch_page\s+2,501\s+1\s+120 ms/);
      const models = page.locator('table').nth(1);
      expect(await models.innerText()).toMatch(/gpt-4o-mini\s+2,50\d\s+–\s+210 ms\s+210 ms/);
      await page.getByText(/^\d.* \/s$/).waitFor();
      await page.getByRole('link', { name: /Failed/ }).click();
      await page.waitForURL(/traces\?status=failed/);
      await page.goBack();
      await page.getByRole('link', { name: /Understood/ }).click();
      await page.getByTestId('shape').first().waitFor();
    });
  });
}
