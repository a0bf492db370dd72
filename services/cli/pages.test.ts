import { expect, it } from 'vitest';
import type { ApiClient } from './api-client.js';
import { listRows } from './pages.js';

/** An API of so many events that answers with at most `most` a page, whatever is asked for. */
function apiOf(count: number, most = 1_000) {
  const asked: string[] = [];
  const api = {
    request: async (_method: string, path: string) => {
      asked.push(path);
      const query = new URL(path, 'http://x').searchParams;
      const from = Number(query.get('cursor') ?? 0);
      const to = Math.min(count, from + Math.min(most, Number(query.get('limit'))));
      const events = Array.from({ length: to - from }, (_, n) => from + n);
      return { events, next_cursor: to < count ? String(to) : null };
    },
  } as unknown as Pick<ApiClient, 'request'>;
  return { api, asked };
}
const list = (api: Pick<ApiClient, 'request'>, parameters = {}) =>
  listRows<number>(api, '/api/v1/events', 'events', parameters);

it('takes one page where that is enough', async () => {
  const { api, asked } = apiOf(70);
  expect(await list(api, { level: ['warn', 'error'] })).toMatchObject({ next_cursor: '50' });
  expect(asked).toEqual(['/api/v1/events?level=warn&level=error&limit=50']);
});

it('goes on until it has what was asked for, and no further', async () => {
  const { api, asked } = apiOf(5_000);
  const { rows, next_cursor } = await list(api, { limit: '2500' });
  expect(rows).toEqual(Array.from({ length: 2_500 }, (_, n) => n));
  expect(next_cursor).toBe('2500');
  expect(asked.map((path) => new URL(path, 'http://x').searchParams.get('limit'))).toEqual([
    '1000',
    '1000',
    '500',
  ]);
});

it('goes on where a page is shorter than what was asked for, and ends with the last', async () => {
  const { api } = apiOf(30, 7);
  expect(await list(api, { limit: '100', cursor: '10' })).toEqual({
    rows: Array.from({ length: 20 }, (_, n) => 10 + n),
    next_cursor: null,
  });
});

it.each(['0', 'x', '1.5'])('refuses the limit %s by its name', async (limit) => {
  await expect(list(apiOf(1).api, { limit })).rejects.toThrow(`--limit is '${limit}'`);
});
