import { describe, expect, it } from 'vitest';
import { keepPicture } from '../browser.js';
import type { World } from '../world.js';

export function traceTests(world: () => World): void {
  describe('a trace', () => {
    it('opens the view that a link names: event, reason, filter and form', async () => {
      const { page } = await world().open(`/traces/${world().runs.failedTraceId}`);
      await page.getByRole('option').filter({ hasText: 'book_flight' }).click();
      await page.getByRole('tab', { name: 'Why is this here' }).click();
      await page.getByTestId('why').getByText(/rule/).first().waitFor();
      await keepPicture(page, 'why');
      await page.getByText('Tree', { exact: true }).click();
      await page.getByRole('button', { name: 'Copy a link to this view' }).click();
      const link = await page.evaluate(() => navigator.clipboard.readText());
      const { page: other } = await world().open(link.slice(world().url.length));
      await other.getByTestId('why').waitFor();
      expect(await other.getByRole('option', { selected: true }).innerText()).toContain('book_flight');
      expect(await other.getByText('{"from": "BER", "to": "LIS"}').count()).toBeGreaterThan(0);
    });

    it('is moved through by keys', async () => {
      const { page } = await world().open(`/traces/${world().runs.failedTraceId}`);
      await page.getByRole('option').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      const selected = page.getByRole('option', { selected: true });
      expect(await selected.innerText()).toContain('AgentExecutor');
      await page.keyboard.press('h');
      await page.getByText('I have to book the flight').waitFor({ state: 'detached' });
      await page.keyboard.press('l');
      await page.keyboard.press('e');
      expect(await selected.innerText()).toContain('ConnectionError');
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('next error').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('f');
      await page.keyboard.type('book LIS');
      await page.getByText('Filtered').waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.getByText('Filtered').waitFor({ state: 'detached' });
      await page.keyboard.press('Escape');
      await page.waitForURL('**/traces');
    });

    it('says so where there is none', async () => {
      const watched = await world().open('/traces/00000000-0000-0000-0000-000000000000');
      await watched.page.getByText('no trace has the id').waitFor();
      expect(watched.complaints.splice(0).every((complaint) => complaint.includes('404'))).toBe(true);
    });

    it('of ten thousand events stays fluid', async () => {
      const { page } = await world().open(`/traces/${world().runs.longTraceId}`);
      const rows = page.getByTestId('rows');
      await page.getByRole('option').first().waitFor();
      // what is drawn does not grow with the trace, wherever it is scrolled to
      const drawn = await rows.evaluate(async (list) => {
        const counts: number[] = [];
        for (let step = 0; step <= 40; step++) {
          list.scrollTop = (list.scrollHeight / 40) * step;
          await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
          counts.push(list.querySelectorAll('[role="option"]').length);
        }
        return counts;
      });
      expect(Math.min(...drawn)).toBeGreaterThan(10);
      expect(Math.max(...drawn)).toBeLessThan(100);
      await page.getByRole('option').filter({ hasText: 'page 2498' }).first().waitFor();
      // from one end to the error in the middle
      await page.keyboard.press('e');
      await page.getByRole('option', { selected: true }).getByText('answered 503').waitFor();
      await page.keyboard.press('f');
      await page.keyboard.type('page 1234');
      await page.getByTestId('filter-note').getByText('of 10000 steps').waitFor();
    });
  });
}
