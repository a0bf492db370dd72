import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { EventQuery, SearchFilter, TraceQuery } from '../gateway/schemas.js';
import { addApiOptions, queryString, readApiOptions } from './api-options.js';

const NOW_MS = Date.UTC(2026, 0, 31, 12);

function parsed(schema: typeof EventQuery | typeof TraceQuery | typeof SearchFilter, ...args: string[]) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addApiOptions(command, schema);
  command.parse(args, { from: 'user' });
  return readApiOptions(command.opts(), schema, NOW_MS);
}

describe('options of the command line for what the API takes', () => {
  it.each([
    ['events', EventQuery],
    ['traces', TraceQuery],
    ['search', SearchFilter],
  ] as const)('has each parameter of %s, with a text', (_, schema) => {
    const command = new Command();
    addApiOptions(command, schema);
    expect(command.options.map(({ long }) => long)).toEqual(
      Object.keys(schema.properties).map((name) => `--${name.replaceAll('_', '-')}`),
    );
    for (const { long, description } of command.options)
      if (long !== '--limit') expect(description, long).not.toBe('');
  });

  it('passes values on as they are, several where the API takes several', () => {
    expect(
      parsed(
        EventQuery,
        '--event-type',
        'error',
        '--event-type',
        'tool_error',
        '--order',
        'asc',
        '--text',
        'a "b c"',
      ),
    ).toEqual({ event_type: ['error', 'tool_error'], order: 'asc', text: 'a "b c"' });
    expect(parsed(SearchFilter, '--session-id', 'a', '--session-id', 'b')).toEqual({ session_id: 'b' });
  });

  it('takes moments as people write them', () => {
    expect(parsed(TraceQuery, '--from', '2h', '--to', '2026-01-31T11:30:00.5Z')).toEqual({
      from: '2026-01-31T10:00:00.000Z',
      to: '2026-01-31T11:30:00.500Z',
    });
    expect(() => parsed(TraceQuery, '--from', 'yesterday')).toThrow("--from is 'yesterday'");
  });

  it('refuses an option that the API has not', () => {
    expect(() => parsed(TraceQuery, '--level', 'warn')).toThrow('unknown option');
  });

  it('repeats a parameter in the query for each of its values', () => {
    expect(queryString({ status: ['failed', 'running'], text: 'a b' })).toBe(
      'status=failed&status=running&text=a+b',
    );
  });
});
