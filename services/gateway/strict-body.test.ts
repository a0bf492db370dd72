import { expect, it } from 'vitest';
import { KEY, testServer } from './testing/fake-ports.js';

const post = async (path: string, payload: object) => {
  const { app } = await testServer();
  return app.inject({ method: 'POST', url: path, headers: { authorization: `Bearer ${KEY}` }, payload });
};

it.each([
  [{ name: 0 }, 'name'],
  [{ name: true }, 'name'],
  [{ name: null }, 'name'],
  [{ scopes: 'read' }, 'scopes'],
  [{ scopes: [null] }, 'scopes.0'],
  [{ expires_in_s: null }, 'expires_in_s'],
  [{ expires_in_s: '60' }, 'expires_in_s'],
  [{ expires_in_s: 0 }, 'expires_in_s'],
  [{ requests_per_minute: false }, 'requests_per_minute'],
  [{ requests_per_minute: 0 }, 'requests_per_minute'],
  [{ other: 1 }, 'other'],
])('%o makes no key: nothing in a JSON body is coerced', async (wrong, field) => {
  const answer = await post('/api/v1/auth/keys', { name: 'ci', scopes: ['read'], ...wrong });
  expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
});

it.each([
  [{ query: 0 }, 'query'],
  [{ limit: '5' }, 'limit'],
  [{ filter: null }, 'filter'],
  [{ filter: { agent_id: 0 } }, 'filter.agent_id'],
  [{ filter: { trace_id: null } }, 'filter.trace_id'],
])('%o is no search', async (wrong, field) => {
  const answer = await post('/api/v1/search', { query: 'x', ...wrong });
  expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, field]);
});

it('an address that cannot be decoded is a problem like the others', async () => {
  const { app } = await testServer();
  const answer = await app.inject({ url: '/api/v1/events/%c0%af' });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([
    400,
    expect.stringContaining('application/problem+json'),
  ]);
});
