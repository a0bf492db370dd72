/** Shapes that say the same in other words, brought to the one that the field table knows. */

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where OpenTelemetry and Jaeger print lists of `{key, value}`. */
const LISTS = ['attributes', 'tags'];
const HOLDERS = ['resource', 'scope', 'instrumentationScope', 'span'];
const MAX_ATTRIBUTES = 256;

/** OTLP's JSON prints attributes as a list of `{key, value: {stringValue}}`: here they become an object. Copies what it changes. */
export function withPlainAttributes(json: Json): Json {
  let plain = withoutStreamPart(json);
  for (const name of LISTS) {
    const value = json[name];
    if (!Array.isArray(value)) continue;
    const object = objectOf(value);
    if (object !== null)
      plain = {
        ...plain,
        attributes: { ...object, ...(plain.attributes === value ? {} : plainObject(plain.attributes)) },
      };
  }
  for (const name of HOLDERS) {
    const holder = json[name];
    if (isObject(holder) && Array.isArray(holder.attributes))
      plain = { ...plain, [name]: withPlainAttributes(holder) };
  }
  return plain;
}

/** Bedrock's InvokeAgent streams `{trace: {agentId, sessionId, trace: {…}}}`: the part's ids and trace come to the top. */
function withoutStreamPart(json: Json): Json {
  const part = json.trace;
  return isObject(part) && isObject(part.trace) ? { ...json, ...part } : json;
}

const plainObject = (value: unknown): Json => (isObject(value) ? value : {});

function objectOf(list: unknown[]): Json | null {
  if (list.length === 0 || list.length > MAX_ATTRIBUTES) return null;
  const object: Json = Object.create(null) as Json;
  for (const item of list) {
    if (!isObject(item) || typeof item.key !== 'string') return null;
    object[item.key] = plainValue(item.value);
  }
  return object;
}

/** OTLP's AnyValue as the value it holds. */
function plainValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  for (const kind of ['stringValue', 'intValue', 'doubleValue', 'boolValue'] as const)
    if (value[kind] !== undefined) return value[kind];
  const { arrayValue, kvlistValue } = value;
  if (isObject(arrayValue) && Array.isArray(arrayValue.values)) return arrayValue.values.map(plainValue);
  if (isObject(kvlistValue) && Array.isArray(kvlistValue.values)) return objectOf(kvlistValue.values);
  return value;
}

/** Keys under which programs wrap what they tell; `telling` ones may also name what happened. */
const WRAPPERS: readonly { key: string; telling: boolean }[] = [
  ...['payload', 'data', 'event', 'detail', 'details', 'message', 'body', 'jsonPayload', 'record', 'log'].map(
    (key) => ({ key, telling: true }),
  ),
  ...[
    'fields',
    'properties',
    'extra',
    'context',
    'attributes',
    'meta',
    'metadata',
    'params',
    'ctx',
    'labels',
    'props',
    'event_data',
    'eventData',
    'mdc',
    'tags',
    'attrs',
    'request',
    'response',
    'execution',
    'stats',
  ].map((key) => ({ key, telling: false })),
];

/** The objects that a decoded line wraps, nearest first. */
export function innerObjects(json: Json): { inner: Json; telling: boolean }[] {
  const found: { inner: Json; telling: boolean }[] = [];
  for (const { key, telling } of WRAPPERS) {
    const value = Object.hasOwn(json, key) ? json[key] : undefined;
    if (isObject(value)) found.push({ inner: value, telling });
  }
  return found;
}

const METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/;
const PLACES = ['path', 'url', 'uri', 'route', 'status', 'status_code', 'statusCode', 'http_status'];

/** Whether a record tells of an HTTP exchange: a server's access log, whose requests begin and end without an agent. */
export function isHttpExchange(json: Json): boolean {
  const { req, res } = json;
  if (isObject(req) && typeof req.method === 'string') return true;
  if (isObject(res) && (res.statusCode !== undefined || res.status !== undefined)) return true;
  const method = json.method ?? json.http_method ?? json['http.method'];
  return typeof method === 'string' && METHOD.test(method) && PLACES.some((name) => json[name] !== undefined);
}

/** Under which a call names its tool where its type has said that it is one. */
const NAMES = ['name', 'data', 'payload', 'item'];

/** The tool that a record of a tool's type names as plain `name`, there or in what it wraps; null where none. */
export function plainNameOf(json: Json): string | null {
  for (const key of NAMES) {
    const value = json[key];
    const name = isObject(value) ? value.name : key === 'name' ? value : undefined;
    if (typeof name === 'string' && /^[\w.:/-]{1,128}$/.test(name)) return name;
  }
  return null;
}
