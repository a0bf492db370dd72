import type { Schema } from 'avsc';
import type { SchemaName } from '../../model/codec.js';
import { COMPATIBILITY_LEVEL, fullName, subjectsOf } from './schema-plan.js';
import type { TopicDefinition } from './topic-file.js';

interface Field {
  name: string;
  type: unknown;
  doc?: string;
}

interface RecordSchema {
  type: 'record';
  name: string;
  doc?: string;
  fields: Field[];
}

/** docs/topics.md: every topic with its configuration, every record type with its fields. */
export function topicsMarkdown(topics: TopicDefinition[], schemas: Record<SchemaName, Schema>): string {
  const used = (Object.keys(schemas) as SchemaName[]).filter((name) =>
    topics.some((topic) => topic.value.includes(name)),
  );
  return [
    '# Topics',
    '',
    '<!-- Generated from topics.yaml and schemas/ by `npm run vectadb -- topics docs --write`. Do not edit. -->',
    '',
    '`vectadb topics plan` shows what differs between topics.yaml and the cluster, `apply` changes it, `drift` exits with 2',
    'where they differ. Replication is `KAFKA_REPLICATION` (1); from 3 on, `min.insync.replicas` is at least 2.',
    '',
    '| topic | partitions | cleanup | kept | values |',
    '| --- | --- | --- | --- | --- |',
    ...topics.map(
      (topic) =>
        `| [\`${topic.name}\`](#${topic.name})${topic.internal ? ' (internal)' : ''} | ${topic.partitions} | ${
          topic.config['cleanup.policy'] ?? 'delete'
        } | ${kept(topic)} | ${topic.value.map((name) => link(name, schemas)).join(', ') || 'bytes'} |`,
    ),
    '',
    ...topics.flatMap((topic) => topicSection(topic, topics, schemas)),
    '# Records',
    '',
    'Values are Avro in the Confluent wire format: byte 0, the schema id as 4 bytes, big-endian, then the record. Every',
    `subject is ${COMPATIBILITY_LEVEL}: a new version reads the data of all versions before it.`,
    '',
    ...used.flatMap((name) => recordSection(name, schemas[name] as unknown as RecordSchema)),
  ].join('\n');
}

function topicSection(
  topic: TopicDefinition,
  topics: TopicDefinition[],
  schemas: Record<SchemaName, Schema>,
): string[] {
  const changelogs = topics.filter(({ changelogOf }) => changelogOf === topic.name);
  const facts = [
    `${topic.partitions} partition${topic.partitions === 1 ? '' : 's'}${
      topic.keyedState ? '; may not grow, because its keys have state in their partitions' : ''
    }`,
    ...(topic.changelogOf
      ? [`state of the readers of \`${topic.changelogOf}\`, partition by partition`]
      : []),
    ...changelogs.map(({ name }) => `the state of its reader is in \`${name}\``),
    ...subjectsOf([topic], schemas).map(
      ({ name, schemaName }) => `value: ${link(schemaName, schemas)}, subject \`${name}\``,
    ),
    ...Object.entries(topic.config)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, value]) => `\`${name}\`: ${value}${inWords(name, value)}`),
  ];
  return [`## ${topic.name}`, '', topic.doc, '', ...facts.map((fact) => `- ${fact}`), ''];
}

function recordSection(name: SchemaName, schema: RecordSchema): string[] {
  const nested: RecordSchema[] = [];
  const sections = [
    `## ${schema.name}`,
    '',
    `${schema.doc ?? ''} \`schemas/${name}.avsc\``.trim(),
    '',
    ...fieldTable(schema, nested),
  ];
  const done = new Set<string>();
  for (let record = nested.shift(); record; record = nested.shift()) {
    if (done.has(record.name)) continue;
    done.add(record.name);
    sections.push(
      `### ${schema.name} · ${record.name}`,
      '',
      ...(record.doc ? [record.doc, ''] : []),
      ...fieldTable(record, nested),
    );
  }
  return sections;
}

function fieldTable(record: RecordSchema, nested: RecordSchema[]): string[] {
  return [
    '| field | type | meaning |',
    '| --- | --- | --- |',
    ...record.fields.map(
      ({ name, type, doc }) => `| \`${name}\` | ${cell(typeLabel(type, nested))} | ${cell(doc ?? '')} |`,
    ),
    '',
  ];
}

function typeLabel(type: unknown, nested: RecordSchema[]): string {
  if (typeof type === 'string') return type.split('.').at(-1)!;
  if (Array.isArray(type)) {
    const others = type.filter((branch) => branch !== 'null').map((branch) => typeLabel(branch, nested));
    return others.join(' or ') + (type.includes('null') ? ', optional' : '');
  }
  const complex = type as {
    type: unknown;
    items?: unknown;
    values?: unknown;
    symbols?: string[];
    name?: string;
  };
  if (complex.type === 'array') return `array of ${typeLabel(complex.items, nested)}`;
  if (complex.type === 'map') return `map of ${typeLabel(complex.values, nested)}`;
  if (complex.type === 'enum') return complex.symbols!.join(' or ');
  if (complex.type === 'record') {
    nested.push(complex as RecordSchema);
    return complex.name!;
  }
  return typeLabel(complex.type, nested);
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function link(name: SchemaName, schemas: Record<SchemaName, Schema>): string {
  const short = fullName(schemas[name]).split('.').at(-1)!;
  return `[${short}](#${short.toLowerCase()})`;
}

function kept(topic: TopicDefinition): string {
  if (!(topic.config['cleanup.policy'] ?? 'delete').includes('delete')) return 'latest of each key';
  return inWords('retention.ms', topic.config['retention.ms'] ?? '604800000')
    .replace(/[ ()]+/g, ' ')
    .trim();
}

/** ` (7 days)`, ` (4 MiB)`, or nothing where the number says it all. */
function inWords(name: string, value: string): string {
  const number = Number(value);
  const unit = (steps: [number, string][]): string => {
    const step = steps.find(([size]) => number >= size && number % size === 0);
    if (!step) return '';
    const times = number / step[0];
    return ` (${times} ${times === 1 ? step[1].replace(/s$/, '') : step[1]})`;
  };
  if (name.endsWith('.ms'))
    return unit([
      [86_400_000, 'days'],
      [3_600_000, 'h'],
      [60_000, 'min'],
      [1_000, 'seconds'],
    ]);
  if (name.endsWith('.bytes'))
    return unit([
      [1 << 30, 'GiB'],
      [1 << 20, 'MiB'],
      [1 << 10, 'KiB'],
    ]);
  return '';
}
