import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TcpProxy } from '../../lib/testing/tcp-proxy.js';
import { API_KEY } from '../pipeline/pipeline.js';
import { keepPicture } from './browser.js';
import { sendEvent, type World } from './world.js';

/** What is looked at, at every width and in both colours. */
const VIEWS: [name: string, path: (world: World) => string, ready: (page: Page) => Promise<unknown>][] = [
  ['traces', () => '/traces', (page) => page.getByTestId('trace-line').first().waitFor()],
  [
    'trace-failed',
    ({ runs }) => `/traces/${runs.failedTraceId}`,
    (page) => page.getByTestId('failures').waitFor(),
  ],
  [
    'trace-tree',
    ({ runs }) => `/traces/${runs.completedTraceId}?view=tree`,
    (page) => page.getByText('24 degrees, sunny').first().waitFor(),
  ],
  [
    'search',
    () => `/search?q=${encodeURIComponent('rotate an API key without downtime')}`,
    (page) => page.getByTestId('run').first().waitFor(),
  ],
  ['live', () => '/live', (page) => page.getByTestId('live-line').first().waitFor()],
  ['overview', () => '/overview', (page) => page.getByRole('heading', { name: 'Tools' }).waitFor()],
  [
    'keys',
    () => '/keys',
    async (page) => {
      await page.getByRole('button', { name: 'New key' }).waitFor();
      await page.getByTestId('key').first().waitFor();
    },
  ],
  [
    'dead-letters',
    () => '/dead-letters?state=all',
    (page) => page.getByTestId('letter-group').first().waitFor(),
  ],
  ['topics', () => '/topics', (page) => page.getByTestId('topic').first().waitFor()],
  ['patterns', () => '/patterns', (page) => page.getByTestId('shape').first().waitFor()],
  [
    'try',
    () => '/patterns?view=try',
    async (page) => {
      const example = page.getByRole('button', { name: 'Show an example' });
      const tried = page.getByTestId('tried');
      await example.or(tried.first()).waitFor();
      if (await example.isVisible()) await example.click();
      const own = tried.filter({ hasText: 'my_rule (yours)' });
      await own.waitFor({ timeout: TRIAL_MS });
      if (!(await own.getByTestId('reasons').isVisible())) await own.locator('summary').click();
    },
  ],
  [
    'trace-long',
    ({ runs }) => `/traces/${runs.longTraceId}`,
    (page) => page.getByRole('option').first().waitFor(),
  ],
];

/** A trial's process gives way to all others. */
const TRIAL_MS = 45_000;

const SIZES = [
  [1280, 800],
  [390, 844],
] as const;

export function pageTests(world: () => World): void {
  describe('every page', () => {
    beforeAll(async () => {
      await Promise.all([
        world().keyWith(['ingest']),
        world().keyWith(['read', 'admin']),
        world().sendBytes(Buffer.from([0, 0, 0, 0xff, 0xff, 7])),
      ]);
    });

    it.each(VIEWS)(
      'shows %s at 1280 and 390 px, light and dark, and nothing lies beyond its edge',
      async (name, path, ready) => {
        const { page } = await world().open(path(world()));
        for (const [width, height] of SIZES) {
          await page.setViewportSize({ width, height });
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            await ready(page);
            await keepPicture(page, `${name}-${width}-${colorScheme}`);
            const overflow = await page.evaluate(
              () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
            );
            expect(overflow).toBe(0);
          }
        }
      },
    );
  });

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
