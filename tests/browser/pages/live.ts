import { describe, expect, it } from 'vitest';
import { TcpProxy } from '../../../lib/testing/tcp-proxy.js';
import { API_KEY } from '../../pipeline/pipeline.js';
import { sendEvent, type World } from '../world.js';

export function liveTests(world: () => World): void {
  describe('the live tail', () => {
    it('shows what comes, stands still while it is paused, and goes on with all of it', async () => {
      const { page } = await world().open('/live');
      await page.getByTestId('live-state').getByText('live', { exact: true }).waitFor();
      const agent = `tail-${Date.now()}`;
      const lines = page.getByTestId('live-line').filter({ hasText: agent });
      await sendEvent(world(), agent, 'first line');
      await lines.waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByTestId('live-state').getByText('paused').waitFor();
      for (const message of ['second line', 'third line']) await sendEvent(world(), agent, message);
      // the list beside it has them: what is paused is the tail alone
      const { page: other } = await world().open(`/live?agent=${agent}`);
      await other.getByText('third line').waitFor();
      expect(await lines.count()).toBe(1);
      await page.getByRole('button', { name: 'Go on' }).click();
      await lines.filter({ hasText: 'third line' }).waitFor();
      expect(await lines.count()).toBe(3);
      await lines.filter({ hasText: 'second line' }).click();
      await page.getByTestId('event-panel').waitFor();
    });

    it('filters what is stored and what comes by type, words and agent, and keeps the filter in the address', async () => {
      const { page } = await world().open('/live');
      await page.getByTestId('live-line').first().waitFor();
      await page.getByLabel('Filter').fill('booking service');
      await page.waitForURL(/text=booking\+service/);
      const lines = page.getByTestId('live-line');
      await lines.first().getByText('booking service refused the connection').waitFor();
      for (const text of await lines.allInnerTexts())
        expect(text.toLowerCase()).toMatch(/booking.*service|service.*booking/s);
      const agent = `words-${Date.now()}`;
      await sendEvent(world(), agent, 'nothing of the kind');
      await sendEvent(world(), agent, 'the booking service is back');
      await lines.filter({ hasText: 'is back' }).waitFor();
      expect(await lines.filter({ hasText: 'nothing of the kind' }).count()).toBe(0);
      await page.reload();
      await lines.filter({ hasText: 'is back' }).waitFor();
      expect(await page.getByLabel('Filter').inputValue()).toBe('booking service');
      await page.getByLabel('Agent').fill('nobody-has-this-name');
      await page.getByText('No line is like this').waitFor();
    });

    it('comes back by itself when the connection was lost, with what came meanwhile', async () => {
      const { hostname, port } = new URL(world().url);
      const network = await TcpProxy.start(() => ({ host: hostname, port: Number(port) }));
      const watched = await world().browser.open(`http://127.0.0.1:${network.port}/live`, API_KEY);
      try {
        const { page } = watched;
        const state = page.getByTestId('live-state');
        await state.getByText('live', { exact: true }).waitFor();
        network.setDown(true);
        await state.getByText('no answer, trying again').waitFor();
        const agent = `away-${Date.now()}`;
        await sendEvent(world(), agent, 'came while the reader was away');
        network.setDown(false);
        await page.getByText('came while the reader was away').waitFor();
        await state.getByText('live', { exact: true }).waitFor();
        expect(watched.complaints.every((complaint) => /net::ERR_/.test(complaint))).toBe(true);
      } finally {
        await watched.close();
        await network.close();
      }
    });
  });
}
