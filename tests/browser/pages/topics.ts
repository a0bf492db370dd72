import { describe, expect, it } from 'vitest';
import { keepPicture } from '../browser.js';
import type { World } from '../world.js';

export function topicTests(world: () => World): void {
  describe('the topics', () => {
    it('show who reads them, partition by partition', async () => {
      const { page } = await world().open('/topics');
      const group = page.getByTestId('group').filter({ hasText: 'vectadb-surreal-sink' });
      await group.getByText('Stable').waitFor();
      expect(await group.innerText()).toContain('agent-events, agent-traces');
      await group.getByRole('button').click();
      expect(await page.getByTestId('group-partition').count()).toBe(12);
      expect(await page.getByTestId('group-partition').first().innerText()).toMatch(/surreal-sink@/);
      const rawLogs = page
        .getByTestId('topic')
        .filter({ has: page.getByRole('button', { name: 'raw-logs', exact: true }) });
      await rawLogs.getByText('parse', { exact: true }).waitFor();
    });

    it('are looked into: decoded, by text, from an offset on', async () => {
      const { page } = await world().open('/topics');
      await page.getByRole('button', { name: 'agent-events', exact: true }).click();
      await page.waitForURL(/topic=agent-events/);
      await page.getByLabel('Only with this text').fill('booking service refused');
      await page.keyboard.press('Enter');
      const message = page.getByTestId('message').filter({ hasText: 'error · ConnectionError' }).first();
      // a look ends when its time is over, found or not
      await expect
        .poll(
          async () => {
            await page.getByRole('button', { name: 'Look', exact: true }).click();
            await page.getByText(/\d+ looked at/).waitFor();
            return message.isVisible();
          },
          { timeout: 30_000 },
        )
        .toBe(true);
      await message.locator('summary').click();
      // fields of the Avro record, and the JSON that is in one of them
      await message.getByText('group_key').waitFor();
      await message.getByText('error_message').waitFor();
      await keepPicture(page, 'messages-1280-light');
      const [partition, offset] = (await message.locator('summary > span').first().innerText()).split('/');
      await page.getByLabel('Only with this text').fill('nothing holds this');
      await page.keyboard.press('Enter');
      await page.getByText('looked at holds this text').waitFor();
      await page.getByLabel('Only with this text').fill('');
      await page.getByRole('combobox', { name: 'Partition' }).click();
      await page.getByRole('option', { name: `Partition ${partition}` }).click();
      await page.getByLabel('From offset').fill(offset!);
      await page.keyboard.press('Enter');
      const place = page.getByTestId('message').first().locator('summary > span').first();
      await expect.poll(() => place.innerText(), { timeout: 20_000 }).toBe(`${partition}/${offset}`);
      await page.getByRole('tab', { name: 'Settings' }).click();
      await page.getByText('cleanup.policy').waitFor();
    });

    it('say what to do where there is none of that name, and which scope a look needs', async () => {
      const { page } = await world().open('/topics?topic=no-such-topic');
      await page.getByText('There is no such topic').waitFor();
      const watched = await world().open('/topics?topic=raw-logs', { key: await world().keyWith(['read']) });
      await watched.page.getByText('this needs a key with the scope admin').waitFor();
      const complaints = watched.complaints.splice(0);
      expect(complaints.every((complaint) => complaint.includes('403'))).toBe(true);
    });
  });
}
