/** What is read of an OpenAPI 3.1 document. */
export interface Description {
  paths: Record<string, Record<string, DescribedOperation>>;
}

interface DescribedOperation {
  parameters?: { name: string; in: 'path' | 'query' | 'header'; schema: Schema }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  security?: Record<string, string[]>[];
}

export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  format?: string;
}

export interface Operation {
  name: string;
  method: string;
  /** With `{parameters}`. */
  path: string;
  pathParameters: string[];
  queryParameters: { name: string; schema: Schema }[];
  /** Schema of its JSON body. */
  body: Schema | null;
  /** Scopes of which one is enough; none: the description says nothing. */
  scopes: string[];
}

/** Every operation of the document, so that a route that is added later is attacked without a word here. */
export const operationsOf = ({ paths }: Description): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const named = (place: string) => (described.parameters ?? []).filter((one) => one.in === place);
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        pathParameters: named('path').map(({ name }) => name),
        queryParameters: named('query').map(({ name, schema }) => ({ name, schema })),
        body: described.requestBody?.content['application/json']?.schema ?? null,
        scopes: (described.security ?? []).flatMap((one) => one.key ?? []),
      };
    }),
  );

/** Values by the name of a field or parameter, at whatever depth; else one is made from the schema. */
export type Samples = Record<string, unknown>;

/** A value that the schema takes, all optional fields included. */
export function sampleOf(schema: Schema, samples: Samples, name = ''): unknown {
  if (Object.hasOwn(samples, name)) return samples[name];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.anyOf) return sampleOf(schema.anyOf[0]!, samples, name);
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, field]) => [key, sampleOf(field, samples, key)]),
      );
    case 'array':
      return [sampleOf(schema.items ?? {}, samples, name)];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    default:
      return schema.format === 'date-time' ? '2026-01-07T19:00:00Z' : `sample-${name}`;
  }
}

/** The operation's path with each parameter filled in: by `values`, else by the sample of its name, after its collection's (`traces.id`) first. */
export const filledPath = (operation: Operation, samples: Samples, values: Samples = {}): string =>
  operation.path.replace(/(\w+)\/\{(\w+)\}/g, (_, collection: string, name: string) => {
    const value = values[name] ?? samples[`${collection}.${name}`] ?? samples[name] ?? `sample-${name}`;
    return `${collection}/${encodeURIComponent(String(value))}`;
  });

/** Copies of `value` with one place in it, at any depth, replaced by `planted`; each with the place's name. */
export function planted(value: unknown, what: unknown, place = ''): { place: string; value: unknown }[] {
  const here = place === '' ? [] : [{ place, value: what }];
  if (typeof value !== 'object' || value === null) return here;
  const inner = Object.entries(value).flatMap(([key, child]) =>
    planted(child, what, place === '' ? key : `${place}.${key}`).map((one) => ({
      place: one.place,
      value: Array.isArray(value)
        ? Object.assign([...value], { [key]: one.value })
        : { ...value, [key]: one.value },
    })),
  );
  return [...here, ...inner];
}
