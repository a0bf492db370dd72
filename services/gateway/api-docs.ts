import type { Variables } from '../../lib/config/env.js';
import type { PROBLEMS } from './problem.js';

/** What {@link apiMarkdown} reads of an OpenAPI document. */
export interface ApiDescription {
  paths?: Record<string, Record<string, Operation>>;
}

interface Operation {
  summary?: string;
  description?: string;
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses?: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

interface Schema {
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  items?: Schema;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
}

/** docs/api.md: routes, problems and settings, from the same values that the server runs on. */
export function apiMarkdown(api: ApiDescription, problems: typeof PROBLEMS, variables: Variables): string {
  const operations = Object.entries(api.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => routeSection(path, method, operation)),
  );
  return `${[
    '# HTTP API',
    'Generated from the route schemas. The running gateway serves the whole description at `/openapi.json` and `/docs`.',
    'Every route below `/api` wants `Authorization: Bearer <API key>`. `/health`, `/ready` and `/metrics` are open.',
    ...operations,
    '## Problems',
    'Errors are RFC 9457 problem details: `type` is `urn:vectadb:problem:<name>`; `errors` names the fields.',
    table(
      ['status', 'name', 'title'],
      Object.entries(problems).map(([name, { status, title }]) => [String(status), `\`${name}\``, title]),
    ),
    '## Settings',
    table(
      ['variable', 'default', 'meaning'],
      Object.entries(variables).map(([name, { schema, doc, unit }]) => {
        const fallback = schema.safeParse(undefined);
        const shown =
          fallback.success && fallback.data !== undefined && fallback.data !== ''
            ? `\`${String(fallback.data)}\``
            : '';
        return [`\`${name}\``, shown, unit ? `${doc} (${unit})` : doc];
      }),
    ),
  ].join('\n\n')}\n`;
}

function routeSection(path: string, method: string, operation: Operation): string {
  const scopes = (operation.security ?? []).flatMap((one) => one.key ?? []);
  const parts = [
    `## ${method.toUpperCase()} ${path}`,
    `${operation.summary}. Scope: ${scopes.map((scope) => `\`${scope}\``).join(' or ') || 'none'}.`,
  ];
  if (operation.description) parts.push(operation.description);
  if (operation.parameters?.length) {
    const rows = operation.parameters.map((parameter) => [
      `\`${parameter.name}\``,
      `${parameter.in}, ${typeOf(parameter.schema)}`,
      described(parameter.description ?? parameter.schema.description, parameter.schema),
    ]);
    parts.push(table(['parameter', 'type', 'meaning'], rows));
  }
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  if (body) parts.push(table(['body', 'type', 'meaning'], fieldRows(body)));
  const answer = Object.values(operation.responses?.['200']?.content ?? {})[0]?.schema;
  if (answer) parts.push(table(['answer', 'type', 'meaning'], fieldRows(answer)));
  return parts.join('\n\n');
}

function fieldRows(schema: Schema, prefix = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const optional = prefix === '' && schema.required && !schema.required.includes(name) ? ', optional' : '';
    const inner =
      field.type === 'object' && field.properties ? field : field.items?.properties ? field.items : undefined;
    // one level of nesting is shown: what lies deeper is the shape of another route
    const rows = inner && prefix === '' ? fieldRows(inner, `${name}${field.items ? '[]' : ''}.`) : [];
    return [
      [`\`${prefix}${name}\``, `${typeOf(field)}${optional}`, described(field.description, field)],
      ...rows,
    ];
  });
}

function typeOf(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (schema.type === 'array') return `array of ${schema.items ? typeOf(schema.items) : 'anything'}`;
  return schema.type ?? 'anything';
}

const described = (text: string | undefined, schema: Schema): string =>
  [text, schema.default === undefined ? '' : `default \`${String(schema.default)}\``]
    .filter(Boolean)
    .join('; ');

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|');
