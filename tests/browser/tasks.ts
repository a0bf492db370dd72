import { describe, expect, it } from 'vitest';
import { API_KEY } from '../pipeline/pipeline.js';
import { keepPicture } from './browser.js';
import { Clicks, sendEvent, type World } from './world.js';

/** What people come for, each with the most clicks that it may take from `/`. */
export function taskTests(world: () => World): void {
  describe('a person who opens the console', () => {
    it('sees why a run failed, in 3 clicks', async () => {
      const { page } = await world().open('/');
      const clicks = new Clicks(page);
      await clicks.on(page.getByText('Failed', { exact: true }));
      await page.waitForURL(/status=failed/);
      await clicks.on(page.locator(`a[href="/traces/${world().runs.failedTraceId}"]`));
      const failures = page.getByTestId('failures');
      await failures.waitFor();
      expect(await failures.innerText()).toContain('booking service refused the connection');
      await clicks.on(failures.getByRole('button').first());
      // the step itself, what it was part of, and the line as it was logged
      const event = await page.getByTestId('event-panel').innerText();
      expect(event).toContain('book_flight');
      expect(event).toContain('[ERROR] ConnectionError: booking service refused the connection');
      expect(clicks.count).toBeLessThanOrEqual(3);
    });

    it('sees what the agent did between two steps, in 3 clicks', async () => {
      const { page } = await world().open('/');
      const clicks = new Clicks(page);
      await clicks.on(page.locator(`a[href="/traces/${world().runs.completedTraceId}"]`));
      const step = (text: string) => page.getByRole('option').filter({ hasText: text }).first();
      await clicks.on(step('The user flies tomorrow'));
      await clicks.on(step('Pack light clothes'), ['Shift']);
      const note = page.getByTestId('filter-note');
      await note.waitFor();
      expect(await note.innerText()).toContain('5 of 10 steps');
      expect(await note.innerText()).toContain('weather_lookup');
      expect(await page.getByRole('option').count()).toBe(5);
      expect(clicks.count).toBeLessThanOrEqual(3);
    });

    it('finds the runs about a subject in words of its own, in 2 clicks', async () => {
      const { page } = await world().open('/');
      const clicks = new Clicks(page);
      await clicks.on(page.getByLabel('Search', { exact: true }));
      await page.keyboard.type('payment that was charged twice, refund');
      await page.keyboard.press('Enter');
      const run = page.getByTestId('run').filter({ hasText: 'support-bot' }).first();
      await run.waitFor();
      await clicks.on(run.getByRole('link').first());
      await page.getByText('ticket 4711: refund for a duplicate charge').first().waitFor();
      expect(clicks.count).toBeLessThanOrEqual(2);
    });

    it('sees which lines the parser does not understand, in 2 clicks', async () => {
      const { page } = await world().open('/');
      const clicks = new Clicks(page);
      await clicks.on(page.getByRole('link', { name: 'Patterns' }));
      const shape = page.getByTestId('shape').first();
      await clicks.on(shape.locator('summary'));
      // the lines themselves, each with the way to where it was printed
      const line = shape.getByRole('link').first();
      await line.waitFor();
      const answer = await fetch(`${world().url}/api/v1/events?event_type=log&limit=1000`, {
        headers: { authorization: `Bearer ${API_KEY}` },
      });
      const { events } = (await answer.json()) as { events: { event_id: string }[] };
      const shown = new URL((await line.getAttribute('href'))!, world().url).searchParams.get('event');
      expect(events.map(({ event_id }) => event_id)).toContain(shown);
      expect(clicks.count).toBeLessThanOrEqual(2);
    });

    it('sees in 1 click whether anything is down, lags or is lost', async () => {
      const { page } = await world().open('/');
      const clicks = new Clicks(page);
      await clicks.on(page.getByRole('link', { name: 'Overview' }));
      const health = page.getByTestId('health');
      await health.getByText('Every part is up').waitFor();
      await health.getByText('Nothing is behind').waitFor();
      await health.getByText(/Nothing is lost/).waitFor();
      const [, accepted, stored, refused, inFlight] = (await page.getByTestId('flow').innerText())
        .replaceAll(',', '')
        .match(/^(\d+) accepted in 24 h = (\d+) stored \+ (\d+) refused \+ (\d+) on their way$/)!
        .map(Number);
      expect(accepted).toBeGreaterThan(10_000);
      expect(accepted).toBe(stored! + refused! + inFlight!);
      expect(clicks.count).toBeLessThanOrEqual(1);
    });

    it('sees in 1 click that a sink has ended and what waits for it', async () => {
      const { pipeline } = world();
      await pipeline.remove('surreal-sink-0', 'stop');
      try {
        const { page } = await world().open('/');
        const clicks = new Clicks(page);
        await clicks.on(page.getByRole('link', { name: 'Overview' }));
        const health = page.getByTestId('health');
        await health.getByText('Nobody reads as vectadb-surreal-sink').waitFor();
        await sendEvent(world(), `waiting-${Date.now()}`, 'an event that nobody stores yet');
        await health
          .getByText(/[1-9]\d* behind/)
          .first()
          .waitFor();
        await keepPicture(page, 'overview-lagging');
        expect(clicks.count).toBeLessThanOrEqual(1);
        pipeline.add('surreal-sink', 'surreal-sink-0');
        await health.getByText('Nothing is behind').waitFor({ timeout: 40_000 });
      } finally {
        if (!pipeline.services.has('surreal-sink-0')) pipeline.add('surreal-sink', 'surreal-sink-0');
      }
    });
  });
}
