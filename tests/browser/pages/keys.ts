import { describe, expect, it } from 'vitest';
import { API_KEY } from '../../pipeline/pipeline.js';
import { keepPicture } from '../browser.js';
import type { World } from '../world.js';

export function keyTests(world: () => World): void {
  describe('the key', () => {
    it('is asked for where the server refuses, and kept in this tab alone unless told otherwise', async () => {
      const watched = await world().open('/', { key: null });
      const { page } = watched;
      const field = page.getByLabel('API key', { exact: true }).and(page.locator('input'));
      await field.fill('not-a-key-of-this-server');
      await page.getByRole('button', { name: 'Use this key' }).click();
      await page.getByText('this API key is not taken').waitFor();
      await keepPicture(page, 'key');
      await field.fill(API_KEY);
      await page.getByRole('button', { name: 'Use this key' }).click();
      await page.getByTestId('trace-line').first().waitFor();
      const kept = await page.evaluate(() => [sessionStorage.length, localStorage.getItem('vectadb.key')]);
      expect(kept).toEqual([1, null]);
      expect(page.url()).not.toContain(API_KEY);
      // the browser itself notes every 401
      const expected = watched.complaints.splice(0);
      expect(expected.every((complaint) => complaint.includes('401'))).toBe(true);
      await page.getByRole('button', { name: 'API key' }).click();
      await page.getByText('Remove it from this browser').click();
      await page.getByText('The key was removed').waitFor();
      expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    });
  });

  describe('the API keys', () => {
    it('are made with scopes and an end, shown once, taken, and revoked', async () => {
      const { page } = await world().open('/keys');
      await page.getByRole('button', { name: 'New key' }).click();
      const dialog = page.getByRole('dialog');
      const make = dialog.getByRole('button', { name: 'Make the key' });
      expect(await make.isDisabled()).toBe(true);
      const name = `reader-${Date.now()}`;
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByLabel(/^ingest:/).click();
      await dialog.getByLabel(/^read:/).click();
      await dialog.getByRole('combobox', { name: 'Ends after' }).click();
      await page.getByRole('option', { name: '30 days' }).click();
      await keepPicture(page, 'keys-make');
      await make.click();
      const key = await dialog.getByTestId('new-key').innerText();
      await page.keyboard.press('Escape');
      await dialog.getByRole('button', { name: 'I have kept it' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await page.content()).not.toContain(key);

      const ask = (path: string) =>
        fetch(world().url + path, { headers: { authorization: `Bearer ${key}` } });
      expect((await ask('/api/v1/traces?limit=1')).status).toBe(200);
      expect((await ask('/api/v1/auth/keys')).status).toBe(403);
      const line = page.getByTestId('key').filter({ hasText: name });
      expect(await line.innerText()).toMatch(/read[\s\S]*active[\s\S]*in (29|30) d/);
      await line.getByRole('button', { name: `Revoke ${name}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
      await line.getByText('revoked').waitFor();
      await expect
        .poll(async () => (await ask('/api/v1/traces?limit=1')).status, { timeout: 10_000 })
        .toBe(401);
    });

    it('are for those alone who may make them', async () => {
      const watched = await world().open('/keys', { key: await world().keyWith(['read']) });
      await watched.page.getByText('this needs a key with the scope admin').waitFor();
      const complaints = watched.complaints.splice(0);
      expect(complaints.every((complaint) => complaint.includes('403'))).toBe(true);
    });
  });
}
