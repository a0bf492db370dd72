import { describe, expect, it } from 'vitest';
import { sendEvent, type World } from '../world.js';

export function traceListTests(world: () => World): void {
  describe('the list of traces', () => {
    it('filters, keeps the filter in the address, and is moved through by keys', async () => {
      const { page } = await world().open('/traces');
      await page.getByTestId('trace-line').first().waitFor();
      await page.getByText('Failed', { exact: true }).click();
      await page.waitForURL(/status=failed/);
      await page.waitForFunction(() =>
        [...document.querySelectorAll('[data-testid="trace-line"]')].every((line) =>
          line.textContent?.startsWith('failed'),
        ),
      );
      await page.reload();
      await page.getByTestId('trace-line').first().waitFor();
      await page.keyboard.press('j');
      const chosen = page.locator('[data-testid="trace-line"][data-chosen]');
      const href = await chosen.getByRole('link').getAttribute('href');
      await page.keyboard.press('Enter');
      await page.waitForURL(`**${href}`);
      await page.goBack();
      await page.getByLabel('Session').fill('no such session');
      await page.keyboard.press('Enter');
      await page.getByText('No trace is like this').waitFor();
    });

    it('puts the longest run first where that is asked for', async () => {
      const { page } = await world().open('/traces');
      await page.getByTestId('trace-line').first().waitFor();
      await page.getByRole('combobox', { name: 'Order' }).click();
      await page.getByRole('option', { name: 'Longest first' }).click();
      await page.waitForURL(/sort=duration/);
      const first = page.getByTestId('trace-line').first();
      await first.locator(`a[href="/traces/${world().runs.longTraceId}"]`).waitFor();
    });

    it('shows a run that begins while it is looked at', async () => {
      const { page } = await world().open('/traces');
      await page.getByTestId('trace-line').first().waitFor();
      const agent = `late-${Date.now()}`;
      await sendEvent(world(), agent, 'begins');
      await page.getByText(agent).waitFor();
    });
  });

  describe('texts', () => {
    it('narrow the list of traces', async () => {
      const { page } = await world().open('/traces');
      await page.getByLabel('Text').fill('"booking service refused"');
      await page.keyboard.press('Enter');
      await page.waitForURL(/text=/);
      const words = 'booking service refused';
      await page.locator(`a[href="/traces/${world().runs.failedTraceId}"]`).waitFor();
      await page.locator(`a[href="/traces/${world().runs.completedTraceId}"]`).waitFor({ state: 'detached' });
      expect(await page.getByLabel('Text').inputValue()).toBe(`"${words}"`);
    });

    it('are found as they stand, among what is meant, or alone', async () => {
      const { page } = await world().open('/search?q=duplicate%20charge');
      const first = page.getByTestId('hit').first();
      // both lists have it, so it comes before what only one has
      await first.getByText('refund for a duplicate charge').waitFor();
      expect(await first.getByTitle(/meaning \d+.*has the words/).count()).toBe(1);
      await page.getByText('Text', { exact: true }).click();
      await page.waitForURL(/how=text/);
      const hits = page.getByTestId('hit');
      await hits.filter({ hasText: 'ticket 4711: refund for a duplicate charge' }).waitFor();
      // what was found before stands until the answer comes; then every hit has both words
      await page.waitForFunction(() => {
        const found = [...document.querySelectorAll('[data-testid="hit"]')];
        return (
          found.length > 0 &&
          found.every(({ textContent }) => /duplicate.*charge|charge.*duplicate/is.test(textContent!))
        );
      });
    });
  });
}
