import type { Schema } from 'avsc';
import { describe, expect, it } from 'vitest';
import { loadSchemas } from '../../config/schemas.js';
import { planSchemas, type Subject, type SubjectState, subjectsOf } from './schema-plan.js';
import { loadTopics } from './topic-file.js';

const schema = (type: string): Schema =>
  ({ type: 'record', name: 'R', fields: [{ name: 'n', type }] }) as unknown as Schema;
const subject: Subject = { name: 't-R', topic: 't', schemaName: 'raw-log', schema: schema('int') };
const state = (over: Partial<SubjectState> = {}): SubjectState => ({
  versions: [{ version: 1, schema: schema('int') }],
  registeredId: 7,
  level: 'BACKWARD_TRANSITIVE',
  refusal: null,
  ...over,
});
const kinds = (over: Partial<SubjectState>) =>
  planSchemas([{ subject, state: state(over) }]).map(({ kind }) => kind);

describe('the plan for the registry', () => {
  it('has a subject for each record type of a topic', () => {
    const names = subjectsOf(loadTopics(), loadSchemas()).map(({ name }) => name);
    expect(names).toContain('agent-events-dev.vectadb.AgentEvent');
    expect(names).toContain('agent-events-dev.vectadb.GroupLink');
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    { title: 'nothing for a schema that is registered', over: {}, want: [] },
    { title: 'a first version', over: { versions: [], registeredId: null, level: null }, want: ['register'] },
    { title: 'the level where another is set', over: { level: 'NONE' }, want: ['level'] },
    {
      title: 'a new version of a wider number',
      over: { versions: [{ version: 1, schema: schema('int') }], registeredId: null },
      want: ['register'],
    },
    {
      title: 'no version that cannot read an old one, though it is registered',
      over: {
        versions: [
          { version: 1, schema: schema('long') },
          { version: 2, schema: schema('int') },
        ],
      },
      want: ['refused'],
    },
    { title: 'no version that the registry refuses', over: { refusal: 'because' }, want: ['refused'] },
  ])('is $title', ({ over, want }) => {
    expect(kinds(over)).toEqual(want);
  });

  it('names field and versions of a refusal', () => {
    const old = [1, 3].map((version) => ({ version, schema: schema('string') }));
    const [change] = planSchemas([{ subject, state: state({ versions: old, registeredId: null }) }]);
    expect(change).toMatchObject({ reasons: ['field n was string, which int cannot read (version 1, 3)'] });
  });
});
