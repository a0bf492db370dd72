import type { Schema } from 'avsc';
import { SCHEMA_NAMES, type SchemaName } from '../../model/codec.js';
import { incompatibilities } from './compatibility.js';
import type { TopicDefinition } from './topic-file.js';

/** Compatibility level of every subject: a new schema reads the data of all versions before it. */
export const COMPATIBILITY_LEVEL = 'BACKWARD_TRANSITIVE';

/** A record type of a topic: what has versions of its own in the registry. */
export interface Subject {
  /** `<topic>-<full record name>`. */
  name: string;
  topic: string;
  schemaName: SchemaName;
  schema: Schema;
}

/** What the registry has of a subject. */
export interface SubjectState {
  versions: { version: number; schema: Schema }[];
  /** Id of our very schema under this subject, or null. */
  registeredId: number | null;
  level: string | null;
  /** Why the registry's own check says no, or null. */
  refusal: string | null;
}

export type SchemaChange =
  | { kind: 'register'; subject: Subject; version: number }
  | { kind: 'level'; subject: Subject; from: string | null }
  | { kind: 'refused'; subject: Subject; reasons: string[] };

/** Subjects of every record type that a topic carries (TopicRecordNameStrategy). */
export function subjectsOf(topics: TopicDefinition[], schemas: Record<SchemaName, Schema>): Subject[] {
  return topics.flatMap((topic) =>
    SCHEMA_NAMES.filter((name) => topic.value.includes(name)).map((schemaName) => {
      const schema = schemas[schemaName];
      return { name: `${topic.name}-${fullName(schema)}`, topic: topic.name, schemaName, schema };
    }),
  );
}

/** Full name of a record schema. @throws for a schema that is no named record: it has no subject. */
export function fullName(schema: Schema): string {
  const { name, namespace } = schema as { name?: string; namespace?: string };
  if (typeof name !== 'string')
    throw new Error(`a schema of a topic must be a named record: ${JSON.stringify(schema).slice(0, 80)}`);
  return namespace && !name.includes('.') ? `${namespace}.${name}` : name;
}

/** What brings the registry to our schemas. Reasons name the field and the version whose data could not be read. */
export function planSchemas(subjects: { subject: Subject; state: SubjectState }[]): SchemaChange[] {
  return subjects.flatMap(({ subject, state }): SchemaChange[] => {
    const reasons = refusalReasons(subject, state);
    if (reasons.length > 0) return [{ kind: 'refused', subject, reasons }];
    const changes: SchemaChange[] = [];
    if (state.versions.length > 0 && state.level !== COMPATIBILITY_LEVEL)
      changes.push({ kind: 'level', subject, from: state.level });
    if (state.registeredId === null) {
      const latest = Math.max(0, ...state.versions.map(({ version }) => version));
      changes.push({ kind: 'register', subject, version: latest + 1 });
    }
    return changes;
  });
}

function refusalReasons(subject: Subject, state: SubjectState): string[] {
  const reasons = new Map<string, number[]>();
  for (const { version, schema } of state.versions) {
    for (const { field, reason } of incompatibilities(subject.schema, schema)) {
      const text = `field ${field} ${reason}`;
      reasons.set(text, [...(reasons.get(text) ?? []), version]);
    }
  }
  const ours = [...reasons].map(([text, versions]) => `${text} (version ${versions.join(', ')})`);
  if (ours.length > 0) return ours;
  return state.refusal === null ? [] : [`the registry says: ${state.refusal}`];
}
