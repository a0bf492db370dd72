import { describe, expect, it } from 'vitest';
import type { World } from '../world.js';
import { TRIAL_MS } from './limits.js';

export function patternTests(world: () => World): void {
  describe('lines and rules', () => {
    it('are tried: what each line is and why, and a rule of one’s own', async () => {
      const { page } = await world().open('/patterns?view=try');
      await page.getByText('See what the parser makes of lines').waitFor();
      const lines = page.getByLabel('Lines', { exact: true });
      await lines.fill('Thought: I count the stock\nINFO:app:stock of crate 12: 49 pieces');
      await page.getByRole('button', { name: 'Try', exact: true }).click();
      const tried = page.getByTestId('tried');
      await tried.first().getByText('langchain_thought').waitFor({ timeout: TRIAL_MS });
      await tried.first().locator('summary').click();
      const reasons = page.getByTestId('reasons');
      expect(await reasons.innerText()).toMatch(/patterns\/langchain\.yaml:\d+/);
      expect(await reasons.innerText()).toMatch(/Captured\s+thought\s+I count the stock/);

      const rules = page.getByLabel('Rules of your own');
      const rule = (pattern: string) =>
        `parser_rules:\n  - name: stock\n    pattern: '${pattern}'\n    event_type: tool_result\n`;
      await rules.fill(rule('stock of crate (?<crate>'));
      await page.keyboard.press('Control+Enter');
      const faults = page.getByTestId('faults');
      await faults.getByText('does not compile').waitFor({ timeout: TRIAL_MS });
      await faults.getByRole('button', { name: 'line 2' }).click();
      expect(
        await rules.evaluate(
          (field: HTMLTextAreaElement) =>
            getSelection()?.toString() || field.value.slice(field.selectionStart, field.selectionEnd),
        ),
      ).toBe('  - name: stock');
      await rules.fill(rule('stock of crate (?<crate>\\d+): (?<pieces>\\d+)'));
      await page.keyboard.press('Control+Enter');
      await faults.waitFor({ state: 'detached', timeout: TRIAL_MS });
      const own = tried.filter({ hasText: 'stock (yours)' });
      await own.locator('summary').click();
      expect(await own.getByTestId('reasons').innerText()).toMatch(/pieces\s+49/);
    });

    it('that are not understood have rules suggested, which then read them', async () => {
      const { page } = await world().open('/patterns?view=try');
      await page
        .getByLabel('Lines', { exact: true })
        .fill('crate 12 weighed 49 kg\ncrate 7 weighed 3 kg\nThought: I weigh');
      await page.keyboard.press('Control+Enter');
      await page.getByText('1 of 3 lines understood').waitFor({ timeout: TRIAL_MS });
      await page.getByRole('button', { name: 'Suggest rules' }).click();
      const own = page.getByTestId('tried').filter({ hasText: '(yours)' });
      await own.first().waitFor({ timeout: TRIAL_MS });
      expect(await own.count()).toBe(2);
      expect(await page.getByLabel('Rules of your own').inputValue()).toContain('parser_rules:');
    });

    it('cannot hold up the server, whatever a pattern would cost', async () => {
      const { page } = await world().open('/patterns?view=try');
      await page.getByLabel('Lines', { exact: true }).fill(`${'a'.repeat(5_000)}!`);
      await page
        .getByLabel('Rules of your own')
        .fill("- name: trap\n  pattern: '^(?:a+)+$'\n  event_type: error\n");
      await page.keyboard.press('Control+Enter');
      await page.getByTestId('tried').filter({ hasText: 'kept as it is' }).waitFor({ timeout: TRIAL_MS });
      const began = performance.now();
      expect((await fetch(`${world().url}/health`)).status).toBe(200);
      expect(performance.now() - began).toBeLessThan(1_000);
    });

    it('begin with lines that are not understood', async () => {
      const { page } = await world().open('/patterns');
      const shape = page.getByTestId('shape').first();
      await shape.locator('summary').click();
      const line = await shape.getByRole('link').first().innerText();
      await shape.getByRole('button', { name: /Try a rule/ }).click();
      await page.getByTestId('tried').filter({ hasText: line }).first().waitFor({ timeout: TRIAL_MS });
    });
  });
}
