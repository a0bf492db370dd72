import { describe, expect, it } from 'vitest';
import { keepPicture } from '../browser.js';
import type { World } from '../world.js';

export function deadLetterTests(world: () => World): void {
  describe('dead letters', () => {
    it('are counted by cause, looked into, and sent back in the encoding that they are in', async () => {
      const { page } = await world().open('/dead-letters');
      const words = `Thought: the caf\u00e9 of ${Date.now()} is closed`;
      await world().sendBytes(Buffer.from(words, 'latin1'));
      const group = page.getByTestId('letter-group').filter({ hasText: 'INVALID_UTF8' });
      await group.waitFor();
      expect(await group.innerText()).toMatch(/refused by parse from raw-logs/);
      await group.getByRole('button', { name: 'INVALID_UTF8', exact: true }).click();
      await page.waitForURL(/cause=INVALID_UTF8/);
      await page.getByTestId('letter').first().getByRole('button').click();
      const data = page.getByTestId('letter-data');
      await data.getByText('e9 20 6f 66').waitFor();
      await page.keyboard.press('Escape');
      await data.waitFor({ state: 'detached' });
      await keepPicture(page, 'dead-letters');

      await group.getByRole('button', { name: /^Redrive/ }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(/to be sent to/).waitFor();
      await dialog.getByLabel('What their bytes are written in').fill('windows-1252');
      await keepPicture(page, 'redrive');
      await dialog.getByRole('button', { name: /^Send/ }).click();
      await page
        .getByTestId('redriven')
        .getByText(/^\d+ sent back$/)
        .waitFor();
      await dialog.getByRole('button', { name: 'Done' }).click();
      await page.getByText('No letter is like this').waitFor();
      await page.getByText('Redriven', { exact: true }).click();
      await page.getByTestId('letter').first().getByText('redriven').waitFor();
      // the line itself is an event now, with its accent
      const { page: search } = await world().open(
        `/search?how=text&q=${encodeURIComponent(`"${words.slice(9)}"`)}`,
      );
      await expect
        .poll(
          async () => {
            await search.reload();
            await search
              .getByText(/Nothing is like this|agent thought/)
              .first()
              .waitFor();
            return search.getByTestId('hit').count();
          },
          { timeout: 20_000 },
        )
        .toBe(1);
    });

    it('are shown without their data to a key that may not see them', async () => {
      await world().sendBytes(Buffer.from([0, 0, 0, 0xff, 0xff, 1, 2, 3]));
      const watched = await world().open('/dead-letters?state=all', { key: await world().keyWith(['read']) });
      const { page } = watched;
      await page
        .getByTestId('letter')
        .filter({ hasText: 'UNKNOWN_SCHEMA_ID' })
        .first()
        .getByRole('button')
        .click();
      await page.getByText('this needs a key with the scope admin').waitFor();
      const complaints = watched.complaints.splice(0);
      expect(complaints.every((complaint) => complaint.includes('403'))).toBe(true);
    });
  });
}
